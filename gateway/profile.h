/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's profile: what `rescan probe` measured, as options of its
 * [server] section.  An INI file with the one section [profile].
 */
#ifndef RESCAN_PROFILE_H
#define RESCAN_PROFILE_H

#include "fhir/util/arena.h"
#include "fhir/util/strbuf.h"

/* Take one line; NULL, or what is wrong with it. */
typedef const char *(*profile_fn)(
    void *ctx, const char *key, const char *value);

/* Read a file; only what a probe finds out may stand in it, and base_url,
 * which says of whom.  Errors: ERR_IO; ERR_CONFIG with "file:line: …". */
enum err_code profile_read(
    const char *path, profile_fn fn, void *ctx, struct err *e) MUST_CHECK;

struct profile {
	const char *base, *software, *made; /* made: an instant */
	int page_count;                     /* 0: not known */
	int lag_s;                          /* -1: not measured */
	bool by_patient;                    /* searches have to name one */
	const char *last_updated;           /* "yes", "no", NULL: not known */
	const char *post_search;            /* "auto", "no", NULL: not known */
	int url_max;                        /* 0: none was found */
	bool sort;
	LIST_OF(const char *) accepts;
	bool accepts_known;
	bool if_none_exist, if_match;
};
void profile_write(const struct profile *p, struct strbuf *out);

#endif
