/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers for a monitoring system: what metrics.def lists and nothing else.
 * No patient and no text of a server is in them.  `rescan run` accepts no
 * connections, so they go to a file after each cycle.
 */
#ifndef RESCAN_METRICS_H
#define RESCAN_METRICS_H

#include "fhir/observe.h"
#include "fhir/util/strbuf.h"
#include "gateway/report.h"

enum metric_id {
#define METRIC(id, type, name, labels, help) METRIC_##id,
#include "gateway/metrics.def"
#undef METRIC
	METRIC__MAX
};

struct metrics {
	const char *server; /* borrowed */
	int64_t v[METRIC__MAX];
	bool set[METRIC__MAX];
};

void metrics_init(struct metrics *m, const char *server);
void metrics_add(struct metrics *m, enum metric_id id, int64_t n);
void metrics_set(struct metrics *m, enum metric_id id, int64_t v);

/* Count what the client noticed, and what a cycle did (e is NULL when it went
 * well). */
void metrics_notice(struct metrics *m, const struct notice *n);
void metrics_cycle(
    struct metrics *m, const struct cycle_report *r, const struct err *e);

/* Prometheus' text format 0.0.4, appended. */
void metrics_print(const struct metrics *m, struct strbuf *out);

/* The same into a file that is there whole or not at all.  ERR_IO. */
enum err_code metrics_write(
    const struct metrics *m, const char *path, struct err *e) MUST_CHECK;

#endif
