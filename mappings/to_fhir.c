/* SPDX-License-Identifier: Apache-2.0 */
#include "mappings/to_fhir.h"

#include <string.h>

#include "mappings/to_fhir_parts.h"

void
to_fhir_device(struct to_fhir_run *run)
{
	static const char *const subject[] = {"device", "rescan"};
	struct body b;
	struct json_writer *w = &b.w;

	run->device = part_token(run->a, subject, 2);
	body_begin(&b, "Device");
	part_identifier(w, run->device);
	json_put_string(w, "status", "active");
	json_put_string(w, "manufacturer", "Rescan project");
	json_begin_array(w, "deviceName");
	json_begin_object(w, NULL);
	json_put_string(w, "name", "Rescan");
	json_put_string(w, "type", "user-friendly-name");
	json_end_object(w);
	json_end_array(w);
	part_codeable(w, "type", NULL, NULL, NULL,
	    "Software: tumour response assessment");
	json_begin_array(w, "version");
	json_begin_object(w, NULL);
	json_put_string(w, "value", run->o->version);
	json_end_object(w);
	json_end_array(w);
	part_emit(run, "Device", "device", run->device, &b,
	    arena_printf(run->a, "Device: Rescan %s", run->o->version));
}

/* A timepoint that gets a report: not before the baseline, and judged. */
static bool
is_reported(const struct to_fhir_run *run, size_t i)
{
	if (run->x->timeline->timepoints.items[i].phase == PHASE_PRE_BASELINE)
		return false;
	for (size_t k = 0; k < run->x->criteria.n; k++) {
		if (run_verdict(run, run->x->criteria.items[k].id, i) != NULL)
			return true;
	}
	return false;
}

static void
write_provenances(struct to_fhir_run *run)
{
	for (size_t i = 0; i < run->x->timeline->timepoints.n; i++) {
		const char *targets[2];
		size_t n = 0;

		if (run->reports[i] != NULL)
			targets[n++] = run->reports[i];
		/* Where the flag never stood, the deliverer leaves it out. */
		if (run->settled[i] != NULL)
			targets[n++] = run->settled[i];
		if (n > 0)
			to_fhir_provenance(run, i, targets, n);
	}
	if (run->open != NULL)
		to_fhir_provenance(run, run->open_at, &run->open, 1);
}

void
to_fhir(const struct assessment *x, const struct to_fhir_options *o,
    struct arena *a, const struct output **ret, size_t *ret_n)
{
	struct to_fhir_run run = {.x = x, .o = o, .a = a};
	size_t n = x->timeline->timepoints.n, newest = n;

	run.reports = arena_alloc(a, n * sizeof(*run.reports));
	run.settled = arena_alloc(a, n * sizeof(*run.settled));
	for (size_t i = 0; i < n; i++) {
		if (is_reported(&run, i))
			newest = i;
	}
	/* Without a checkpoint inhibitor there is nothing to report. */
	if (x->timeline->therapy_start != DAY_NONE &&
	    (newest < n || x->irae.n > 0)) {
		to_fhir_sources(&run);
		to_fhir_device(&run);
		for (size_t i = 0; i < n; i++) {
			if (is_reported(&run, i))
				to_fhir_report(&run, i, i == newest);
		}
		to_fhir_flags(&run);
		write_provenances(&run);
		to_fhir_irae(&run);
	}
	*ret = run.out.items;
	*ret_n = run.out.n;
}
