/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of the probe only.
 */
#ifndef RESCAN_PROBE_PRIV_H
#define RESCAN_PROBE_PRIV_H

#include "fhir/json.h"
#include "gateway/probe.h"

struct probe {
	const struct probe_options *o;
	struct probe_report *out;
	struct arena *a;
	struct client *client;
	struct capability capability;
	const struct json_value *statement; /* the CapabilityStatement */
	/* the answer to the last question */
	struct http_response r;
	struct json_doc *doc;
	const struct json_value *root; /* NULL: no JSON */
	long status;                   /* 0: no answer */
	struct err why;
	/* over all */
	int64_t skew_ms; /* largest seen */
	bool dated, gzip, http2, stopped;
	bool lasting, raced; /* tests stay; several were written at once */
	bool sized;          /* it is known how long an address may be */
	int silent;          /* questions in a row without an answer */
	char rate[160];
};

/* Ask, waiting out a short "not now".  The status; the answer stands in p
 * until the next question. */
long probe_ask(struct probe *p, const char *method, const char *path,
    const char *header, const char *body);
/* POST of a search's parameters. */
long probe_post(struct probe *p, const char *path, const char *form);
/* An answer got otherwise stands in p now; it is taken out of *r. */
void probe_take(struct probe *p, struct http_response *r);
/* GET, the path printed. */
long probe_get(struct probe *p, const char *fmt, ...) PRINTF(2, 3);

void probe_find(struct probe *p, enum probe_level level, const char *id,
    const char *type, const char *says, const char *fmt, ...) PRINTF(6, 7);

/* The type in rest.resource, or NULL. */
const struct json_value *probe_stated(const struct probe *p, const char *type);
/* "yes" or "no": the parameter stands there; "" when it says nothing. */
const char *probe_says_param(
    const struct probe *p, const char *type, const char *name);

/* Entries that are matches, in p->root. */
size_t probe_entries(const struct probe *p);
const char *probe_link(const struct probe *p, const char *relation);

bool probe_is_searchset(const struct probe *p);

/* probe_read.c, probe_length.c, probe_write.c */
void probe_read(struct probe *p);
void probe_length(struct probe *p, const char *type, const char *stem);
void probe_write(struct probe *p);

#endif
