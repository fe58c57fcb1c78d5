/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/config.h"

#include "gateway/config_value.h"
#include "gateway/profile.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#define SERVER  "server"
#define WRITTEN "Device Observation DiagnosticReport Flag Provenance"
/* inih's own line buffer, less what it needs for itself. */
#define LINE_MAX_BYTES 195

static const struct option_row rows[] = {
#define SERVER_ROW(key, type, member, fallback, min, max, help)                \
	{SERVER, key, OPTION_##type, offsetof(struct config_server, member),   \
	    fallback, min, max, help},
#define OPTION_ROW(section, key, type, member, fallback, min, max, help)       \
	{section, key, OPTION_##type, offsetof(struct config, member),         \
	    fallback, min, max, help},
#include "gateway/options.def"
#undef OPTION_ROW
#undef SERVER_ROW
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* One file being read. */
struct input {
	struct config *config;
	FILE *f;
	const char *path;
	int line;
	size_t server;     /* index of the section's server, or SIZE_MAX */
	bool seen[N_ROWS]; /* in this section */
	enum err_code code;
	struct err *e;
};

static void complain(struct input *r, const char *fmt, ...) PRINTF(2, 3);

static void
complain(struct input *r, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (r->code != ERR_OK)
		return; /* the first one counts */
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->code =
	    err_set(r->e, ERR_CONFIG, "%.200s:%d: %s", r->path, r->line, text);
}

static void
set_defaults(struct arena *a, void *base, bool server)
{
	const char *wrong;

	for (size_t i = 0; i < N_ROWS; i++) {
		if ((strcmp(rows[i].section, SERVER) == 0) != server)
			continue;
		wrong = config_value_set(a, &rows[i], base, rows[i].fallback);
		assert(wrong == NULL);
		(void)wrong;
	}
}

/* --- the file --- */

static void
begin_server(struct input *r, const char *name, size_t n)
{
	struct config *c = r->config;
	struct config_server *s;

	for (size_t i = 0; i < c->servers.n; i++) {
		if (strlen(c->servers.items[i].name) == n &&
		    strncmp(c->servers.items[i].name, name, n) == 0) {
			complain(
			    r, "server \"%.*s\" stands twice", (int)n, name);
			return;
		}
	}
	r->server = c->servers.n;
	s = ARENA_PUSH(c->arena, &c->servers);
	s->name = arena_strndup(c->arena, name, n);
	s->line = r->line;
	set_defaults(c->arena, s, true);
}

static void
begin_section(struct input *r, const char *s)
{
	const char *end = strchr(s, ']');
	size_t n = end == NULL ? 0 : (size_t)(end - s);
	const char *quote = "server \"";
	size_t prefix = strlen(quote);

	r->server = SIZE_MAX;
	memset(r->seen, 0, sizeof(r->seen));
	if (n > prefix + 1 && strncmp(s, quote, prefix) == 0 &&
	    s[n - 1] == '"') {
		begin_server(r, s + prefix, n - prefix - 1);
		return;
	}
	for (size_t i = 0; i < N_ROWS; i++) {
		if (strcmp(rows[i].section, SERVER) != 0 &&
		    strlen(rows[i].section) == n &&
		    strncmp(rows[i].section, s, n) == 0)
			return;
	}
	if (n == strlen(SERVER) && strncmp(s, SERVER, n) == 0)
		complain(r, "a server needs a name: [server \"name\"]");
	else
		complain(r, "no section [%.*s]", (int)n, s);
}

/* inih's fgets: counts lines, sees sections, refuses what its buffer would
 * cut in two. */
static char *
next_line(char *buf, int size, void *ctx)
{
	struct input *r = ctx;
	const char *s;
	size_t n;

	if (fgets(buf, size, r->f) == NULL)
		return NULL;
	r->line++;
	n = strlen(buf);
	if (n > LINE_MAX_BYTES) {
		complain(r, "a line is longer than %d bytes", LINE_MAX_BYTES);
		return NULL;
	}
	if (n == 0 || (buf[n - 1] != '\n' && !feof(r->f))) {
		complain(r, "a NUL byte");
		return NULL;
	}
	s = buf;
	if (r->line == 1 && strncmp(s, "\xEF\xBB\xBF", 3) == 0)
		s += 3;
	s += strspn(s, " \t");
	if (*s == '[')
		begin_section(r, s + 1);
	return buf;
}

static bool
row_is(const struct input *r, const struct option_row *row, const char *section,
    const char *key)
{
	if (strcmp(row->key, key) != 0)
		return false;
	if (r->server != SIZE_MAX)
		return strcmp(row->section, SERVER) == 0;
	return strcmp(row->section, SERVER) != 0 &&
	       strcmp(row->section, section) == 0;
}

/* A line of a server's profile: counts unless its section says otherwise. */
static const char *
take_profile(void *ctx, const char *key, const char *value)
{
	struct input *r = ctx;
	struct config_server *s = &r->config->servers.items[r->server];

	if (strcmp(key, "base_url") == 0) {
		s->profile_base = arena_strdup(r->config->arena, value);
		return NULL;
	}
	for (size_t i = 0; i < N_ROWS; i++) {
		if (strcmp(rows[i].section, SERVER) != 0 ||
		    strcmp(rows[i].key, key) != 0)
			continue;
		return r->seen[i] ? NULL
				  : config_value_set(
					r->config->arena, &rows[i], s, value);
	}
	return "is no option of a server";
}

static void
take_profile_file(struct input *r)
{
	struct err why = ERR_INIT;

	if (profile_read(r->config->servers.items[r->server].profile,
		take_profile, r, &why) != ERR_OK)
		complain(r, "%s", why.text);
}

static int
take_option(void *ctx, const char *section, const char *key, const char *value)
{
	struct input *r = ctx;
	const char *wrong;
	void *base = r->config;

	if (r->server != SIZE_MAX)
		base = &r->config->servers.items[r->server];
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct option_row *row = &rows[i];

		if (!row_is(r, row, section, key))
			continue;
		if (r->seen[i] && row->type != OPTION_LIST) {
			complain(r, "%s is given twice", key);
			return 1;
		}
		if (!r->seen[i] && row->type == OPTION_LIST) {
			memset((char *)base + row->offset, 0,
			    sizeof(struct config_list));
		}
		r->seen[i] = true;
		wrong = config_value_set(r->config->arena, row, base, value);
		if (wrong != NULL && row->type == OPTION_INT) {
			complain(r, "%s = %s %s (%d to %d)", key, value, wrong,
			    row->min, row->max);
		} else if (wrong != NULL) {
			complain(r, "%s = %s %s", key, value, wrong);
		} else if (r->server != SIZE_MAX && value[0] != '\0' &&
			   strcmp(key, "profile") == 0) {
			take_profile_file(r);
		}
		return 1;
	}
	complain(r, "no option %s in section [%s]", key, section);
	return 1;
}

/* --- what no single row can say --- */

static bool
list_within(const struct config_list *l, const char *known, const char **ret)
{
	for (size_t i = 0; i < l->n; i++) {
		const char *at = strstr(known, l->items[i]);
		size_t n = strlen(l->items[i]);

		*ret = l->items[i];
		if (at == NULL || (at != known && at[-1] != ' ') ||
		    (at[n] != ' ' && at[n] != '\0'))
			return false;
	}
	return true;
}

static bool
is_one_of(const char *word, const char *words)
{
	const char *items[] = {word}, *unheard;
	struct config_list l = {items, 1};

	return word[0] != '\0' && list_within(&l, words, &unheard);
}

static bool
is_roster(const char *s)
{
	static const char *const forms[] = {"Group/", "List/", "file:"};

	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(forms[i]);

		if (strncmp(s, forms[i], n) == 0 && s[n] != '\0')
			return true;
	}
	return strcmp(s, "medications") == 0;
}

/* What each kind of authorization needs, and what is no use without it. */
static void
check_auth(struct input *r, struct config_server *s)
{
	const struct {
		const char *auth, *key, *value;
		bool needed;
	} needs[] = {
	    {"bearer", "token_file", s->token_file, true},
	    {"basic", "basic_file", s->basic_file, true},
	    {"smart", "client_id", s->client_id, true},
	    {"smart", "key_file", s->key_file, true},
	    {"smart", "token_url", s->token_url, false},
	};
	const char *what = "";
	struct config_list kind = {&s->auth, 1};

	if (s->auth[0] == '\0')
		s->auth = s->token_file == NULL ? "none" : "bearer";
	if (!list_within(&kind, "none bearer basic smart", &what))
		complain(r, "auth = %s is none of none, bearer, basic, smart",
		    s->auth);
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		bool ours = strcmp(s->auth, needs[i].auth) == 0;

		if (ours && needs[i].needed && needs[i].value == NULL)
			complain(
			    r, "auth = %s needs %s", s->auth, needs[i].key);
		if (!ours && needs[i].value != NULL)
			complain(r, "%s is given, but auth = %s", needs[i].key,
			    s->auth);
	}
	if (s->alg[0] != '\0' && strcmp(s->alg, "ES384") != 0 &&
	    strcmp(s->alg, "RS384") != 0)
		complain(r, "alg = %s is neither ES384 nor RS384", s->alg);
}

static void
check_server(struct input *r, struct config_server *s)
{
	size_t n = strlen(s->base_url);
	const char *what = "";

	r->line = s->line;
	if (n == 0) {
		complain(r, "server \"%s\" has no base_url", s->name);
		return;
	}
	if (strncmp(s->base_url, "https://", 8) != 0 || n == 8 ||
	    strpbrk(s->base_url, "?# \t") != NULL) {
		complain(r,
		    "base_url of server \"%s\" is not an https URL without "
		    "query",
		    s->name);
		return;
	}
	while (s->base_url[n - 1] == '/')
		n--;
	s->base_url = arena_strndup(r->config->arena, s->base_url, n);
	if (!is_one_of(s->mode, "auto search patient history bulk"))
		complain(r, "mode = %s is no mode of reading", s->mode);
	if (!is_one_of(s->last_updated, "auto yes no"))
		complain(r, "last_updated is auto, yes or no");
	if (!is_one_of(s->post_search, "auto yes no"))
		complain(r, "post_search is auto, yes or no");
	if (strcmp(s->mode, "patient") == 0 && s->roster == NULL)
		complain(r, "mode patient needs a roster");
	if (s->roster != NULL && !is_roster(s->roster))
		complain(r, "roster is Group/ID, List/ID, file:PATH or "
			    "medications");
	if (s->bulk_group != NULL && strncmp(s->bulk_group, "Group/", 6) != 0)
		complain(r, "bulk_group is Group/ID");
	if (s->profile_base != NULL &&
	    strcmp(s->profile_base, s->base_url) != 0)
		complain(r, "%s is the profile of another server, %s",
		    s->profile, s->profile_base);
	if (!list_within(&s->accepts, WRITTEN " none", &what))
		complain(r, "accepts: %s is not written", what);
	check_auth(r, s);
}

static const struct config_server *
find_server(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->servers.n; i++) {
		if (strcmp(c->servers.items[i].name, name) == 0)
			return &c->servers.items[i];
	}
	return NULL;
}

static void
check_whole(struct input *r)
{
	const struct config *c = r->config;
	const char *what = "";

	for (size_t i = 0; i < c->servers.n; i++)
		check_server(r, &c->servers.items[i]);
	if (c->store_path[0] == '\0')
		complain(r, "[store] path is empty");
	if (c->assess.confirm_min_days > c->assess.confirm_max_days)
		complain(r, "confirm_min_days is above confirm_max_days");
	if (c->assess.next_scan_min_days > c->assess.next_scan_max_days)
		complain(r, "next_scan_min_days is above next_scan_max_days");
	if (c->write_fallback != NULL &&
	    find_server(c, c->write_fallback) == NULL)
		complain(r, "fallback_server: no server \"%s\" is configured",
		    c->write_fallback);
	if (c->write_retry_min_s > c->write_retry_max_s)
		complain(r, "retry_min_s is above retry_max_s");
	if (!list_within(&c->poll_types,
		"ImagingStudy Observation MedicationAdministration", &what))
		complain(r, "[poll] types: %s is not polled", what);
	if (!list_within(&c->poll_irae_types,
		"Condition AdverseEvent DiagnosticReport Flag", &what))
		complain(r, "[poll] irae_types: %s is not polled", what);
	if (!list_within(&c->write_types, WRITTEN, &what))
		complain(r, "[write] types: %s is not written", what);
}

static void
spread_readers(struct config *c)
{
	c->mapping.readers = c->timeline.readers = c->readers.items;
	c->mapping.n_readers = c->timeline.n_readers = c->readers.n;
}

struct config *
config_defaults(void)
{
	struct arena *a = arena_new();
	struct config *c = arena_alloc(a, sizeof(*c));

	c->arena = a;
	c->assess.as_of = DAY_NONE;
	set_defaults(a, c, false);
	return c;
}

void
config_free(struct config *c)
{
	if (c != NULL)
		arena_free(c->arena);
}

enum err_code
config_for_url(const char *url, struct config **ret, struct err *e)
{
	struct input r = {
	    config_defaults(), NULL, url, 0, SIZE_MAX, {false}, ERR_OK, e};

	begin_server(&r, "url", 3);
	r.config->servers.items[0].base_url = url;
	check_whole(&r);
	spread_readers(r.config);
	if (r.code == ERR_OK)
		*ret = r.config;
	else
		config_free(r.config);
	return r.code;
}

enum err_code
config_load(const char *path, struct config **ret, struct err *e)
{
	struct input r = {
	    config_defaults(), NULL, path, 0, SIZE_MAX, {false}, ERR_OK, e};
	int rc;

	if (path == NULL) {
		*ret = r.config;
		return ERR_OK;
	}
	r.f = fopen(path, "re");
	if (r.f == NULL) {
		config_free(r.config);
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	}
	rc = ini_parse_stream(next_line, &r, take_option, &r);
	if (ferror(r.f) && r.code == ERR_OK)
		r.code = err_set(e, ERR_IO, "%s: cannot be read", path);
	fclose(r.f);
	if (rc != 0) {
		r.line = rc;
		complain(&r, "neither a section nor key = value");
	}
	if (r.code == ERR_OK)
		check_whole(&r);
	if (r.code != ERR_OK) {
		config_free(r.config);
		return r.code;
	}
	spread_readers(r.config);
	*ret = r.config;
	return ERR_OK;
}

enum err_code
config_server(const struct config *c, const char *name,
    const struct config_server **ret, struct err *e)
{
	if (name == NULL && c->servers.n == 1) {
		*ret = &c->servers.items[0];
		return ERR_OK;
	}
	if (c->servers.n == 0) {
		return err_set(e, ERR_CONFIG,
		    "no server is configured: add a section [server \"name\"] "
		    "with its base_url");
	}
	if (name == NULL) {
		return err_set(
		    e, ERR_CONFIG, "several servers are configured: name one");
	}
	for (size_t i = 0; i < c->servers.n; i++) {
		if (strcmp(c->servers.items[i].name, name) == 0) {
			*ret = &c->servers.items[i];
			return ERR_OK;
		}
	}
	return err_set(e, ERR_CONFIG, "no server \"%s\" is configured", name);
}

struct client_options
config_client(const struct config_server *s)
{
	struct client_options o = CLIENT_DEFAULTS;

	o.base_url = s->base_url;
	o.http.ca_file = s->ca_file;
	o.http.pin_sha256 = s->pin_sha256;
	o.http.client_cert_file = s->client_cert_file;
	o.http.client_key_file = s->client_key_file;
	o.http.proxy = s->proxy;
	o.http.proxy_auth_file = s->proxy_auth_file;
	o.http.http2 = s->http2;
	o.trusted_origins = s->trusted_origins.items;
	o.n_trusted_origins = s->trusted_origins.n;
	o.http.low_speed_seconds = s->idle_timeout_s;
	o.http.connect_timeout_ms = s->connect_timeout_s * 1000L;
	o.http.total_timeout_ms = s->total_timeout_s * 1000L;
	o.http.max_body = (size_t)s->max_body_mb << 20;
	o.page_count = s->page_count;
	o.url_max = s->url_max;
	if (s->post_search != NULL && strcmp(s->post_search, "auto") != 0)
		o.post_search = strcmp(s->post_search, "yes") == 0
				    ? CLIENT_POST_ALWAYS
				    : CLIENT_POST_NEVER;
	o.max_pages = s->max_pages;
	o.retries = s->retries;
	o.backoff_ms = s->backoff_ms;
	o.limits.requests_per_minute = s->requests_per_minute;
	o.limits.requests_per_day = s->requests_per_day;
	o.limits.breaker_failures = s->breaker_failures;
	o.limits.breaker_pause_ms = s->breaker_pause_s * INT64_C(1000);
	return o;
}

bool
config_list_has(const struct config_list *l, const char *item)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->items[i], item) == 0)
			return true;
	}
	return false;
}

void
config_print_defaults(FILE *out)
{
	const char *section = "";

	fputs("; Rescan configuration.  Every option stands here with its "
	      "default.\n",
	    out);
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct option_row *row = &rows[i];

		if (strcmp(row->section, section) != 0) {
			section = row->section;
			if (strcmp(section, SERVER) == 0)
				fputs("\n; [server \"name\"]\n", out);
			else
				fprintf(out, "\n[%s]\n", section);
		}
		fprintf(out, "; %s", row->help);
		if (row->type == OPTION_INT)
			fprintf(out, " (%d to %d)", row->min, row->max);
		fprintf(out, "\n%s%s = %s\n",
		    strcmp(section, SERVER) == 0 ? "; " : "", row->key,
		    row->fallback);
	}
}
