/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cohort as R4: its Observations.
 */
#include <string.h>

#include "fhir/datetime.h"
#include "fhir/decimal.h"
#include "tests/sandbox/cohort_write.h"

#define UCUM     "http://unitsofmeasure.org"
#define CATEGORY THO "observation-category"

/* What all Observations of one lesion at one reading share. */
struct measured {
	const struct cohort_reading *v;
	const struct cohort_cell *c;
	const struct cohort_lesion *l;
	const char *id; /* the stem of their ids */
};

static bool
is_sr(const struct cohort_out *o)
{
	return o->p->shape == SHAPE_SR || o->p->shape == SHAPE_SR_UID;
}

static void
put_quantity(struct cohort_out *o, int32_t value, int scale, const char *unit)
{
	json_begin_object(&o->w, "valueQuantity");
	while (scale > 0 && value % 10 == 0) {
		value /= 10;
		scale--;
	}
	json_put_decimal(&o->w, "value", value, scale);
	json_put_string(&o->w, "unit", unit);
	json_put_string(&o->w, "system", UCUM);
	json_put_string(&o->w, "code", unit);
	json_end_object(&o->w);
}

/* A length in the unit of the patient's site, or in none we know. */
static void
put_length(struct cohort_out *o, const struct cohort_cell *c, int32_t tenths)
{
	bool cm = o->p->shape == SHAPE_MCODE_CM;

	if (c->unit == NULL) {
		put_quantity(o, tenths, cm ? 2 : 1, cm ? "cm" : "mm");
		return;
	}
	json_begin_object(&o->w, "valueQuantity");
	json_put_decimal(&o->w, "value", tenths, 1);
	json_put_string(&o->w, "unit", c->unit);
	json_end_object(&o->w);
}

static void
begin_observation(struct cohort_out *o, const char *id, const char *category,
    const struct code_row *code)
{
	entry_begin(o, "Observation", id);
	json_put_string(&o->w, "status", "final");
	put_one_concept(o, "category", CATEGORY, category, NULL);
	put_code(o, "code", code);
}

static void
put_times(struct cohort_out *o, int32_t day, const char *issued)
{
	put_subject(o, "subject", day);
	json_put_string(
	    &o->w, "effectiveDateTime", day_time(o, day, "09:30:00"));
	json_put_string(&o->w, "issued", day_time(o, day, issued));
}

/* Begin one Observation about a lesion: everything but value and components,
 * which the caller adds. */
static const char *
begin_measurement(struct cohort_out *o, const struct measured *m,
    const char *what, const struct code_row *code)
{
	const char *id =
	    *what == '\0' ? m->id : arena_printf(o->a, "%s-%s", m->id, what);

	begin_observation(o, id, "imaging", code);
	put_subject(o, "subject", m->v->day);
	if (o->p->shape != SHAPE_SR_UID) {
		json_begin_array(&o->w, "focus");
		put_reference(
		    o, NULL, "BodyStructure/%s-%s", o->p->id, m->l->id);
		json_end_array(&o->w);
	}
	json_put_string(
	    &o->w, "effectiveDateTime", day_time(o, m->v->day, "09:30:00"));
	json_put_string(&o->w, "issued",
	    day_time(o, m->v->day, m->v->second ? "16:00:00" : "14:00:00"));
	json_begin_array(&o->w, "performer");
	put_reference(o, NULL, "Practitioner/reader-%s", m->v->reader);
	json_end_array(&o->w);
	put_code(o, "bodySite", m->l->site);
	put_code(o, "method", cohort_code(CODE_AXIS, m->v->modality->name));
	json_begin_array(&o->w, is_sr(o) ? "partOf" : "derivedFrom");
	put_reference(o, NULL, "ImagingStudy/%s", study_id(o, m->v->day));
	json_end_array(&o->w);
	return id;
}

static void
put_text_component(struct cohort_out *o, const char *code, const char *value)
{
	json_begin_object(&o->w, NULL);
	put_code(o, "code", cohort_code(CODE_AXIS, code));
	json_put_string(&o->w, "valueString", value);
	json_end_object(&o->w);
}

/* The tracking identifiers of a lesion that has no BodyStructure. */
static void
put_tracking(struct cohort_out *o, const struct measured *m)
{
	const char *lesion = arena_printf(o->a, "%s-%s", o->p->id, m->l->id);

	if (o->p->shape != SHAPE_SR_UID)
		return;
	json_begin_array(&o->w, "component");
	put_text_component(o, "tracking-uid", made_up_uid(o, lesion));
	put_text_component(o, "tracking-id", m->l->id);
	json_end_array(&o->w);
}

static void
put_role_component(struct cohort_out *o, const struct measured *m)
{
	json_begin_object(&o->w, NULL);
	json_begin_object(&o->w, "code");
	json_put_string(&o->w, "text", "Lesion role");
	json_end_object(&o->w);
	put_code(o, "valueCodeableConcept", m->l->role);
	json_end_object(&o->w);
}

static void
put_length_component(struct cohort_out *o, const struct measured *m,
    const char *axis, int32_t tenths)
{
	if (tenths == 0)
		return;
	json_begin_object(&o->w, NULL);
	put_code(o, "code", cohort_code(CODE_AXIS, axis));
	put_length(o, m->c, tenths);
	json_end_object(&o->w);
}

/* mCODE: one Observation with its dimensions and the role as components. */
static void
write_mcode(struct cohort_out *o, const struct measured *m)
{
	const char *id;

	id = begin_measurement(o, m, "", cohort_code(CODE_AXIS, "size"));
	json_begin_array(&o->w, "component");
	put_length_component(o, m, "longest", m->c->longest);
	put_length_component(o, m, "other", m->c->other);
	put_role_component(o, m);
	json_end_array(&o->w);
	entry_end(o, "Observation", id);
}

static void
write_state(struct cohort_out *o, const struct measured *m)
{
	const char *id =
	    begin_measurement(o, m, "", cohort_code(CODE_AXIS, "state"));

	put_code(o, "valueCodeableConcept", m->c->state);
	if (is_sr(o)) {
		put_tracking(o, m);
	} else {
		json_begin_array(&o->w, "component");
		put_role_component(o, m);
		json_end_array(&o->w);
	}
	entry_end(o, "Observation", id);
}

static void
write_axis(struct cohort_out *o, const struct measured *m, const char *axis,
    int32_t tenths)
{
	const char *id;

	if (tenths == 0)
		return;
	id = begin_measurement(o, m, axis, cohort_code(CODE_AXIS, axis));
	put_length(o, m->c, tenths);
	put_tracking(o, m);
	entry_end(o, "Observation", id);
}

static void
write_uptake(struct cohort_out *o, const struct measured *m, const char *kind,
    int32_t hundredths)
{
	const struct code_row *code = cohort_code(CODE_AXIS, kind);
	const char *id;

	if (hundredths == 0)
		return;
	id = begin_measurement(o, m, kind, code);
	put_quantity(o, hundredths, 2, code->extra);
	put_tracking(o, m);
	entry_end(o, "Observation", id);
}

/* DICOM SR: the role is a qualitative evaluation of its own. */
static void
write_role(struct cohort_out *o, const struct measured *m)
{
	const char *id =
	    begin_measurement(o, m, "role", cohort_code(CODE_AXIS, "state"));

	put_code(o, "valueCodeableConcept", m->l->role);
	put_tracking(o, m);
	entry_end(o, "Observation", id);
}

static void
write_cell(struct cohort_out *o, const struct measured *m)
{
	if (is_sr(o))
		write_role(o, m);
	if (m->c->state != NULL) {
		write_state(o, m);
		return;
	}
	if (is_sr(o)) {
		write_axis(o, m, "long", m->c->longest);
		write_axis(o, m, "short", m->c->other);
	} else {
		write_mcode(o, m);
	}
	write_uptake(o, m, "suvmax", m->c->suvmax);
	write_uptake(o, m, "sulpeak", m->c->sulpeak);
}

void
write_reading(struct cohort_out *o, const struct cohort_reading *v)
{
	for (size_t i = 0; i < v->cells.n; i++) {
		const struct cohort_cell *c = &v->cells.items[i];
		const struct cohort_lesion *l = &o->p->lesions.items[c->lesion];
		struct measured m = {v, c, l, NULL};

		m.id = arena_printf(o->a, "%s-%s-%s%s%s", o->p->id, l->id,
		    day_id(o, v->day), v->second ? "-" : "",
		    v->second ? v->reader : "");
		write_cell(o, &m);
	}
}

static void
put_study_of_day(struct cohort_out *o, int32_t day)
{
	for (size_t i = 0; i < o->p->readings.n; i++) {
		if (o->p->readings.items[i].day != day)
			continue;
		json_begin_array(&o->w, "derivedFrom");
		put_reference(o, NULL, "ImagingStudy/%s", study_id(o, day));
		json_end_array(&o->w);
		return;
	}
}

static void
put_performer(struct cohort_out *o)
{
	json_begin_array(&o->w, "performer");
	put_reference(o, NULL, "Practitioner/reader-a");
	json_end_array(&o->w);
}

/* A reader's statement on a visit, or a finding on its images. */
static void
write_read_fact(struct cohort_out *o, const struct cohort_fact *f,
    const char *id, const struct code_row *value)
{
	begin_observation(o, id, "imaging", f->code);
	put_times(o, f->day, "14:00:00");
	put_performer(o);
	put_code(o, "valueCodeableConcept", value);
	put_study_of_day(o, f->day);
	entry_end(o, "Observation", id);
}

/* A laboratory row's "unit|category|low|high". */
struct lab_extra {
	char *unit, *category, *low, *high; /* bounds "" when there is none */
};

static struct lab_extra
lab_extra(struct cohort_out *o, const struct code_row *row)
{
	char *rest = arena_strdup(o->a, row->extra);
	struct lab_extra x;

	x.unit = strsep(&rest, "|");
	x.category = strsep(&rest, "|");
	x.low = strsep(&rest, "|");
	x.high = strsep(&rest, "|");
	return x;
}

static void
put_plain_quantity(
    struct cohort_out *o, const char *name, const char *value, const char *unit)
{
	json_begin_object(&o->w, name);
	json_put_raw(&o->w, "value", value);
	json_put_string(&o->w, "unit", unit);
	json_put_string(&o->w, "system", UCUM);
	json_put_string(&o->w, "code", unit);
	json_end_object(&o->w);
}

/* -1 when a is less than b, both number texts. */
static int
compare_text(const char *a, const char *b)
{
	struct decimal x, y;

	if (decimal_parse(a, &x, NULL) != ERR_OK ||
	    decimal_parse(b, &y, NULL) != ERR_OK)
		return 0;
	return decimal_compare(&x, &y);
}

static void
put_range(struct cohort_out *o, const struct cohort_fact *f,
    const struct lab_extra *x)
{
	const char *flag = "N", *display = "Normal";

	if (*x->low == '\0' && *x->high == '\0')
		return;
	if (*x->low != '\0' && compare_text(f->value, x->low) < 0) {
		flag = "L";
		display = "Low";
	} else if (*x->high != '\0' && compare_text(f->value, x->high) > 0) {
		flag = "H";
		display = "High";
	}
	put_one_concept(o, "interpretation", THO "v3-ObservationInterpretation",
	    flag, display);
	json_begin_array(&o->w, "referenceRange");
	json_begin_object(&o->w, NULL);
	if (*x->low != '\0')
		put_plain_quantity(o, "low", x->low, x->unit);
	if (*x->high != '\0')
		put_plain_quantity(o, "high", x->high, x->unit);
	json_end_object(&o->w);
	json_end_array(&o->w);
}

/* Pulse oximetry carries the vital-signs profile's code too. */
static void
put_lab_code(struct cohort_out *o, const struct code_row *row)
{
	json_begin_object(&o->w, "code");
	json_begin_array(&o->w, "coding");
	put_coding(o, NULL, row->system, row->code, row->display);
	if (strcmp(row->name, "spo2") == 0)
		put_coding(o, NULL, row->system, "2708-6",
		    "Oxygen saturation in Arterial blood");
	json_end_array(&o->w);
	json_end_object(&o->w);
}

static void
write_lab(struct cohort_out *o, const struct cohort_fact *f, const char *id)
{
	struct lab_extra x = lab_extra(o, f->code);

	entry_begin(o, "Observation", id);
	json_put_string(&o->w, "status", "final");
	put_one_concept(o, "category", CATEGORY, x.category, NULL);
	put_lab_code(o, f->code);
	put_times(o, f->day, "12:00:00");
	put_plain_quantity(o, "valueQuantity", f->value, x.unit);
	put_range(o, f, &x);
	entry_end(o, "Observation", id);
}

static void
write_ecog(struct cohort_out *o, const struct cohort_fact *f, const char *id)
{
	static const char *const answers[] = {"LA9622-7", "LA9623-5",
	    "LA9624-3", "LA9625-0", "LA9626-8", "LA9627-6"};
	int grade = f->value[0] - '0';

	begin_observation(o, id, "survey", cohort_code(CODE_AXIS, "ecog"));
	put_times(o, f->day, "10:00:00");
	json_put_int(&o->w, "valueInteger", grade);
	if (grade >= 0 && grade <= 5)
		put_one_concept(o, "interpretation", "http://loinc.org",
		    answers[grade], NULL);
	entry_end(o, "Observation", id);
}

void
write_fact(struct cohort_out *o, const struct cohort_fact *f)
{
	const char *id = arena_printf(o->a, "%s-%s-%s", o->p->id,
	    f->code == NULL ? "ecog" : f->code->name, day_id(o, f->day));

	switch (f->kind) {
	case FACT_LAB:
		write_lab(o, f, id);
		break;
	case FACT_FINDING:
		write_read_fact(o, f, id, cohort_code(CODE_AXIS, "present"));
		break;
	case FACT_STATEMENT:
		write_read_fact(o, f, id, f->answer);
		break;
	default:
		write_ecog(o, f, id);
		break;
	}
}
