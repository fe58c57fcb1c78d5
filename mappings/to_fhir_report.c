/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DiagnosticReport and its result Observations, one report a timepoint.
 *
 * A report says only what was known at its timepoint, so that the reports of
 * earlier timepoints stand as they were when a later one comes.  Only the
 * newest also says what is to be done next.
 */
#include <string.h>

#include "fhir/datetime.h"
#include "fhir/decimal.h"
#include "fhir/util/printable.h"
#include "mappings/document.h"
#include "mappings/to_fhir_parts.h"

/* Of the conclusion, which the narrative repeats, and of the form. */
#define TEXT_MAX ((size_t)1 << 20)
#define FORM_MAX ((size_t)4 << 20)

/* Criteria whose category becomes a conclusionCode. */
static const struct {
	const char *id, *concept; /* of the criterion itself, map "output" */
	bool loinc;               /* LOINC has answers for its categories */
} coded[] = {
    {"irecist", "criteria_irecist", false},
    {"recist11", "criteria_recist_1_1", true},
};
#define N_CODED (sizeof(coded) / sizeof(*coded))

static const struct timepoint *
timepoint_at(const struct to_fhir_run *run, size_t i)
{
	return &run->x->timeline->timepoints.items[i];
}

/* --- results --- */

enum result_kind { RESULT_SUM, RESULT_BASELINE, RESULT_NADIR, RESULT_ABSOLUTE };

static const struct {
	const char *concept, *display, *unit, *code;
	int scale;
} results[RESULTS_MAX] = {
    [RESULT_SUM] = {"sum_of_diameters", "Sum of Diameters", "mm", "mm", 1},
    [RESULT_BASELINE] = {"pct_change_baseline_sum_diam",
	"Percent Change From Baseline in Sum of Diameter", "%", "%", 1},
    [RESULT_NADIR] = {"pct_change_nadir_sum_diam",
	"Percent Change From Nadir in Sum of Diameter", "%", "%", 1},
    [RESULT_ABSOLUTE] = {"abs_change_nadir_sum_diam",
	"Absolute Change From Nadir in Sum of Diameter", "mm", "mm", 1},
};

static bool
result_value(const struct verdict *v, size_t kind, int64_t *ret)
{
	if (v->burden == BURDEN_NONE)
		return false;
	switch (kind) {
	case RESULT_SUM:
		*ret = v->burden;
		return true;
	case RESULT_BASELINE:
		return v->overall != CAT_NA &&
		       change_tenths_pct(v->burden, v->base, ret);
	case RESULT_NADIR:
		return v->overall != CAT_NA &&
		       change_tenths_pct(v->burden, v->nadir, ret);
	default:
		if (v->overall == CAT_NA || v->nadir == BURDEN_NONE)
			return false;
		*ret = v->burden - v->nadir;
		return true;
	}
}

static void
result_write(struct to_fhir_run *run, size_t i, size_t kind, int64_t value,
    const char *identifier)
{
	const struct timepoint *t = timepoint_at(run, i);
	char day[DAY_SIZE], number[DECIMAL_SIZE];
	struct body b;
	struct json_writer *w = &b.w;

	body_begin(&b, "Observation");
	part_meta(w, NULL, NULL, NULL);
	part_identifier(w, identifier);
	json_put_string(w, "status", "preliminary");
	json_begin_array(w, "category");
	part_codeable(w, NULL, SYSTEM_HL7 "observation-category", "imaging",
	    "Imaging", NULL);
	json_end_array(w);
	part_codeable(w, "code", SYSTEM_NCIT,
	    part_output_code(run, results[kind].concept, SYSTEM_NCIT),
	    results[kind].display, results[kind].display);
	part_reference(w, "subject", run->x->timeline->patient);
	part_day(w, "effectiveDateTime", t->day);
	json_begin_object(w, "valueQuantity");
	json_put_decimal(w, "value", value, results[kind].scale);
	json_put_string(w, "unit", results[kind].unit);
	json_put_string(w, "system", SYSTEM_UCUM);
	json_put_string(w, "code", results[kind].code);
	json_end_object(w);
	part_reference_own(w, "device", run->device);
	if (t->n_studies > 0) {
		json_begin_array(w, "derivedFrom");
		for (size_t k = 0; k < t->n_studies; k++)
			part_reference(w, NULL, t->studies[k]);
		json_end_array(w);
	}
	part_emit(run, "Observation", "result", identifier, &b,
	    arena_printf(run->a, "%s: %s %s %s", day_format(t->day, day),
		results[kind].display,
		decimal_format(value, results[kind].scale, number),
		results[kind].unit));
}

void
to_fhir_results(
    struct to_fhir_run *run, size_t i, const char **ret, size_t *ret_n)
{
	const struct verdict *v = run_verdict(run, "recist11", i);
	char day[DAY_SIZE];
	int64_t value;
	size_t n = 0;

	if (v == NULL)
		v = run_verdict(run, "irecist", i);
	day_format(timepoint_at(run, i)->day, day);
	for (size_t k = 0; v != NULL && k < RESULTS_MAX; k++) {
		if (!result_value(v, k, &value))
			continue;
		ret[n] = part_identify(run, "result",
		    arena_printf(run->a, "%s %s", day, results[k].concept));
		result_write(run, i, k, value, ret[n]);
		n++;
	}
	*ret_n = n;
}

/* --- conclusion --- */

static void
say_burden(struct strbuf *s, const struct verdict *v)
{
	char buf[DECIMAL_SIZE], nadir[DECIMAL_SIZE];
	int64_t tenths;

	if (v == NULL || v->burden == BURDEN_NONE)
		return;
	strbuf_addf(s, " Sum of target diameters %s mm",
	    decimal_format(v->burden, 1, buf));
	if (v->overall != CAT_NA &&
	    change_tenths_pct(v->burden, v->base, &tenths))
		strbuf_addf(s, ", %s%s %% from baseline", tenths > 0 ? "+" : "",
		    decimal_format(tenths, 1, buf));
	if (v->overall != CAT_NA &&
	    change_tenths_pct(v->burden, v->nadir, &tenths))
		strbuf_addf(s, ", %s%s %% from the nadir of %s mm",
		    tenths > 0 ? "+" : "", decimal_format(tenths, 1, buf),
		    decimal_format(v->nadir, 1, nadir));
	strbuf_adds(s, ".");
}

/* Steps that several parts of a criterion share are said once. */
static bool
is_said(const struct because_list *list, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (strcmp(list->items[k].text, list->items[i].text) == 0)
			return true;
	}
	return false;
}

static void
say_why(struct strbuf *s, const struct verdict *v)
{
	if (v == NULL || v->because.n == 0)
		return;
	for (size_t i = 0; i < v->because.n; i++) {
		if (is_said(&v->because, i))
			continue;
		strbuf_adds(s, i == 0 ? "\nWhy: " : "; ");
		printable_addf(s, "%s", v->because.items[i].text);
	}
	strbuf_adds(s, ".");
}

static void
say_window(struct strbuf *s, const char *what, int32_t from, int32_t to)
{
	char a[DAY_SIZE], b[DAY_SIZE];

	strbuf_addf(s, "\nRecommended: %s", what);
	if (from != DAY_NONE && to != DAY_NONE)
		strbuf_addf(s, " between %s and %s", day_format(from, a),
		    day_format(to, b));
	else if (from != DAY_NONE)
		strbuf_addf(s, " from %s", day_format(from, a));
	else if (to != DAY_NONE)
		strbuf_addf(s, " until %s", day_format(to, b));
	strbuf_adds(s, ".");
}

/* What to do next.  Only dates that do not move with the day of asking. */
static void
say_advice(struct strbuf *s, const struct to_fhir_run *run)
{
	static const struct {
		const char *kind, *words;
		bool dates;
	} kinds[] = {
	    {"next_assessment", "next assessment", true},
	    {"review_data", "review of the data", false},
	    {"irae_workup", "work-up for an immune-related adverse event",
		false},
	};

	for (size_t i = 0; i < run->x->recommendations.n; i++) {
		const struct recommendation *r =
		    &run->x->recommendations.items[i];

		if (r->state == DUE_DONE)
			continue;
		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
			if (strcmp(kinds[k].kind, r->kind) != 0)
				continue;
			say_window(s, kinds[k].words,
			    kinds[k].dates ? r->from : DAY_NONE,
			    kinds[k].dates ? r->to : DAY_NONE);
		}
	}
}

static bool
is_coded(const char *id)
{
	for (size_t k = 0; k < N_CODED; k++) {
		if (strcmp(coded[k].id, id) == 0)
			return true;
	}
	return false;
}

/* The criteria that are coded first and in words, then the others. */
static void
say_categories(struct strbuf *s, const struct to_fhir_run *run, size_t i)
{
	size_t n = 0, others = 0;

	for (size_t k = 0; k < N_CODED; k++) {
		const struct verdict *v = run_verdict(run, coded[k].id, i);

		if (v != NULL && v->overall != CAT_NA)
			strbuf_addf(s, "%s%s: %s (%s)", n++ > 0 ? "; " : "",
			    words_criterion(coded[k].id),
			    category_name(v->overall),
			    words_category(v->overall));
	}
	for (size_t k = 0; k < run->x->criteria.n; k++) {
		const char *id = run->x->criteria.items[k].id;
		const struct verdict *v = run_verdict(run, id, i);

		if (v != NULL && v->overall != CAT_NA && !is_coded(id))
			strbuf_addf(s, "%s%s %s",
			    others++ > 0 ? ", "
			    : n > 0      ? ". By other criteria: "
					 : "",
			    words_criterion(id), category_name(v->overall));
	}
	strbuf_adds(s, n + others > 0 ? "." : "Baseline assessment.");
}

/* What could not be read at all. */
static void
say_coverage(struct strbuf *s, const struct to_fhir_run *run)
{
	for (size_t i = 0; i < run->x->problems.n; i++) {
		const struct problem *p = &run->x->problems.items[i];

		if (strcmp(p->code, "coverage_missing") == 0) {
			strbuf_addc(s, '\n');
			printable_addf(s, "Incomplete: %s.", p->detail);
		}
	}
}

/* What does not fit is cut, and said to be. */
static void
say_cut(struct strbuf *s)
{
	static const char words[] = "\n(The text is too long and ends here.)";

	if (!s->overflow)
		return;
	s->overflow = false;
	s->max += sizeof(words);
	strbuf_adds(s, words);
}

static const char *
conclusion(struct to_fhir_run *run, size_t i, bool newest)
{
	const struct verdict *iv = run_verdict(run, "irecist", i);
	const struct verdict *rv = run_verdict(run, "recist11", i);
	struct strbuf s;
	const char *ret;

	strbuf_init(&s, TEXT_MAX);
	say_categories(&s, run, i);
	say_burden(&s, rv != NULL ? rv : iv);
	say_why(&s, iv != NULL ? iv : rv);
	if (iv != NULL && iv->overall == CAT_IUPD)
		say_window(
		    &s, "confirmation scan", iv->confirm_from, iv->confirm_to);
	if (newest)
		say_advice(&s, run);
	say_coverage(&s, run);
	say_cut(&s);
	s.max += sizeof(DISCLAIMER);
	strbuf_adds(&s, "\n" DISCLAIMER);
	ret = arena_strdup(run->a, s.s);
	strbuf_done(&s);
	return ret;
}

/* --- the report --- */

static void
put_conclusion_codes(struct json_writer *w, struct to_fhir_run *run, size_t i)
{
	const char *name, *code;

	json_begin_array(w, "conclusionCode");
	for (size_t k = 0; k < N_CODED; k++) {
		const struct verdict *v = run_verdict(run, coded[k].id, i);

		if (v == NULL || v->overall == CAT_NA)
			continue;
		name = category_name(v->overall);
		json_begin_object(w, NULL);
		code =
		    codemap_code(run->o->maps, "response", name, SYSTEM_NCIT);
		if (code != NULL) {
			json_begin_array(w, "coding");
			part_coding(
			    w, SYSTEM_NCIT, code, words_category(v->overall));
			code = codemap_code(
			    run->o->maps, "response", name, SYSTEM_LOINC);
			if (coded[k].loinc && code != NULL)
				part_coding(w, SYSTEM_LOINC, code, NULL);
			json_end_array(w);
		}
		json_put_string(w, "text",
		    arena_printf(
			run->a, "%s: %s", words_criterion(coded[k].id), name));
		json_end_object(w);
	}
	json_end_array(w);
}

static bool
has_conclusion_codes(const struct to_fhir_run *run, size_t i)
{
	for (size_t k = 0; k < N_CODED; k++) {
		const struct verdict *v = run_verdict(run, coded[k].id, i);

		if (v != NULL && v->overall != CAT_NA)
			return true;
	}
	return false;
}

/* The explanation, as plain text. */
static void
put_form(
    struct json_writer *w, struct to_fhir_run *run, size_t i, const char *said)
{
	struct strbuf text;

	strbuf_init(&text, FORM_MAX);
	strbuf_addf(&text, "%s\n\n", said);
	document_timepoint(run->x, i, &text);
	say_cut(&text);
	json_begin_array(w, "presentedForm");
	json_begin_object(w, NULL);
	json_put_string(w, "contentType", "text/plain; charset=utf-8");
	json_put_string(w, "language", "en");
	json_put_string(w, "data", part_base64(run->a, text.s, text.len));
	json_put_string(w, "title", "Response assessment with explanation");
	json_end_object(w);
	json_end_array(w);
	strbuf_done(&text);
}

static const char *
report_label(struct to_fhir_run *run, size_t i)
{
	const struct verdict *iv = run_verdict(run, "irecist", i);
	const struct verdict *rv = run_verdict(run, "recist11", i);
	char day[DAY_SIZE];

	day_format(timepoint_at(run, i)->day, day);
	if (iv != NULL && rv != NULL && iv->overall != CAT_NA)
		return arena_printf(run->a,
		    "Report of %s: iRECIST %s, RECIST 1.1 %s", day,
		    category_name(iv->overall), category_name(rv->overall));
	return arena_printf(run->a, "Report of %s", day);
}

static void
put_codes(struct json_writer *w, struct to_fhir_run *run)
{
	json_begin_array(w, "category");
	part_codeable(w, NULL, SYSTEM_HL7 "v2-0074",
	    part_output_code(
		run, "dr_category_radiology", SYSTEM_HL7 "v2-0074"),
	    "Radiology", NULL);
	json_end_array(w);
	part_codeable(w, "code", SYSTEM_LOINC,
	    part_output_code(run, "dr_code_response", SYSTEM_LOINC),
	    "Response to cancer treatment",
	    "Tumour response assessment (software-derived)");
}

void
to_fhir_report(struct to_fhir_run *run, size_t i, bool newest)
{
	const struct timepoint *t = timepoint_at(run, i);
	const char *ids[RESULTS_MAX], *said = conclusion(run, i, newest);
	char day[DAY_SIZE];
	struct body b;
	struct json_writer *w = &b.w;
	size_t n;

	to_fhir_results(run, i, ids, &n);
	run->reports[i] = part_identify(run, "report", day_format(t->day, day));
	body_begin(&b, "DiagnosticReport");
	part_meta(w, NULL, NULL, NULL);
	part_narrative(w, said);
	part_identifier(w, run->reports[i]);
	json_put_string(w, "status", "preliminary");
	put_codes(w, run);
	part_reference(w, "subject", run->x->timeline->patient);
	part_day(w, "effectiveDateTime", t->day);
	if (n > 0) {
		json_begin_array(w, "result");
		for (size_t k = 0; k < n; k++)
			part_reference_own(w, NULL, ids[k]);
		json_end_array(w);
	}
	if (t->n_studies > 0) {
		json_begin_array(w, "imagingStudy");
		for (size_t k = 0; k < t->n_studies; k++)
			part_reference(w, NULL, t->studies[k]);
		json_end_array(w);
	}
	json_put_string(w, "conclusion", said);
	if (has_conclusion_codes(run, i))
		put_conclusion_codes(w, run, i);
	put_form(w, run, i, said);
	part_emit(run, "DiagnosticReport", "report", run->reports[i], &b,
	    report_label(run, i));
}
