/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode bulk: exports of a Group or of the system, one after another.
 *
 * The job's address is in the store before anybody waits for it, so that a
 * restart goes on with the same job.  The next export asks for what changed
 * since this one's own time, less the overlap; a Group with other members is
 * exported whole.
 */
#include "fhir/util/clock.h"
#include "fhir/util/digest.h"
#include "fhir/util/log.h"
#include "fhir/util/strbuf.h"
#include "gateway/bulk.h"
#include "gateway/roster.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_FIRST_S 1
#define PAUSE_MAX_S   60
/* So much of Retry-After counts. */
#define RETRY_MAX_S 900
/* Looks or files that fail in a row before the job is given up. */
#define MAX_FAILURES 3

#define KEY_URL          "bulk:url"
#define KEY_MEMBERS      "bulk:members"
#define KEY_NEXT_MEMBERS "bulk:next_members"
#define OTHER_TYPES      "Condition,BodyStructure,Medication,Patient"

static bool
bulk_fits(const struct read *r)
{
	return r->capability->exports;
}

/* --- memory --- */

static enum err_code
recall(struct read *r, const char *key, struct arena *a, const char **ret,
    struct err *e)
{
	return r->store->ops->memory_get(
	    r->store, r->server->name, key, a, ret, e);
}

static enum err_code
keep(struct read *r, const char *key, const char *text, struct err *e)
{
	return r->store->ops->memory_put(
	    r->store, r->server->name, key, text, e);
}

static enum err_code
forget_job(struct read *r, struct err *e)
{
	r->bulk_failures = 0;
	return keep(r, KEY_URL, "", e);
}

/* --- kick-off --- */

static int
compare(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* A digest of who is in the Group; "" for the system. */
static enum err_code
digest_members(struct read *r, char hex[SHA256_HEX_SIZE], struct err *e)
{
	struct roster members = {.arena = arena_new()};
	struct json_doc *doc = NULL;
	struct strbuf all;
	char *body = NULL;
	size_t len;
	enum err_code rc = client_read(r->client, "Group",
	    r->server->bulk_group + strlen("Group/"), &body, &len, e);

	strbuf_init(&all, (size_t)256 << 20);
	if (rc == ERR_OK)
		rc = json_parse(body, len, &doc, e);
	if (rc == ERR_OK) {
		rc = roster_members(
		    json_root(doc), r->server->base_url, SIZE_MAX, &members, e);
	}
	if (rc == ERR_OK && members.patients.n > 0)
		qsort(members.patients.items, members.patients.n,
		    sizeof(*members.patients.items), compare);
	for (size_t i = 0; rc == ERR_OK && i < members.patients.n; i++)
		strbuf_addf(&all, "%s\n", members.patients.items[i]);
	if (rc == ERR_OK)
		sha256_hex(all.s == NULL ? "" : all.s, all.len, hex);
	strbuf_done(&all);
	json_free(doc);
	free(body);
	arena_free(members.arena);
	return rc;
}

/* With what became visible late (D-12); what comes twice counts once. */
static enum err_code
reach_back(struct read *r, int64_t *ms, struct err *e)
{
	int64_t overlap = 0;
	enum err_code rc = read_keep(r, "bulk", "from", *ms, e);

	if (rc == ERR_OK)
		rc = read_overlap(r, &overlap, e);
	if (*ms != TIME_NONE)
		*ms -= overlap;
	return rc;
}

/*= interop B.11: new members of a group need a whole export */
static enum err_code
since_when(struct read *r, struct arena *a, int64_t *ret_ms,
    char hex[SHA256_HEX_SIZE], struct err *e)
{
	const char *was;
	enum err_code rc = r->store->ops->cursor_get(
	    r->store, r->server->name, "bulk", ret_ms, e);

	hex[0] = '\0';
	if (rc != ERR_OK || r->server->bulk_group == NULL)
		return rc;
	rc = digest_members(r, hex, e);
	if (rc == ERR_OK)
		rc = recall(r, KEY_MEMBERS, a, &was, e);
	if (rc == ERR_OK && strcmp(was, hex) != 0)
		*ret_ms = TIME_NONE;
	return rc;
}

static bool
is_other(const char *type)
{
	const char *at = strstr("," OTHER_TYPES ",", type);

	return at != NULL && at[-1] == ',' && at[strlen(type)] == ',';
}

static char *
export_path(
    struct read *r, int64_t since_ms, bool others, struct arena *a)
{
	const char *group = r->server->bulk_group;
	char *path = arena_printf(
	    a, "%s%s$export?_type=", group ? group : "", group ? "/" : "");
	char since[INSTANT_SIZE];

	for (size_t i = 0; i < r->n_types; i++) {
		struct read_type *t = &r->types[i];

		/* A refusal of the others is one of the companions, too. */
		if (t->companion && (!others || is_other(t->name) ||
					read_leaves_out(r, t, false)))
			continue;
		path = arena_printf(
		    a, "%s%s%s", path, i > 0 ? "," : "", t->name);
	}
	if (others)
		path = arena_printf(a, "%s,%s", path, OTHER_TYPES);
	if (since_ms != TIME_NONE)
		path = arena_printf(
		    a, "%s&_since=%s", path, instant_format(since_ms, since));
	return path;
}

static enum err_code
start(struct read *r, struct arena *a, const char **ret_url, struct err *e)
{
	char hex[SHA256_HEX_SIZE];
	int64_t since_ms = TIME_NONE;
	char *url = NULL;
	enum err_code rc = since_when(r, a, &since_ms, hex, e);

	if (rc == ERR_OK)
		rc = reach_back(r, &since_ms, e);
	if (rc == ERR_OK) {
		rc = client_export_start(
		    r->client, export_path(r, since_ms, true, a), &url, e);
	}
	if (rc == ERR_REFUSED) { /* a type that is not exported here? */
		rc = client_export_start(
		    r->client, export_path(r, since_ms, false, a), &url, e);
	}
	if (rc != ERR_OK)
		return rc;
	*ret_url = arena_strdup(a, url);
	free(url);
	log_event(LOG_BULK_START, log_int("whole", since_ms == TIME_NONE));
	rc = keep(r, KEY_URL, *ret_url, e);
	/* Theirs once it is read. */
	if (rc == ERR_OK && hex[0] != '\0')
		rc = keep(r, KEY_NEXT_MEMBERS, hex, e);
	return rc;
}

/* --- waiting --- */

static int64_t
pause_ms(int64_t asked_s, int64_t own_s)
{
	if (asked_s > RETRY_MAX_S)
		asked_s = RETRY_MAX_S;
	if (asked_s > 0)
		return asked_s * 1000 + clock_jitter_ms(1000);
	return own_s * 1000 + clock_jitter_ms(own_s * 100);
}

/* *ret->ready, or the cycle's time is up. */
static enum err_code
wait(struct read *r, const char *url, struct client_export *ret, struct err *e)
{
	int64_t left = (int64_t)r->server->bulk_wait_s * 1000;
	int64_t own_s = PAUSE_FIRST_S;
	enum err_code rc;

	for (;;) {
		int64_t ms;

		rc = client_export_look(r->client, url, ret, e);
		if (rc != ERR_OK || ret->ready)
			return rc;
		ms = pause_ms(ret->retry_after_s, own_s);
		if (ms > left)
			return ERR_OK;
		left -= ms;
		own_s = own_s * 2 > PAUSE_MAX_S ? PAUSE_MAX_S : own_s * 2;
		clock_sleep_ms(ms);
		rc = read_stopped(e);
		if (rc != ERR_OK)
			return rc;
	}
}

/* --- the job --- */

static enum err_code
apply(struct read *r, const struct client_export *x, struct arena *a,
    struct err *e)
{
	struct bulk_manifest m;
	struct json_doc *doc = NULL;
	enum err_code rc = json_parse(x->body, x->len, &doc, e);

	if (rc == ERR_OK)
		rc = bulk_manifest_read(json_root(doc), a, &m, e);
	json_free(doc);
	return rc == ERR_OK ? bulk_apply(r, &m, e) : rc;
}

static enum err_code
finish(struct read *r, const char *url, struct err *e)
{
	struct err unheard = ERR_INIT;
	struct arena *a = arena_new();
	const char *members;
	enum err_code rc = recall(r, KEY_NEXT_MEMBERS, a, &members, e);

	if (rc == ERR_OK)
		rc = keep(r, KEY_MEMBERS, members, e);
	if (rc == ERR_OK)
		rc = forget_job(r, e);
	arena_free(a);
	log_event(LOG_BULK_DONE, log_word("server", r->server->name));
	if (rc == ERR_OK)
		rc = read_keep(r, "bulk", "next",
		    clock_now_ms() + (int64_t)r->server->bulk_interval_s * 1000,
		    e);
	/* Politeness: what comes of it does not matter. */
	if (client_export_end(r->client, url, &unheard) != ERR_OK)
		log_event(LOG_BULK_FAILED, log_word("step", "delete"),
		    log_word("code", err_name(unheard.code)));
	return rc;
}

/* A job that is gone, or that fails again and again, is given up; the next
 * cycle asks for another. */
static enum err_code
fail(struct read *r, const char *url, enum err_code rc, struct err *e)
{
	struct err why = ERR_INIT, unheard = ERR_INIT;

	log_event(LOG_BULK_FAILED, log_word("code", err_name(rc)));
	if (rc == ERR_NOT_FOUND || rc == ERR_GONE)
		return forget_job(r, &why) == ERR_OK ? rc
						     : (*e = why, why.code);
	if (read_is_final(rc) || ++r->bulk_failures < MAX_FAILURES)
		return rc;
	if (client_export_end(r->client, url, &unheard) != ERR_OK)
		log_event(LOG_BULK_FAILED, log_word("step", "delete"));
	return forget_job(r, &why) == ERR_OK ? rc : (*e = why, why.code);
}

/* *ret_gone: the job is no more; another may be asked for. */
static enum err_code
follow(struct read *r, const char *url, struct arena *a, bool *ret_gone,
    struct err *e)
{
	struct client_export x = {0};
	enum err_code rc = wait(r, url, &x, e);

	*ret_gone = rc == ERR_NOT_FOUND || rc == ERR_GONE;
	if (rc == ERR_OK && !x.ready) {
		log_event(LOG_BULK_WAIT, log_word("server", r->server->name));
		report_note(r->report,
		    "the export is not ready; the next cycle goes on waiting");
		return ERR_OK;
	}
	if (rc == ERR_OK)
		rc = apply(r, &x, a, e);
	free(x.body);
	return rc == ERR_OK ? finish(r, url, e) : fail(r, url, rc, e);
}

static enum err_code
bulk_run(struct read *r, struct err *e)
{
	struct arena *a = arena_new();
	const char *url = "";
	int64_t next = TIME_NONE;
	bool resumed, gone = false;
	enum err_code rc = recall(r, KEY_URL, a, &url, e);

	if (rc == ERR_OK)
		rc = read_recall(r, "bulk", "next", &next, e);
	resumed = url[0] != '\0';
	if (rc != ERR_OK ||
	    (!resumed && next != TIME_NONE && clock_now_ms() < next))
		goto out;
	if (!resumed)
		rc = start(r, a, &url, e);
	if (rc == ERR_OK)
		rc = follow(r, url, a, &gone, e);
	if (resumed && gone) { /* it was kept too long: once more */
		rc = start(r, a, &url, e);
		if (rc == ERR_OK)
			rc = follow(r, url, a, &gone, e);
	}
out:
	arena_free(a);
	return rc;
}

const struct read_mode read_mode_bulk = {"bulk", 0, bulk_fits, bulk_run};
