/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/bench.h"

#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "tests/support/check_main.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CERTS "build/test-certs"

static int64_t now_ms;

static int64_t
bench_now(void)
{
	return now_ms;
}

static int64_t
bench_monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
bench_sleep(int64_t ms)
{
	(void)ms;
}

static int64_t
bench_jitter(int64_t max)
{
	(void)max;
	return 0;
}

static const struct clock_ops bench_clock = {
    bench_now, bench_monotonic, bench_sleep, bench_jitter};

static void
must(struct bench *b, enum err_code rc)
{
	ck_assert_msg(rc == ERR_OK, "%s: %s", err_name(rc), b->e.text);
}

void
bench_set_day(const char *day)
{
	now_ms = (int64_t)day_parse(day) * 86400000 + 43200000;
}

void
bench_pass_s(int64_t seconds)
{
	now_ms += seconds * 1000;
}

void
bench_clock_start(void)
{
	bench_set_day(BENCH_TODAY);
	clock_replace(&bench_clock);
	log_level(-1);
}

/* --- life --- */

static void
write_config(struct bench *b, const char *more)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/rescan.ini", b->dir);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f,
	    "[poll]\nsweep_hours = 0\nirae_types =\n"
	    "[server \"sandbox\"]\nbase_url = %s\nca_file = %s/ca.pem\n"
	    "retries = 2\nbackoff_ms = 1\n%s\n",
	    sandbox_url(b->sandbox), CERTS,
	    more != NULL && more[0] != '[' ? more : "");
	fprintf(f, "[store]\npath = %s/store.db\n%s\n", b->dir,
	    more != NULL && more[0] == '[' ? more : "");
	fclose(f);
	must(b, config_load(path, &b->config, &b->e));
	must(b, config_server(b->config, "sandbox", &b->server, &b->e));
}

void
bench_open(struct bench *b, const char *more)
{
	struct pipeline_options o;

	write_config(b, more);
	must(b, store_sqlite.open(
		    b->config->store_path, STORE_WRITER, &b->store, &b->e));
	o = (struct pipeline_options){.config = b->config,
	    .server = b->server,
	    .maps = b->maps,
	    .store = b->store};
	must(b, pipeline_new(&o, &b->pipeline, &b->e));
}

void
bench_close(struct bench *b)
{
	pipeline_free(b->pipeline);
	if (b->store != NULL)
		b->store->ops->close(b->store);
	config_free(b->config);
	b->pipeline = NULL;
	b->store = NULL;
	b->config = NULL;
}

static void
begin(struct bench *b, const char *more, struct sandbox_options o)
{
	static const char *const dirs[] = {"mappings/maps"};

	memset(b, 0, sizeof(*b));
	bench_clock_start();
	/* In memory when there is such a place: a commit waits for no disk. */
	snprintf(b->dir, sizeof(b->dir), "%s/rescan_bench.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(b->dir));
	must(b, sandbox_make_certs(CERTS, &b->e));
	o.cert_dir = CERTS;
	must(b, sandbox_new(&o, &b->sandbox, &b->e));
	must(b, sandbox_start(b->sandbox, &b->e));
	must(b, codemap_load(dirs, 1, &b->maps, &b->e));
	bench_open(b, more);
}

void
bench_begin(struct bench *b, const char *more)
{
	begin(b, more, (struct sandbox_options)SANDBOX_DEFAULTS);
}

void
bench_begin_pages(struct bench *b, int page_count)
{
	struct sandbox_options o = SANDBOX_DEFAULTS;

	o.page_count = page_count;
	begin(b, NULL, o);
}

void
bench_forget(struct bench *b)
{
	static const char *const names[] = {
	    "store.db", "store.db-wal", "store.db-shm", "store.db.lock"};
	char path[128];

	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", b->dir, names[i]);
		unlink(path);
	}
}

void
bench_end(struct bench *b)
{
	char path[96];

	if (b->report.arena != NULL)
		report_done(&b->report);
	bench_close(b);
	sandbox_stop(b->sandbox);
	codemap_free(b->maps);
	bench_forget(b);
	snprintf(path, sizeof(path), "%s/rescan.ini", b->dir);
	unlink(path);
	rmdir(b->dir);
	clock_replace(NULL);
}

void
bench_try_for(struct bench *b, enum err_code want)
{
	enum err_code rc;

	if (b->report.arena != NULL)
		report_done(&b->report);
	b->e = (struct err)ERR_INIT;
	rc = pipeline_cycle(b->pipeline, &b->report, &b->e);
	ck_assert_msg(rc == want, "%s, not %s: %s", err_name(rc),
	    err_name(want), b->e.text);
}

void
bench_cycle(struct bench *b)
{
	bench_try_for(b, ERR_OK);
}

void
bench_idle(struct bench *b)
{
	bench_cycle(b);
	ck_assert_uint_eq(b->report.stored, 0);
	ck_assert_uint_eq(b->report.assessed, 0);
}

void
bench_fault(struct bench *b, struct sandbox_fault f)
{
	ck_assert_int_eq(sandbox_fault(b->sandbox, &f, &b->e), ERR_OK);
}

/* --- data --- */

void
bench_put(struct bench *b, const char *fmt, ...)
{
	struct arena *a = arena_new();
	va_list ap;

	va_start(ap, fmt);
	must(b, sandbox_put(b->sandbox, arena_vprintf(a, fmt, ap), &b->e));
	va_end(ap);
	arena_free(a);
}

static const char *
scan_day(const char *scan)
{
	static const char *const days[] = {
	    "2024-01-02", "2024-03-05", "2024-04-30", "2024-07-02"};

	return days[scan[1] - '0'];
}

void
bench_measure(struct bench *b, const char *patient, const char *scan,
    const char *lesion, const char *mm, const char *status)
{
	bench_put(b,
	    "{\"resourceType\":\"Observation\",\"id\":\"%s-%s-%s\","
	    "\"status\":\"%s\",\"code\":{\"coding\":[{\"system\":"
	    "\"http://loinc.org\",\"code\":\"21889-1\"}]},"
	    "\"subject\":{\"reference\":\"Patient/%s\"},"
	    "\"effectiveDateTime\":\"%s\","
	    "\"focus\":[{\"reference\":\"BodyStructure/%s-%s\"}],"
	    "\"derivedFrom\":[{\"reference\":\"ImagingStudy/%s-%s\"}],"
	    "\"valueQuantity\":{\"value\":%s,\"unit\":\"mm\",\"system\":"
	    "\"http://unitsofmeasure.org\",\"code\":\"mm\"}}",
	    patient, scan, lesion, status, patient, scan_day(scan), patient,
	    lesion, patient, scan, mm);
}

static void
put_lesion(struct bench *b, const char *patient, const char *lesion)
{
	bench_put(b,
	    "{\"resourceType\":\"BodyStructure\",\"id\":\"%s-%s\","
	    "\"identifier\":[{\"system\":\"http://pacs\",\"value\":"
	    "\"%s-%s\"}],\"morphology\":{\"coding\":[{\"system\":"
	    "\"http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl\","
	    "\"code\":\"C94520\"}]},\"location\":{\"coding\":[{\"system\":"
	    "\"http://snomed.info/sct\",\"code\":\"39607008\"}]},"
	    "\"patient\":{\"reference\":\"Patient/%s\"}}",
	    patient, lesion, patient, lesion, patient);
}

void
bench_scan(struct bench *b, const char *patient, const char *scan)
{
	bench_put(b,
	    "{\"resourceType\":\"ImagingStudy\",\"id\":\"%s-%s\","
	    "\"status\":\"available\",\"started\":\"%sT09:00:00Z\","
	    "\"subject\":{\"reference\":\"Patient/%s\"},\"modality\":[{"
	    "\"system\":\"http://dicom.nema.org/resources/ontology/DCM\","
	    "\"code\":\"CT\"}]}",
	    patient, scan, scan_day(scan), patient);
}

void
bench_seed(struct bench *b, const char *id)
{
	bench_put(b, "{\"resourceType\":\"Patient\",\"id\":\"%s\"}", id);
	bench_put(b,
	    "{\"resourceType\":\"Medication\",\"id\":\"pembro\",\"code\":{"
	    "\"coding\":[{\"system\":\"http://www.nlm.nih.gov/research/umls/"
	    "rxnorm\",\"code\":\"1547545\"}]}}");
	bench_put(b,
	    "{\"resourceType\":\"MedicationAdministration\",\"id\":\"%s-d\","
	    "\"status\":\"completed\",\"medicationReference\":{\"reference\":"
	    "\"Medication/pembro\"},\"subject\":{\"reference\":\"Patient/%s\"}"
	    ",\"effectiveDateTime\":\"2024-01-10\"}",
	    id, id);
	put_lesion(b, id, "a");
	put_lesion(b, id, "b");
	bench_scan(b, id, "s0");
	bench_scan(b, id, "s1");
	bench_measure(b, id, "s0", "a", "31.0", "final");
	bench_measure(b, id, "s0", "b", "20.0", "final");
	bench_measure(b, id, "s1", "a", "45.0", "final");
	bench_measure(b, id, "s1", "b", "25.0", "final");
}

void
bench_edit(struct bench *b, const char *type, const char *id, const char *from,
    const char *to)
{
	char *text = sandbox_get(b->sandbox, type, id);
	const char *at;

	ck_assert_msg(text != NULL, "no %s", type);
	at = strstr(text, from);
	ck_assert_msg(at != NULL, "no %s in %s", from, text);
	bench_put(b, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	free(text);
}

/* --- what the store has --- */

static int64_t
row_of(struct bench *b, const char *patient, struct arena *a)
{
	struct store_row *rows;
	size_t n;

	must(b, b->store->ops->patients(
		    b->store, b->server->name, a, &rows, &n, &b->e));
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].key, patient) == 0)
			return rows[i].id;
	}
	return 0;
}

struct store_output *
bench_outputs(
    struct bench *b, const char *patient, struct arena *a, size_t *ret_n)
{
	struct store_output *o = NULL;

	must(b, b->store->ops->outputs(b->store, row_of(b, patient, a), NULL, a,
		    &o, ret_n, &b->e));
	return o;
}

struct store_output *
bench_output(
    struct bench *b, const char *patient, const char *type, struct arena *a)
{
	size_t n;
	struct store_output *o = bench_outputs(b, patient, a, &n);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(o[i].type, type) == 0 && o[i].state != OUTPUT_ABSENT)
			return &o[i];
	}
	return NULL;
}

const char *
bench_document(struct bench *b, const char *patient, struct arena *a)
{
	const char *doc;

	must(b, b->store->ops->assessment_get(
		    b->store, row_of(b, patient, a), a, &doc, &b->e));
	return doc;
}
