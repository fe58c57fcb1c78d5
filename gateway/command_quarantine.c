/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rescan quarantine`: what could not be read, mapped or written.
 *
 * What was set aside with its bytes has a number; what was stored but could
 * not be mapped has "p<patient row>.<place among the problems>".  The bytes of
 * a resource are printed by `show` alone.
 */
#include "fhir/json_writer.h"
#include "fhir/util/printable.h"
#include "fhir/util/strbuf.h"
#include "gateway/command.h"
#include "gateway/config.h"
#include "gateway/store/store.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)64 << 20)

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct request {
	const char *config, *verb, *id;
	bool json;
	struct config *c; /* and what stands open */
	struct store *s;
	struct arena *a;
};

static void
usage(FILE *out)
{
	fputs("usage: rescan quarantine list -c FILE [--json]\n"
	      "       rescan quarantine show ID -c FILE\n"
	      "       rescan quarantine retry ID|all -c FILE\n\n"
	      "  list   what could not be read, mapped or written, and why\n"
	      "  show   one of them: the reason to standard error, the bytes "
	      "as they came (or\n"
	      "         as they were sent) to standard output\n"
	      "  retry  read, map or send it again in the next cycle; the "
	      "gateway may be running\n",
	    out);
}

/* --- what could not be mapped --- */

struct problem_row {
	char id[48];
	int64_t patient;
	const char *server, *key; /* key NULL: about no single resource */
	const char *code, *detail;
};
typedef enum err_code (*problem_fn)(
    void *ctx, const struct problem_row *p, struct err *e);

static enum err_code
each_of_document(const char *server, int64_t patient, const char *text,
    problem_fn fn, void *ctx, struct err *e)
{
	struct json_doc *doc = NULL;
	const struct json_value *list;
	enum err_code rc = json_parse(text, strlen(text), &doc, e);

	list = json_get(json_root(doc), "problems");
	for (size_t i = 0; rc == ERR_OK && i < json_length(list); i++) {
		const struct json_value *v = json_at(list, i);
		struct problem_row p = {.patient = patient,
		    .server = server,
		    .key = json_string(json_get(v, "source")),
		    .code = json_string(json_get(v, "code")),
		    .detail = json_string(json_get(v, "detail"))};

		snprintf(
		    p.id, sizeof(p.id), "p%lld.%zu", (long long)patient, i + 1);
		rc = fn(ctx, &p, e);
	}
	json_free(doc);
	return rc;
}

static enum err_code
each_of_server(struct request *r, const char *server, problem_fn fn, void *ctx,
    struct err *e)
{
	struct store_row *rows;
	size_t n;
	enum err_code rc =
	    r->s->ops->patients(r->s, server, r->a, &rows, &n, e);

	for (size_t i = 0; rc == ERR_OK && i < n; i++) {
		struct arena *a = arena_new();
		const char *text;

		rc = r->s->ops->assessment_get(r->s, rows[i].id, a, &text, e);
		if (rc == ERR_OK)
			rc = each_of_document(
			    server, rows[i].id, text, fn, ctx, e);
		else if (rc == ERR_NOT_FOUND)
			rc = ERR_OK;
		arena_free(a);
	}
	return rc;
}

static enum err_code
each_problem(struct request *r, problem_fn fn, void *ctx, struct err *e)
{
	enum err_code rc = ERR_OK;

	for (size_t i = 0; rc == ERR_OK && i < r->c->servers.n; i++)
		rc = each_of_server(r, r->c->servers.items[i].name, fn, ctx, e);
	return rc;
}

struct wanted {
	const char *id;
	struct arena *a;
	struct problem_row found;
};

static enum err_code
match_problem(void *ctx, const struct problem_row *p, struct err *e)
{
	struct wanted *w = ctx;

	(void)e;
	if (strcmp(p->id, w->id) != 0)
		return ERR_OK;
	w->found = *p;
	w->found.key = arena_strdup(w->a, p->key);
	w->found.code = arena_strdup(w->a, p->code);
	w->found.detail = arena_strdup(w->a, p->detail);
	return ERR_OK;
}

static enum err_code
find_problem(struct request *r, struct problem_row *ret, struct err *e)
{
	struct wanted w = {.id = r->id, .a = r->a};
	enum err_code rc = each_problem(r, match_problem, &w, e);

	if (rc == ERR_OK && w.found.id[0] == '\0')
		return err_set(e, ERR_NOT_FOUND,
		    "nothing of id %.40s could not be mapped", r->id);
	*ret = w.found;
	return rc;
}

/* --- list --- */

static void
print_row(const char *id, const char *server, const char *code, const char *key,
    const char *text)
{
	printable_print(stdout, "%-8s %-12s %-20s %s", id, server, code,
	    key == NULL ? "-" : key);
	printable_print(stdout, "         %s", text == NULL ? "" : text);
}

static enum err_code
print_problem(void *ctx, const struct problem_row *p, struct err *e)
{
	(void)ctx;
	(void)e;
	print_row(p->id, p->server, p->code, p->key, p->detail);
	return ERR_OK;
}

static enum err_code
put_problem(void *ctx, const struct problem_row *p, struct err *e)
{
	struct json_writer *w = ctx;

	(void)e;
	json_begin_object(w, NULL);
	json_put_string(w, "id", p->id);
	json_put_string(w, "server", p->server);
	json_put_optional(w, "key", p->key);
	json_put_optional(w, "code", p->code);
	json_put_optional(w, "text", p->detail);
	json_end_object(w);
	return ERR_OK;
}

static void
put_row(struct json_writer *w, const struct store_quarantine *q)
{
	char id[24], at[INSTANT_SIZE];

	snprintf(id, sizeof(id), "%lld", (long long)q->id);
	json_begin_object(w, NULL);
	json_put_string(w, "id", id);
	json_put_string(w, "server", q->server);
	json_put_string(w, "key", q->key);
	json_put_string(w, "code", q->code);
	json_put_string(w, "text", q->text);
	json_put_int(w, "bytes", (int64_t)q->len);
	json_put_string(w, "at", instant_format(q->at_ms, at));
	json_put_bool(w, "retry", q->retry);
	json_end_object(w);
}

static enum err_code
list_json(struct request *r, const struct store_quarantine *q, size_t n,
    struct err *e)
{
	struct json_writer w;
	struct strbuf out;
	enum err_code rc;

	strbuf_init(&out, TEXT_MAX);
	json_writer_init(&w, &out, true);
	json_begin_array(&w, NULL);
	for (size_t i = 0; i < n; i++)
		put_row(&w, &q[i]);
	rc = each_problem(r, put_problem, &w, e);
	json_end_array(&w);
	if (rc == ERR_OK && out.overflow)
		rc = err_set(e, ERR_LIMIT, "the list is too long");
	if (rc == ERR_OK)
		puts(out.s);
	strbuf_done(&out);
	return rc;
}

static enum err_code
list(struct request *r, struct err *e)
{
	struct store_quarantine *q;
	size_t n;
	enum err_code rc = r->s->ops->quarantine(r->s, NULL, r->a, &q, &n, e);

	if (rc != ERR_OK)
		return rc;
	if (r->json)
		return list_json(r, q, n, e);
	for (size_t i = 0; i < n; i++) {
		char id[24], at[INSTANT_SIZE];

		snprintf(id, sizeof(id), "%lld", (long long)q[i].id);
		print_row(id, q[i].server, q[i].code, q[i].key, q[i].text);
		printf("         %s, %zu bytes%s\n",
		    instant_format(q[i].at_ms, at), q[i].len,
		    q[i].retry ? "; will be tried again" : "");
	}
	return each_problem(r, print_problem, NULL, e);
}

/* --- show --- */

static enum err_code
print_bytes(const char *s, size_t n, struct err *e)
{
	if (fwrite(s, 1, n, stdout) != n || fflush(stdout) != 0)
		return err_set(e, ERR_IO, "standard output cannot be written");
	return ERR_OK;
}

static void
say(const char *code, const char *key, const char *text)
{
	printable_print(stderr, "%s: %s: %s", code, key == NULL ? "-" : key,
	    text == NULL ? "" : text);
}

static enum err_code
show(struct request *r, struct err *e)
{
	struct store_quarantine q;
	struct problem_row p;
	const char *body;
	enum err_code rc;

	if (r->id[0] != 'p') {
		rc = r->s->ops->quarantine_get(
		    r->s, strtoll(r->id, NULL, 10), r->a, &q, e);
		if (rc != ERR_OK)
			return rc;
		say(q.code, q.key, q.text);
		if (q.answer[0] != '\0')
			say("answer", q.key, q.answer);
		return print_bytes(q.bytes, q.len, e);
	}
	rc = find_problem(r, &p, e);
	if (rc != ERR_OK)
		return rc;
	say(p.code, p.key, p.detail);
	if (p.key == NULL)
		return ERR_OK;
	rc = r->s->ops->resource_get(r->s, p.server, p.key, r->a, &body, e);
	return rc == ERR_OK ? print_bytes(body, strlen(body), e) : rc;
}

/* --- retry --- */

static enum err_code
again(void *ctx, const struct problem_row *p, struct err *e)
{
	struct request *r = ctx;

	return r->s->ops->patient_again(r->s, p->patient, p->key, e);
}

struct counted {
	struct request *r;
	size_t n;
};

static enum err_code
again_counted(void *ctx, const struct problem_row *p, struct err *e)
{
	struct counted *c = ctx;

	c->n++;
	return again(c->r, p, e);
}

static enum err_code
retry(struct request *r, struct err *e)
{
	bool all = strcmp(r->id, "all") == 0;
	struct counted problems = {r, 0};
	struct problem_row p;
	size_t n = 0;
	enum err_code rc = ERR_OK;

	if (r->id[0] == 'p') {
		rc = find_problem(r, &p, e);
		if (rc == ERR_OK)
			rc = again(r, &p, e);
		n = 1;
	} else {
		rc = r->s->ops->quarantine_retry(
		    r->s, all ? 0 : strtoll(r->id, NULL, 10), &n, e);
	}
	if (rc == ERR_OK && all)
		rc = each_problem(r, again_counted, &problems, e);
	n += problems.n;
	if (rc == ERR_OK && !all && n == 0)
		rc = err_set(
		    e, ERR_NOT_FOUND, "nothing set aside has id %.40s", r->id);
	if (rc == ERR_OK)
		printf("%zu will be tried again in the next cycle\n", n);
	return rc;
}

/* --- command --- */

static const struct {
	const char *name;
	bool id;
	enum err_code (*run)(struct request *r, struct err *e);
} verbs[] = {
    {"list", false, list}, {"show", true, show}, {"retry", true, retry}};
#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* "12", "p3.1"; of retry also "all". */
static bool
id_valid(const char *s, bool all)
{
	const char *p = s + (*s == 'p');
	size_t n = strspn(p, "0123456789"), m = 0;

	if (all && strcmp(s, "all") == 0)
		return true;
	if (*s == 'p' && p[n] == '.')
		m = strspn(p + n + 1, "0123456789");
	if (n == 0 || n > 18)
		return false;
	return *s == 'p' ? m > 0 && p[n + 1 + m] == '\0'
			 : p[n] == '\0' && strspn(p, "0") < n;
}

/* EXIT_DONE to go on, else the status to leave with; -1 for --help. */
static int
parse(int argc, char **argv, struct request *r, size_t *ret_verb)
{
	int opt;
	size_t i = 0;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			r->config = optarg;
			break;
		case 'j':
			r->json = true;
			break;
		case 'h':
			usage(stdout);
			return -1;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	while (optind < argc && i < N_VERBS &&
	       strcmp(argv[optind], verbs[i].name) != 0)
		i++;
	if (optind < argc && i < N_VERBS && r->config != NULL &&
	    argc - optind == 1 + verbs[i].id) {
		r->id = argv[optind + verbs[i].id];
		*ret_verb = i;
		if (!verbs[i].id || id_valid(r->id, verbs[i].run == retry))
			return EXIT_DONE;
		fprintf(stderr, "rescan: '%s' is no id of the list\n", r->id);
	}
	usage(stderr);
	return EXIT_USAGE;
}

int
command_quarantine(int argc, char **argv)
{
	struct request r = {0};
	struct err e = ERR_INIT;
	size_t verb = 0;
	int status = parse(argc, argv, &r, &verb);
	enum err_code rc;

	if (status != EXIT_DONE)
		return status == -1 ? EXIT_DONE : status;
	r.a = arena_new();
	rc = config_load(r.config, &r.c, &e);
	if (rc == ERR_OK) {
		rc = store_sqlite.open(r.c->store_path,
		    verbs[verb].run == retry ? STORE_GUEST : STORE_READER, &r.s,
		    &e);
	}
	if (rc == ERR_OK)
		rc = verbs[verb].run(&r, &e);
	if (rc != ERR_OK) {
		command_complain(&e);
		status = EXIT_FAILED;
	}
	store_sqlite.close(r.s);
	config_free(r.c);
	arena_free(r.a);
	return status;
}
