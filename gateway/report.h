/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one cycle did, for people.
 */
#ifndef RESCAN_REPORT_H
#define RESCAN_REPORT_H

#include "gateway/deliver.h"
#include "mappings/assessment.h"

/* More patients than this are counted, not listed. */
#define REPORT_MAX_PATIENTS 1000

struct report_output {
	const char *type, *kind, *label;
	const char *id;         /* on the server, "" */
	const char *base, *via; /* where it went instead, or NULL */
	const char *error;
	enum delivery what;
};

struct report_patient {
	int64_t row;
	const char *key;
	LIST_OF(const char *) lines; /* what was concluded */
	LIST_OF(struct report_output) outputs;
};

struct cycle_report {
	struct arena *arena; /* owns it */
	const char *server, *base;
	bool dry_run;
	int64_t start_ms, end_ms;
	const char *mode; /* of reading, or NULL */
	int searches, pages;
	int suspect;  /* runs to be repeated soon: something moved */
	int restarts; /* of runs whose pages were forgotten */
	size_t swept, withdrawn, skipped; /* patients, resources, patients */
	LIST_OF(const char *) notes;      /* what the reader must know */
	size_t entries, stored, unchanged, own, quarantined, reads;
	size_t assessed, failed;
	size_t delivered[DELIVERED__MAX];
	LIST_OF(struct report_patient) patients;
	size_t unlisted; /* patients beyond REPORT_MAX_PATIENTS */
};

void report_init(struct cycle_report *r, const char *server, const char *base);
void report_done(struct cycle_report *r);

/* The same line once. */
void report_note(struct cycle_report *r, const char *fmt, ...) PRINTF(2, 3);

/* The patient's place in the report; never NULL. */
struct report_patient *report_patient(
    struct cycle_report *r, int64_t row, const char *key);
void report_assessment(struct cycle_report *r, struct report_patient *p,
    const struct assessment *x);
/* Merged into another: what was said of it is withdrawn. */
void report_merged(struct cycle_report *r, struct report_patient *p);
/* via: the other server it went to, or NULL. */
void report_output(struct cycle_report *r, struct report_patient *p,
    const struct store_output *o, enum delivery what,
    const struct config_server *via);

/* For each patient: who, what was concluded, what was written and where. */
void pipeline_print(const struct cycle_report *r, FILE *out);

#endif
