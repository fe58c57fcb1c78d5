/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe: how long an address may be.
 */
#include "gateway/probe_priv.h"

#include <string.h>

/* In bytes; most servers end at 8 or 16 KiB with everything in it. */
static const size_t lengths[] = {2000, 4000, 8000, 16000, 32000};
#define N_LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

/* "Type?…_id=a,b,…", none of them there, so that the whole address has n
 * bytes. */
static const char *
long_query(struct probe *p, const char *stem, size_t n)
{
	struct strbuf s;
	const char *kept;
	size_t left;

	strbuf_init(&s, n + 100);
	strbuf_addf(&s, "%s_count=1&_id=", stem);
	left = strlen(p->out->base) + 1;
	for (int i = 0; left + s.len + 60 < n; i++)
		strbuf_addf(
		    &s, "rescan-no-such-value-of-some-length-%08d%%2C", i);
	while (left + s.len < n)
		strbuf_addc(&s, 'x');
	kept = arena_strdup(p->a, s.s);
	strbuf_done(&s);
	return kept;
}

/* Whether it is the length that was refused: the same by POST is not. */
static bool
passes_by_post(struct probe *p, const char *query)
{
	size_t n = strcspn(query, "?");

	probe_post(p, arena_printf(p->a, "%.*s/_search", (int)n, query),
	    query + n + 1);
	return probe_is_searchset(p);
}

/*= interop C.4-8 */
void
probe_length(struct probe *p, const char *type, const char *stem)
{
	size_t most = 0;

	for (size_t i = 0; i < N_LENGTHS && !p->stopped; i++) {
		const char *query = long_query(p, stem, lengths[i]);
		long status = probe_get(p, "%s", query);
		bool other;

		if (probe_is_searchset(p)) {
			most = lengths[i];
			continue;
		}
		other = passes_by_post(p, query);
		if (status != 414 && status != 431 && !other) {
			probe_find(p, PROBE_UNKNOWN, "http.url", type, "",
			    "%zu bytes are taken; %zu not, status %ld, nor "
			    "by POST",
			    most, lengths[i], status);
			return;
		}
		p->out->profile.url_max = most > 0 ? (int)most : 1000;
		probe_find(p, PROBE_NOTE, "http.url", type, "",
		    "%zu bytes are taken, %zu not (status %ld)%s", most,
		    lengths[i], status,
		    other ? ": POST _search takes them" : "");
		return;
	}
	probe_find(p, PROBE_GOOD, "http.url", type, "",
	    "an address of %zu bytes is taken", most);
}
