/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway against the sandbox, over verified TLS, in a folder of its own:
 * what the tests of pipeline and delivery share.  The gateway's clock stands
 * at BENCH_NOW unless it is moved; nobody sleeps.
 */
#ifndef RESCAN_TESTS_BENCH_H
#define RESCAN_TESTS_BENCH_H

#include "gateway/pipeline.h"
#include "tests/sandbox/sandbox.h"

/* Of the seeded patients: progression on 2024-03-05, to be confirmed from
 * 2024-04-02 to 2024-04-30. */
#define BENCH_TODAY "2024-04-10"

struct bench {
	char dir[64];
	struct sandbox *sandbox;
	struct config *config;
	const struct config_server *server;
	struct codemap *maps;
	struct store *store;
	struct pipeline *pipeline;
	struct cycle_report report; /* of the last cycle */
	struct err e;
};

/* more: further lines of the configuration, or NULL. */
void bench_begin(struct bench *b, const char *more);
/* With another number of entries a page when none is asked for. */
void bench_begin_pages(struct bench *b, int page_count);
void bench_end(struct bench *b);

/* Close the gateway; open it again on the same store, or on a new one. */
void bench_close(struct bench *b);
void bench_open(struct bench *b, const char *more);
void bench_forget(struct bench *b); /* removes the store, gateway closed */

/* Order a fault of the sandbox. */
void bench_fault(struct bench *b, struct sandbox_fault f);

/* Run a cycle that must end with that code; with ERR_OK. */
void bench_try_for(struct bench *b, enum err_code want);
void bench_cycle(struct bench *b);
/* One more, which must find nothing to do. */
void bench_idle(struct bench *b);

/* The clock alone: BENCH_TODAY, no log; for a process without a bench. */
void bench_clock_start(void);
void bench_set_day(const char *day); /* the gateway's today */
void bench_pass_s(int64_t seconds);

/* A patient with a Patient, two lesions, a baseline, a dose and a scan that
 * shows progression. */
void bench_seed(struct bench *b, const char *id);
/* A scan more: s2 on 2024-04-30, s3 on 2024-07-02. */
void bench_scan(struct bench *b, const char *patient, const char *scan);
/* One measurement; mm as text. */
void bench_measure(struct bench *b, const char *patient, const char *scan,
    const char *lesion, const char *mm, const char *status);
void bench_put(struct bench *b, const char *fmt, ...) PRINTF(2, 3);

/* Change the text of a stored resource, a new version. */
void bench_edit(struct bench *b, const char *type, const char *id,
    const char *from, const char *to);

/* Rows of the outbox of the patient with that key, in arena a. */
struct store_output *bench_outputs(
    struct bench *b, const char *patient, struct arena *a, size_t *ret_n);
/* The first of a type, or NULL. */
struct store_output *bench_output(
    struct bench *b, const char *patient, const char *type, struct arena *a);
/* The document of that patient. */
const char *bench_document(
    struct bench *b, const char *patient, struct arena *a);

#endif
