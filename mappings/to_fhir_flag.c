/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flag: an unconfirmed progression (iUPD) that waits for its confirmation
 * scan.  One for each patient and first iUPD of a block, by the day of that
 * iUPD; whatever comes later changes its status, never its identity.
 */
#include <string.h>

#include "fhir/datetime.h"
#include "mappings/to_fhir_parts.h"

#define FLAG_DETAIL "http://hl7.org/fhir/StructureDefinition/flag-detail"

/* From the first iUPD to what settled it. */
struct block {
	size_t anchor;
	bool settled;
	size_t by; /* timepoint, when settled */
	enum category how;
};

static const char *
flag_text(struct to_fhir_run *run, const struct block *k)
{
	const struct timepoint *t = run->x->timeline->timepoints.items;
	const struct verdict *v = run_verdict(run, "irecist", k->anchor);
	char on[DAY_SIZE], a[DAY_SIZE], b[DAY_SIZE];

	day_format(t[k->anchor].day, on);
	if (!k->settled)
		return arena_printf(run->a,
		    "Unconfirmed progression (iUPD) on %s. Confirmation scan "
		    "due between %s and %s",
		    on, day_format(v->confirm_from, a),
		    day_format(v->confirm_to, b));
	return arena_printf(run->a,
	    "Unconfirmed progression (iUPD) on %s: %s on %s (%s)", on,
	    k->how == CAT_ICPD ? "confirmed" : "not confirmed",
	    day_format(t[k->by].day, a), category_name(k->how));
}

static void
flag_code(struct json_writer *w, struct to_fhir_run *run, const char *text)
{
	json_begin_array(w, "category");
	part_codeable(w, NULL, SYSTEM_HL7 "flag-category",
	    part_output_code(
		run, "flag_category_clinical", SYSTEM_HL7 "flag-category"),
	    "Clinical", NULL);
	json_end_array(w);
	json_begin_object(w, "code");
	json_begin_array(w, "coding");
	part_coding(w, RESCAN_CODE_SYSTEM "/flag", "unconfirmed-progression",
	    "Unconfirmed progression awaits confirmation");
	part_coding(w, SYSTEM_NCIT,
	    part_output_code(run, "flag_code_iupd", SYSTEM_NCIT),
	    "iRECIST Unconfirmed Progressive Disease");
	json_end_array(w);
	json_put_string(w, "text", text);
	json_end_object(w);
}

static const char *
flag_write(struct to_fhir_run *run, const struct block *k)
{
	const struct timepoint *t = run->x->timeline->timepoints.items;
	const char *text = flag_text(run, k), *identifier;
	char day[DAY_SIZE];
	struct body b;
	struct json_writer *w = &b.w;
	struct output *o;

	identifier = part_identify(run, "flag",
	    arena_printf(run->a, "iupd %s", day_format(t[k->anchor].day, day)));
	body_begin(&b, "Flag");
	if (k->settled)
		part_meta(w, NULL, NULL, NULL);
	else
		part_meta(
		    w, SYSTEM_HL7 "common-tags", "actionable", "Actionable");
	part_narrative(w, arena_printf(run->a, "%s.\n" DISCLAIMER, text));
	if (run->reports[k->anchor] != NULL) {
		json_begin_array(w, "extension");
		json_begin_object(w, NULL);
		json_put_string(w, "url", FLAG_DETAIL);
		part_reference_own(
		    w, "valueReference", run->reports[k->anchor]);
		json_end_object(w);
		json_end_array(w);
	}
	part_identifier(w, identifier);
	json_put_string(w, "status", k->settled ? "inactive" : "active");
	flag_code(w, run, text);
	part_reference(w, "subject", run->x->timeline->patient);
	json_begin_object(w, "period");
	part_day(w, "start", t[k->anchor].day);
	if (k->settled)
		part_day(w, "end", t[k->by].day);
	json_end_object(w);
	part_reference_own(w, "author", run->device);
	o = part_emit(run, "Flag", "flag", identifier, &b,
	    arena_printf(run->a, "Flag %s: %s",
		k->settled ? "inactive" : "active", text));
	o->only_if_exists = k->settled;
	return identifier;
}

/* The next block from timepoint *at on; *at is behind it afterwards. */
static bool
block_next(const struct to_fhir_run *run, size_t *at, struct block *ret)
{
	size_t n = run->x->timeline->timepoints.n;
	bool open = false;

	for (; *at < n; (*at)++) {
		const struct verdict *v = run_verdict(run, "irecist", *at);

		if (v == NULL)
			continue;
		if (!open && v->overall == CAT_IUPD) {
			*ret = (struct block){.anchor = *at};
			open = true;
		} else if (open && v->overall != CAT_IUPD &&
			   v->overall != CAT_NE && v->overall != CAT_NA) {
			/*= irecist §4.4: NE never clears what is pending */
			ret->settled = true;
			ret->by = *at;
			ret->how = v->overall;
			(*at)++;
			break;
		}
	}
	return open;
}

void
to_fhir_flags(struct to_fhir_run *run)
{
	struct block k = {0};
	size_t at = 0;

	while (block_next(run, &at, &k)) {
		const char *identifier = flag_write(run, &k);

		if (k.settled) {
			run->settled[k.by] = identifier;
		} else {
			run->open = identifier;
			run->open_at = k.anchor;
		}
	}
}
