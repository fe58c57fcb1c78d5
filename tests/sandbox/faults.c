/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults on demand: which request gets which, and what it does.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/internal.h"

struct fault_entry {
	struct sandbox_fault f;
	char *method, *retry_after, *word; /* owned, or NULL */
	bool any_path;
	regex_t path;
	int left, skip;
};

#define FAULTS_MAX 64

static const char login_page[] =
    "<!DOCTYPE html><html><head><title>Sign in</title></head><body>"
    "<form action=\"/login\" method=\"post\"><input name=\"user\">"
    "<input name=\"password\" type=\"password\"></form></body></html>";

static void
answer_status(struct exchange *x, const struct sandbox_fault *f)
{
	exchange_fail(x, f->status, "transient", "a fault, as ordered");
	x->retry_after = arena_strdup(x->a, f->retry_after);
}

static void
answer_login(struct exchange *x, const struct sandbox_fault *f)
{
	(void)f;
	x->status = 200;
	x->out_type = "text/html;charset=utf-8";
	strbuf_adds(&x->out, login_page);
}

/* The query without a parameter, whatever its modifier. */
static void
ignore_parameter(struct exchange *x, const struct sandbox_fault *f)
{
	size_t len = f->word == NULL ? 0 : strlen(f->word);
	const char *s = x->query;
	char *left = arena_strdup(x->a, "");

	if (len > 0 && strcmp(f->word, "If-None-Exist") == 0)
		x->if_none_exist = "";
	if (len > 0 && strcmp(f->word, "If-Match") == 0)
		x->if_match = "";
	if (len > 0 && strcmp(f->word, "form") == 0)
		x->body_len = 0;
	while (*s != '\0') {
		size_t n = strcspn(s, "&");

		if (len == 0 || strncmp(s, f->word, len) != 0 ||
		    strchr("=:&", s[len]) == NULL)
			left = arena_printf(x->a, "%s%s%.*s", left,
			    *left == '\0' ? "" : "&", (int)n, s);
		s += s[n] == '&' ? n + 1 : n;
	}
	x->query = left;
}

/* The body without a member. */
static void
drop_member(struct exchange *x, const struct sandbox_fault *f)
{
	struct json_iter it = {NULL, NULL, NULL};
	struct json_doc *doc = NULL;
	struct err e = ERR_INIT;
	struct json_writer w;
	struct strbuf out;

	if (f->word == NULL ||
	    json_parse(x->body, x->body_len, &doc, &e) != ERR_OK)
		return;
	strbuf_init(&out, SANDBOX_BODY_MAX);
	json_writer_init(&w, &out, false);
	json_begin_object(&w, NULL);
	while (json_next(json_root(doc), &it)) {
		if (strcmp(it.name, f->word) != 0)
			json_put_raw(&w, it.name, json_text(it.value));
	}
	json_end_object(&w);
	x->body = arena_strdup(x->a, out.s);
	x->body_len = out.len;
	strbuf_done(&out);
	json_free(doc);
}

/* Somebody else writes while this client reads. */
static void
touch(struct exchange *x, const struct sandbox_fault *f)
{
	char *type = arena_strdup(x->a, f->word == NULL ? "" : f->word);
	char *slash = strchr(type, '/');
	struct resource *r;

	if (slash == NULL)
		return;
	*slash = '\0';
	r = store_find(&x->s->store, type, slash + 1);
	if (store_alive(r))
		store_touch(&x->s->store, r);
}

/* A decimal as a careless server prints it: 10.50 as 10.5, 10.0 as 10. */
static const char *
plain_number(struct exchange *x, const char *s)
{
	char *p = arena_strdup(x->a, s);
	size_t n = strlen(p);

	if (strchr(p, '.') == NULL || strpbrk(p, "eE") != NULL)
		return p;
	while (p[n - 1] == '0')
		p[--n] = '\0';
	if (p[n - 1] == '.')
		p[n - 1] = '\0';
	return p;
}

static void
copy_plain(struct exchange *x, struct json_writer *w, const char *name,
    const struct json_value *v)
{
	struct json_iter it = {NULL, NULL, NULL};

	switch (json_type(v)) {
	case JSON_OBJECT:
		json_begin_object(w, name);
		while (json_next(v, &it))
			copy_plain(x, w, it.name, it.value);
		json_end_object(w);
		break;
	case JSON_ARRAY:
		json_begin_array(w, name);
		for (size_t i = 0; i < json_length(v); i++)
			copy_plain(x, w, NULL, json_at(v, i));
		json_end_array(w);
		break;
	case JSON_NUMBER:
		json_put_raw(w, name, plain_number(x, json_number(v)));
		break;
	default:
		json_put_raw(w, name, json_text(v));
	}
}

/* What servers do to what they are given. */
static void
alter(struct exchange *x, const struct sandbox_fault *f)
{
	struct json_iter it = {NULL, NULL, NULL};
	struct json_doc *doc = NULL;
	struct err e = ERR_INIT;
	struct json_writer w;
	struct strbuf out;

	(void)f;
	if (json_parse(x->body, x->body_len, &doc, &e) != ERR_OK)
		return;
	strbuf_init(&out, SANDBOX_BODY_MAX);
	json_writer_init(&w, &out, false);
	json_begin_object(&w, NULL);
	while (json_next(json_root(doc), &it)) {
		if (strcmp(it.name, "text") != 0)
			copy_plain(x, &w, it.name, it.value);
	}
	json_put_raw(&w, "text",
	    "{\"status\":\"generated\",\"div\":\"<div xmlns="
	    "\\\"http://www.w3.org/1999/xhtml\\\">ours</div>\"}");
	json_put_string(&w, "implicitRules", "https://server.example/rules");
	json_end_object(&w);
	x->body = arena_strdup(x->a, out.s);
	x->body_len = out.len;
	strbuf_done(&out);
	json_free(doc);
}

/* A kind answers instead of the handler or changes what it sees, or is left
 * to the wire (server.c), to the links (fault_next) and to the search; undone:
 * the request is not carried out. */
static const struct {
	const char *name;
	void (*answer)(struct exchange *x, const struct sandbox_fault *f);
	bool undone;
} kinds[SANDBOX_FAULT__MAX] = {
    [SANDBOX_FAULT_STATUS] = {"status", answer_status, true},
    [SANDBOX_FAULT_LOGIN] = {"login", answer_login, true},
    [SANDBOX_FAULT_CLOSE] = {"close", NULL, true},
    [SANDBOX_FAULT_LOST] = {"lost", NULL, false},
    [SANDBOX_FAULT_STALL] = {"stall", NULL, true},
    [SANDBOX_FAULT_TRUNCATE] = {"truncate", NULL, false},
    [SANDBOX_FAULT_LOOP_NEXT] = {"loop-next", NULL, false},
    [SANDBOX_FAULT_FOREIGN_NEXT] = {"foreign-next", NULL, false},
    [SANDBOX_FAULT_RELATIVE_NEXT] = {"relative-next", NULL, false},
    [SANDBOX_FAULT_GARBLE] = {"garble", NULL, false},
    [SANDBOX_FAULT_IGNORE] = {"ignore", ignore_parameter, false},
    [SANDBOX_FAULT_DROP] = {"drop", drop_member, false},
    [SANDBOX_FAULT_ALTER] = {"alter", alter, false},
    [SANDBOX_FAULT_LAG] = {"lag", NULL, false},
    [SANDBOX_FAULT_TOUCH] = {"touch", touch, false},
};

static bool
entry_matches(const struct fault_entry *f, const char *method, const char *uri)
{
	return f->left != 0 && (int)strlen(uri) > f->f.longer - 1 &&
	       (f->method == NULL || strcmp(f->method, method) == 0) &&
	       (f->any_path || regexec(&f->path, uri, 0, NULL, 0) == 0);
}

void
fault_pick(struct exchange *x, const char *uri)
{
	for (size_t i = 0; i < x->s->n_faults; i++) {
		struct fault_entry *f = &x->s->faults[i];

		if (!entry_matches(f, x->method, uri))
			continue;
		if (f->skip > 0) {
			f->skip--;
			continue;
		}
		if (f->left > 0)
			f->left--;
		x->fault = f->f.kind;
		x->fault_ms = f->f.ms;
		COUNT(x, NULL, faults);
		if (kinds[f->f.kind].answer != NULL)
			kinds[f->f.kind].answer(x, &f->f);
		return;
	}
}

bool
fault_before(struct exchange *x)
{
	return x->fault != SANDBOX_FAULT__MAX && kinds[x->fault].undone;
}

const char *
fault_next(const struct exchange *x, const char *next, const char *here)
{
	if (x->fault == SANDBOX_FAULT_LOOP_NEXT)
		return here;
	if (x->fault == SANDBOX_FAULT_FOREIGN_NEXT)
		return "https://elsewhere.invalid/fhir?_page=1";
	if (x->fault == SANDBOX_FAULT_RELATIVE_NEXT)
		return strstr(next, "/fhir");
	return next;
}

bool
fault_hides(const struct exchange *x, const struct resource *r)
{
	return x->fault == SANDBOX_FAULT_LAG &&
	       store_latest(r)->updated_ms >
		   store_now_ms(&x->s->store) - x->fault_ms;
}

static char *
copy(const char *s)
{
	char *p = s == NULL ? NULL : strdup(s);

	if (s != NULL && p == NULL)
		abort();
	return p;
}

static void
entry_free(struct fault_entry *f)
{
	if (!f->any_path)
		regfree(&f->path);
	free(f->method);
	free(f->retry_after);
	free(f->word);
}

static enum err_code
fault_add(struct sandbox *s, const struct sandbox_fault *f, struct err *e)
{
	struct fault_entry *at;

	if (f->kind >= SANDBOX_FAULT__MAX)
		return err_set(e, ERR_USAGE, "no such fault");
	if (s->n_faults == FAULTS_MAX)
		return err_set(e, ERR_LIMIT, "too many faults");
	if (s->faults == NULL)
		s->faults = calloc(FAULTS_MAX, sizeof(*s->faults));
	if (s->faults == NULL)
		abort();
	at = &s->faults[s->n_faults];
	memset(at, 0, sizeof(*at));
	at->any_path = f->path == NULL;
	if (!at->any_path &&
	    regcomp(&at->path, f->path, REG_EXTENDED | REG_NOSUB) != 0)
		return err_set(e, ERR_USAGE, "not a regular expression");
	at->f = *f;
	at->method = copy(f->method);
	at->retry_after = copy(f->retry_after);
	at->word = copy(f->word);
	at->f.word = at->word;
	at->f.method = at->method;
	at->f.path = NULL;
	at->f.retry_after = at->retry_after;
	if (at->f.status == 0)
		at->f.status = 503;
	at->left = f->times == 0 ? 1 : f->times;
	at->skip = f->skip;
	s->n_faults++;
	return ERR_OK;
}

enum err_code
sandbox_fault(struct sandbox *s, const struct sandbox_fault *f, struct err *e)
{
	enum err_code code;

	sandbox_lock(s);
	code = fault_add(s, f, e);
	sandbox_unlock(s);
	return code;
}

void
fault_free_all(struct sandbox *s)
{
	for (size_t i = 0; i < s->n_faults; i++)
		entry_free(&s->faults[i]);
	free(s->faults);
	s->faults = NULL;
	s->n_faults = 0;
}

void
sandbox_fault_clear(struct sandbox *s)
{
	sandbox_lock(s);
	fault_free_all(s);
	sandbox_unlock(s);
}

static int
number_at(const struct json_value *v, const char *name)
{
	const char *text = json_number(json_get(v, name));

	return text == NULL ? 0 : (int)strtol(text, NULL, 10);
}

static enum sandbox_fault_kind
kind_of(const char *name)
{
	for (int i = 0; i < SANDBOX_FAULT__MAX; i++)
		if (name != NULL && strcmp(kinds[i].name, name) == 0)
			return (enum sandbox_fault_kind)i;
	return SANDBOX_FAULT__MAX;
}

static bool
order_fault(struct exchange *x, const struct json_value *v)
{
	struct sandbox_fault f = {
	    .kind = kind_of(json_string_at(v, "kind")),
	    .method = json_string_at(v, "method"),
	    .path = json_string_at(v, "path"),
	    .longer = number_at(v, "longer"),
	    .times = number_at(v, "times"),
	    .skip = number_at(v, "skip"),
	    .status = number_at(v, "status"),
	    .retry_after = json_string_at(v, "retryAfter"),
	    .ms = number_at(v, "ms"),
	    .word = json_string_at(v, "word"),
	};
	struct err e = ERR_INIT;

	if (fault_add(x->s, &f, &e) == ERR_OK)
		return true;
	exchange_fail_err(x, 400, &e);
	return false;
}

/* POST /$fault {"kind":"status","method":"GET","path":"/Observation",
 * "times":2,"skip":1,"status":503,"retryAfter":"1","ms":0}, or
 * {"kind":"clear"}. */
void
handle_fault_request(struct exchange *x)
{
	struct json_doc *doc = NULL;
	struct err e = ERR_INIT;
	const char *kind;

	if (json_parse(x->body, x->body_len, &doc, &e) != ERR_OK) {
		exchange_fail_err(x, 400, &e);
		return;
	}
	kind = json_string_at(json_root(doc), "kind");
	if (kind != NULL && strcmp(kind, "clear") == 0)
		fault_free_all(x->s);
	else if (!order_fault(x, json_root(doc)))
		goto out;
	x->status = 204;
out:
	json_free(doc);
}
