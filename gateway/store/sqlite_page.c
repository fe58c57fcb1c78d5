/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite backend: one page of facts, in one transaction.
 */
#include "gateway/store/sqlite.h"

#include <stdlib.h>
#include <string.h>

/* What is known of a resource before the page. */
struct known {
	bool there, stale;
	char version[80], patient[160], hash[80];
	int64_t last_updated_ms;
	enum resource_state state;
};

static enum err_code
known_get(struct sqlite_store *s, const char *server, const char *key,
    struct known *ret, struct err *e)
{
	sqlite3_stmt *st;
	enum err_code rc =
	    sqlite_bind(s, QUERY_RESOURCE_GET, &st, e, "ss", server, key);

	memset(ret, 0, sizeof(*ret));
	if (rc == ERR_OK)
		rc = sqlite_row(s, st, e);
	if (rc == ERR_END)
		return ERR_OK;
	if (rc != ERR_OK)
		return rc;
	ret->there = true;
	snprintf(ret->version, sizeof(ret->version), "%s", sqlite_text(st, 0));
	ret->last_updated_ms = sqlite_time(st, 1);
	snprintf(ret->patient, sizeof(ret->patient), "%s", sqlite_text(st, 2));
	snprintf(ret->hash, sizeof(ret->hash), "%s", sqlite_text(st, 3));
	ret->state = (enum resource_state)sqlite3_column_int(st, 4);
	ret->stale = sqlite3_column_int(st, 5) != 0;
	sqlite_end(st);
	return ERR_OK;
}

static bool
number(const char *s, unsigned long long *ret)
{
	char *end;

	if (s[0] < '0' || s[0] > '9' || strlen(s) > 18)
		return false;
	*ret = strtoull(s, &end, 10);
	return *end == '\0';
}

/*= interop D-13, D-25: an older time with a new version is news; a lower
 *= version that is no newer in time is an old copy. */
static bool
is_old_copy(const struct known *k, const struct store_resource *r)
{
	unsigned long long was, is;

	return !r->restored && number(k->version, &was) &&
	       number(r->version, &is) && is < was &&
	       r->last_updated_ms <= k->last_updated_ms;
}

static enum err_code
resource_put(struct sqlite_store *s, const char *server,
    const struct store_resource *r, struct err *e)
{
	return sqlite_run(s, QUERY_RESOURCE_PUT, e, "ssssnsssi", server, r->key,
	    r->type, r->version, r->last_updated_ms, r->patient, r->hash,
	    r->body, (int64_t)r->state);
}

static enum err_code
references_put(struct sqlite_store *s, const char *server,
    const struct store_resource *r, struct err *e)
{
	enum err_code rc =
	    sqlite_run(s, QUERY_REFERENCES_DROP, e, "ss", server, r->key);

	for (size_t i = 0; i < r->n_references && rc == ERR_OK; i++) {
		rc = sqlite_run(s, QUERY_REFERENCE_PUT, e, "sss", server,
		    r->key, r->references[i]);
	}
	if (rc == ERR_OK) {
		rc =
		    sqlite_run(s, QUERY_TARGETS_STALE, e, "ss", server, r->key);
	}
	return rc;
}

static enum err_code
mark_dirty(struct sqlite_store *s, const char *server,
    const struct store_resource *r, const struct known *k, struct err *e)
{
	enum err_code rc = ERR_OK;

	if (r->patient != NULL)
		rc = sqlite_run(s, QUERY_DIRTY, e, "ss", server, r->patient);
	/* It was about somebody else: that one changes, too. */
	if (rc == ERR_OK && k->patient[0] != '\0' &&
	    (r->patient == NULL || strcmp(r->patient, k->patient) != 0))
		rc = sqlite_run(s, QUERY_DIRTY, e, "ss", server, k->patient);
	if (rc == ERR_OK && r->patient == NULL) {
		rc = sqlite_run(s, QUERY_DIRTY_SHARED, e, "ss", server, r->key);
	}
	return rc;
}

/* --- merged patients --- */

enum err_code
sqlite_alias_get(struct sqlite_store *s, const char *server, const char *key,
    char buf[160], struct err *e)
{
	sqlite3_stmt *st;
	enum err_code rc =
	    sqlite_bind(s, QUERY_ALIAS_GET, &st, e, "ss", server, key);

	buf[0] = '\0';
	if (rc == ERR_OK)
		rc = sqlite_row(s, st, e);
	if (rc == ERR_END)
		return ERR_OK;
	if (rc != ERR_OK)
		return rc;
	snprintf(buf, 160, "%s", sqlite_text(st, 0));
	sqlite_end(st);
	return ERR_OK;
}

static enum err_code
merge(struct sqlite_store *s, const char *server, const char *alias,
    const char *survivor, struct err *e)
{
	enum err_code rc =
	    sqlite_run(s, QUERY_ALIAS_PUT, e, "sss", server, alias, survivor);

	if (rc == ERR_OK) { /* who was merged into the alias follows */
		rc = sqlite_run(
		    s, QUERY_ALIAS_MOVE, e, "sss", server, alias, survivor);
	}
	if (rc == ERR_OK)
		rc =
		    sqlite_run(s, QUERY_PATIENT_RETIRE, e, "ss", server, alias);
	if (rc == ERR_OK)
		rc = sqlite_run(s, QUERY_DIRTY, e, "ss", server, survivor);
	return rc;
}

/*= interop D-63: both ids are one patient; an unmerge undoes it. */
static enum err_code
alias_put(struct sqlite_store *s, const char *server,
    const struct store_resource *r, struct err *e)
{
	char was[160], last[160];
	const char *survivor = r->replaced_by;
	enum err_code rc = sqlite_alias_get(s, server, r->key, was, e);

	if (rc != ERR_OK || (survivor == NULL && was[0] == '\0'))
		return rc;
	if (survivor != NULL) {
		rc = sqlite_alias_get(s, server, survivor, last, e);
		if (rc != ERR_OK)
			return rc;
		if (last[0] != '\0')
			survivor = last;
		if (strcmp(survivor, r->key) == 0)
			survivor = NULL; /* a circle: nobody survives */
	}
	if (survivor != NULL) {
		if (strcmp(survivor, was) == 0)
			return ERR_OK;
		return merge(s, server, r->key, survivor, e);
	}
	rc = sqlite_run(s, QUERY_ALIAS_DROP, e, "ss", server, r->key);
	if (rc == ERR_OK)
		rc = sqlite_run(s, QUERY_DIRTY, e, "ss", server, r->key);
	if (rc == ERR_OK && was[0] != '\0')
		rc = sqlite_run(s, QUERY_DIRTY, e, "ss", server, was);
	return rc;
}

/* --- the page --- */

static enum err_code
take(struct sqlite_store *s, const char *server, const struct store_resource *r,
    struct store_page_result *ret, struct err *e)
{
	struct known k;
	enum err_code rc = known_get(s, server, r->key, &k, e);
	bool same;

	if (rc != ERR_OK)
		return rc;
	if (r->if_known && !k.there)
		return ERR_OK;
	same = k.there && k.state == r->state && strcmp(k.hash, r->hash) == 0;
	if (same || (k.there && is_old_copy(&k, r))) {
		ret->unchanged++;
		/* A touch without a change: keep the version for If-Match and
		 * Provenance, wake nobody. */
		if (same && (k.stale || strcmp(k.version, r->version) != 0 ||
				k.last_updated_ms != r->last_updated_ms))
			rc = resource_put(s, server, r, e);
		return rc;
	}
	ret->stored++;
	ret->oldest_ms = time_earlier(ret->oldest_ms, r->last_updated_ms);
	rc = resource_put(s, server, r, e);
	if (rc == ERR_OK)
		rc = sqlite_run(
		    s, QUERY_QUARANTINE_DROP, e, "ss", server, r->key);
	if (rc == ERR_OK)
		rc = references_put(s, server, r, e);
	if (rc == ERR_OK)
		rc = mark_dirty(s, server, r, &k, e);
	if (rc == ERR_OK && strcmp(r->type, "Patient") == 0)
		rc = alias_put(s, server, r, e);
	return rc;
}

static enum err_code
page(struct sqlite_store *s, const struct store_page *p,
    struct store_page_result *ret, struct err *e)
{
	enum err_code rc = ERR_OK;
	bool new;

	for (size_t i = 0; i < p->n_resources && rc == ERR_OK; i++)
		rc = take(s, p->server, &p->resources[i], ret, e);
	for (size_t i = 0; i < p->n_quarantine && rc == ERR_OK; i++) {
		rc = sqlite_quarantine_put(s, &p->quarantine[i], &new, e);
		if (rc == ERR_OK && new)
			ret->quarantined++;
	}
	for (size_t i = 0; i < p->n_retried && rc == ERR_OK; i++)
		rc = sqlite_run(
		    s, QUERY_QUARANTINE_SETTLE, e, "i", p->retried[i]);
	for (size_t i = 0; i < p->n_missed && rc == ERR_OK; i++) {
		rc = sqlite_run(
		    s, QUERY_RESOURCE_MISSED, e, "ss", p->server, p->missed[i]);
	}
	if (rc == ERR_OK && p->advance) {
		rc = sqlite_run(s, QUERY_CURSOR_PUT, e, "ssi", p->server,
		    p->cursor == NULL ? p->type : p->cursor, p->watermark_ms);
	}
	if (rc == ERR_OK && p->advance)
		rc = sqlite_quarantine_end(s, p, e);
	return rc;
}

enum err_code
sqlite_page_put(struct store *store, const struct store_page *p,
    struct store_page_result *ret, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	struct store_page_result result = {0, 0, 0, TIME_NONE};
	enum err_code rc = sqlite_begin(s, e);

	if (rc != ERR_OK)
		return rc;
	rc = sqlite_finish(s, page(s, p, &result, e), e);
	if (rc == ERR_OK)
		*ret = result;
	return rc;
}
