/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)1 << 20)

enum metric_type { COUNTER, GAUGE, COUNTER_MS, GAUGE_MS };

static const struct {
	enum metric_type type;
	const char *name, *labels, *help;
} rows[METRIC__MAX] = {
#define METRIC(id, type, name, labels, help) {type, name, labels, help},
#include "gateway/metrics.def"
#undef METRIC
};

void
metrics_init(struct metrics *m, const char *server)
{
	memset(m, 0, sizeof(*m));
	m->server = server;
}

void
metrics_add(struct metrics *m, enum metric_id id, int64_t n)
{
	m->v[id] += n;
	m->set[id] = true;
}

void
metrics_set(struct metrics *m, enum metric_id id, int64_t v)
{
	m->v[id] = v;
	m->set[id] = true;
}

static enum metric_id
outcome(const struct notice *n)
{
	if (n->code != ERR_OK)
		return METRIC_REQUESTS_BROKEN;
	if (n->status == 429)
		return METRIC_REQUESTS_THROTTLED;
	if (n->status >= 500)
		return METRIC_REQUESTS_FAILED;
	return n->status >= 400 ? METRIC_REQUESTS_REFUSED
				: METRIC_REQUESTS_DONE;
}

/* Notices that count one each; METRIC__MAX: none. */
static const enum metric_id counts[NOTICE__MAX] = {
    [NOTICE_EXCHANGE] = METRIC__MAX,
    [NOTICE_RETRY] = METRIC_RETRIES,
    [NOTICE_BUDGET] = METRIC__MAX,
    [NOTICE_DAY_OVER] = METRIC_DAY_OVER,
    [NOTICE_BREAKER_OPEN] = METRIC_BREAKER_OPENED,
    [NOTICE_BREAKER_PROBE] = METRIC__MAX,
    [NOTICE_BREAKER_CLOSED] = METRIC__MAX,
    [NOTICE_TOKEN] = METRIC_TOKENS,
    [NOTICE_TOKEN_FAILED] = METRIC_TOKENS_FAILED,
    [NOTICE_TOKEN_REFUSED] = METRIC_TOKENS_REFUSED,
    [NOTICE_SCOPE] = METRIC__MAX,
    [NOTICE_CERTIFICATE] = METRIC__MAX,
    [NOTICE_OWN_CERTIFICATE] = METRIC__MAX,
    [NOTICE_SKEW] = METRIC__MAX,
    [NOTICE_SMALLER_PAGES] = METRIC__MAX,
};

void
metrics_notice(struct metrics *m, const struct notice *n)
{
	if (counts[n->event] != METRIC__MAX)
		metrics_add(m, counts[n->event], 1);
	switch (n->event) {
	case NOTICE_EXCHANGE:
		metrics_add(m, outcome(n), 1);
		metrics_add(m, METRIC_REQUEST_TIME, n->n);
		metrics_add(m, METRIC_BYTES, (int64_t)n->bytes);
		break;
	case NOTICE_BUDGET:
		metrics_add(m, METRIC_BUDGET_WAIT, n->n);
		break;
	case NOTICE_BREAKER_OPEN:
	case NOTICE_BREAKER_CLOSED:
		metrics_set(
		    m, METRIC_BREAKER_OPEN, n->event == NOTICE_BREAKER_OPEN);
		break;
	case NOTICE_SKEW:
		metrics_set(m, METRIC_SKEW, n->n);
		break;
	default:
		break;
	}
}

void
metrics_cycle(
    struct metrics *m, const struct cycle_report *r, const struct err *e)
{
	metrics_add(
	    m, e == NULL ? METRIC_CYCLES_DONE : METRIC_CYCLES_FAILED, 1);
	metrics_set(m, METRIC_CYCLE_TIME, r->end_ms - r->start_ms);
	metrics_set(m, METRIC_CYCLE_END, r->end_ms);
	if (e == NULL)
		metrics_set(m, METRIC_CYCLE_DONE_END, r->end_ms);
	metrics_add(m, METRIC_ENTRIES, (int64_t)r->entries);
	metrics_add(m, METRIC_READS, (int64_t)r->reads);
	metrics_add(m, METRIC_STORED, (int64_t)r->stored);
	metrics_add(m, METRIC_QUARANTINED, (int64_t)r->quarantined);
	metrics_add(m, METRIC_ASSESSED, (int64_t)r->assessed);
	metrics_add(m, METRIC_ASSESS_FAILED, (int64_t)r->failed);
	metrics_add(
	    m, METRIC_WRITES_CREATED, (int64_t)r->delivered[DELIVERED_CREATED]);
	metrics_add(
	    m, METRIC_WRITES_UPDATED, (int64_t)r->delivered[DELIVERED_UPDATED]);
	metrics_add(
	    m, METRIC_WRITES_REFUSED, (int64_t)r->delivered[DELIVERED_REFUSED]);
	metrics_add(m, METRIC_WRITES_DISMISSED,
	    (int64_t)r->delivered[DELIVERED_DISMISSED]);
	metrics_set(
	    m, METRIC_WRITES_WAITING, (int64_t)r->delivered[DELIVERED_WAITING]);
}

static void
put_head(struct strbuf *out, size_t i)
{
	bool counter = rows[i].type == COUNTER || rows[i].type == COUNTER_MS;

	strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", rows[i].name,
	    rows[i].help, rows[i].name, counter ? "counter" : "gauge");
}

static void
put_row(const struct metrics *m, size_t i, struct strbuf *out)
{
	bool ms = rows[i].type == COUNTER_MS || rows[i].type == GAUGE_MS;
	int64_t v = m->v[i];

	strbuf_addf(out, "%s{server=\"", rows[i].name);
	for (const char *s = m->server; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			strbuf_addc(out, '\\');
		strbuf_addc(out, *s);
	}
	strbuf_addf(out, "\"%s%s} ", rows[i].labels[0] == '\0' ? "" : ",",
	    rows[i].labels);
	if (ms)
		strbuf_addf(out, "%s%" PRId64 ".%03" PRId64 "\n",
		    v < 0 ? "-" : "", (v < 0 ? -v : v) / 1000,
		    (v < 0 ? -v : v) % 1000);
	else
		strbuf_addf(out, "%" PRId64 "\n", v);
}

void
metrics_print(const struct metrics *m, struct strbuf *out)
{
	const char *last = "";

	for (size_t i = 0; i < METRIC__MAX; i++) {
		bool gauge = rows[i].type == GAUGE || rows[i].type == GAUGE_MS;

		if (strcmp(last, rows[i].name) != 0)
			put_head(out, i);
		last = rows[i].name;
		if (m->set[i] || !gauge)
			put_row(m, i, out);
	}
}

enum err_code
metrics_write(const struct metrics *m, const char *path, struct err *e)
{
	char part[PATH_MAX];
	struct strbuf text;
	FILE *f = NULL;
	bool ok =
	    snprintf(part, sizeof(part), "%s.part", path) < (int)sizeof(part);

	strbuf_init(&text, TEXT_MAX);
	metrics_print(m, &text);
	if (ok)
		f = fopen(part, "we");
	ok = f != NULL && fwrite(text.s, 1, text.len, f) == text.len;
	if (f != NULL)
		ok = fclose(f) == 0 && ok;
	ok = ok && rename(part, path) == 0;
	strbuf_done(&text);
	if (ok)
		return ERR_OK;
	err_set(e, ERR_IO, "%.300s: %s", path, strerror(errno));
	if (f != NULL)
		unlink(part);
	return ERR_IO;
}
