/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cohort as R4: the Bundle, its people, lesions, studies, medications.
 */
#include "tests/sandbox/cohort_write.h"

#include <inttypes.h>
#include <string.h>

#include "fhir/datetime.h"

#define BASE "https://sandbox.rescan.example/fhir/"

void
entry_begin(struct cohort_out *o, const char *type, const char *id)
{
	struct json_writer *w = &o->w;

	json_begin_object(w, NULL);
	json_put_string(
	    w, "fullUrl", arena_printf(o->a, BASE "%s/%s", type, id));
	json_begin_object(w, "resource");
	json_put_string(w, "resourceType", type);
	json_put_string(w, "id", id);
	json_begin_object(w, "meta");
	json_begin_array(w, "tag");
	put_coding(o, NULL, THO "v3-ActReason", "HTEST", "test health data");
	json_end_array(w);
	json_end_object(w);
}

void
entry_end(struct cohort_out *o, const char *type, const char *id)
{
	struct json_writer *w = &o->w;

	json_end_object(w);
	json_begin_object(w, "request");
	json_put_string(w, "method", "PUT");
	json_put_string(w, "url", arena_printf(o->a, "%s/%s", type, id));
	json_end_object(w);
	json_end_object(w);
}

void
put_coding(struct cohort_out *o, const char *name, const char *system,
    const char *code, const char *display)
{
	json_begin_object(&o->w, name);
	json_put_string(&o->w, "system", system);
	json_put_string(&o->w, "code", code);
	json_put_optional(&o->w, "display", display);
	json_end_object(&o->w);
}

void
put_concept(struct cohort_out *o, const char *name, const char *system,
    const char *code, const char *display)
{
	json_begin_object(&o->w, name);
	json_begin_array(&o->w, "coding");
	put_coding(o, NULL, system, code, display);
	json_end_array(&o->w);
	json_end_object(&o->w);
}

void
put_code(struct cohort_out *o, const char *name, const struct code_row *row)
{
	put_concept(o, name, row->system, row->code, row->display);
}

void
put_one_concept(struct cohort_out *o, const char *name, const char *system,
    const char *code, const char *display)
{
	json_begin_array(&o->w, name);
	put_concept(o, NULL, system, code, display);
	json_end_array(&o->w);
}

void
put_one_code(struct cohort_out *o, const char *name, const struct code_row *row)
{
	put_one_concept(o, name, row->system, row->code, row->display);
}

void
put_reference(struct cohort_out *o, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	json_begin_object(&o->w, name);
	json_put_string(&o->w, "reference", arena_vprintf(o->a, fmt, ap));
	json_end_object(&o->w);
	va_end(ap);
}

void
put_subject(struct cohort_out *o, const char *name, int32_t day)
{
	bool old = o->p->was != NULL && day < o->p->was_until;

	put_reference(o, name, "Patient/%s", old ? o->p->was : o->p->id);
}

const char *
day_id(struct cohort_out *o, int32_t day)
{
	int y, m, d;

	day_to_civil(day, &y, &m, &d);
	return arena_printf(o->a, "%04d%02d%02d", y, m, d);
}

const char *
day_time(struct cohort_out *o, int32_t day, const char *time)
{
	char buf[DAY_SIZE];

	return arena_printf(o->a, "%sT%s+01:00", day_format(day, buf), time);
}

const char *
made_up_uid(struct cohort_out *o, const char *text)
{
	uint64_t h = 14695981039346656037u;

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u;
	return arena_printf(o->a, "2.25.%" PRIu64, h);
}

const char *
study_id(struct cohort_out *o, int32_t day)
{
	return arena_printf(o->a, "%s-study-%s", o->p->id, day_id(o, day));
}

static void
put_identifier(struct cohort_out *o, const char *system, const char *value)
{
	json_begin_object(&o->w, NULL);
	json_put_string(&o->w, "system", system);
	json_put_string(&o->w, "value", value);
	json_end_object(&o->w);
}

static void
put_name(struct cohort_out *o, const char *given, const char *family)
{
	json_begin_array(&o->w, "name");
	json_begin_object(&o->w, NULL);
	json_put_string(&o->w, "use", "official");
	json_put_string(&o->w, "family", family);
	json_begin_array(&o->w, "given");
	json_put_string(&o->w, NULL, given);
	json_end_array(&o->w);
	json_end_object(&o->w);
	json_end_array(&o->w);
}

/* One record of the patient; `other` is the record it is merged with. */
static void
write_record(
    struct cohort_out *o, const char *id, const char *other, const char *link)
{
	struct json_writer *w = &o->w;

	entry_begin(o, "Patient", id);
	json_begin_array(w, "identifier");
	put_identifier(o, "https://rescan.example/synthetic/mrn", id);
	json_end_array(w);
	json_put_bool(
	    w, "active", other == NULL || strcmp(link, "replaced-by") != 0);
	put_name(o, o->p->given, o->p->family);
	json_put_string(w, "gender", o->p->sex);
	json_put_string(w, "birthDate", o->p->birth);
	if (other != NULL) {
		json_begin_array(w, "link");
		json_begin_object(w, NULL);
		put_reference(o, "other", "Patient/%s", other);
		json_put_string(w, "type", link);
		json_end_object(w);
		json_end_array(w);
	}
	entry_end(o, "Patient", id);
}

static void
write_condition(struct cohort_out *o, const struct code_row *code, int32_t day)
{
	char buf[DAY_SIZE];
	const char *id = arena_printf(o->a, "%s-%s", o->p->id, code->name);

	entry_begin(o, "Condition", id);
	put_concept(
	    o, "clinicalStatus", THO "condition-clinical", "active", "Active");
	put_concept(o, "verificationStatus", THO "condition-ver-status",
	    "confirmed", "Confirmed");
	put_one_concept(o, "category", THO "condition-category",
	    "encounter-diagnosis", "Encounter Diagnosis");
	put_code(o, "code", code);
	put_subject(o, "subject", day);
	json_put_string(&o->w, "onsetDateTime", day_format(day, buf));
	json_put_string(&o->w, "recordedDate", buf);
	entry_end(o, "Condition", id);
}

/* The day a lesion is first told of. */
static int32_t
lesion_day(const struct cohort_patient *p, size_t lesion)
{
	for (size_t i = 0; i < p->readings.n; i++) {
		const struct cohort_reading *v = &p->readings.items[i];

		for (size_t k = 0; k < v->cells.n; k++)
			if (v->cells.items[k].lesion == lesion)
				return v->day;
	}
	return DAY_NONE;
}

static void
write_lesion(struct cohort_out *o, size_t i)
{
	const struct cohort_lesion *l = &o->p->lesions.items[i];
	const char *id = arena_printf(o->a, "%s-%s", o->p->id, l->id);
	struct json_writer *w = &o->w;

	entry_begin(o, "BodyStructure", id);
	json_begin_array(w, "identifier");
	put_identifier(o, "https://rescan.example/synthetic/lesion", id);
	if (o->p->shape == SHAPE_SR) {
		json_begin_object(w, NULL);
		put_code(o, "type", cohort_code(CODE_AXIS, "tracking-uid"));
		json_put_string(w, "system", "urn:dicom:uid");
		json_put_string(w, "value",
		    arena_printf(o->a, "urn:oid:%s", made_up_uid(o, id)));
		json_end_object(w);
	}
	json_end_array(w);
	json_put_bool(w, "active", true);
	put_code(o, "location", l->site);
	json_put_string(w, "description",
	    arena_printf(o->a, "Lesion %s, synthetic", l->id));
	put_subject(o, "patient", lesion_day(o->p, i));
	entry_end(o, "BodyStructure", id);
}

static void
write_series(struct cohort_out *o, const struct cohort_reading *v,
    const char *modality, const char *uid)
{
	const struct code_row *row = cohort_code(CODE_MODALITY, modality);

	json_begin_object(&o->w, NULL);
	json_put_string(&o->w, "uid", uid);
	put_coding(o, "modality", row->system, row->code, row->display);
	json_put_int(&o->w, "numberOfInstances", 120);
	json_put_string(&o->w, "started", day_time(o, v->day, "09:30:00"));
	json_end_object(&o->w);
}

static void
write_modalities(
    struct cohort_out *o, const struct cohort_reading *v, const char *id)
{
	const char *names[2] = {v->modality->name, NULL};
	struct json_writer *w = &o->w;

	if (strcmp(names[0], "petct") == 0)
		names[1] = "ct";
	json_begin_array(w, "modality");
	for (int i = 0; i < 2 && names[i] != NULL; i++) {
		const struct code_row *r = cohort_code(CODE_MODALITY, names[i]);

		put_coding(o, NULL, r->system, r->code, r->display);
	}
	json_end_array(w);
	json_put_int(w, "numberOfSeries", names[1] == NULL ? 1 : 2);
	json_put_int(w, "numberOfInstances", names[1] == NULL ? 120 : 240);
	json_begin_array(w, "series");
	for (int i = 0; i < 2 && names[i] != NULL; i++)
		write_series(o, v, names[i],
		    made_up_uid(o, arena_printf(o->a, "%s/%s", id, names[i])));
	json_end_array(w);
}

static void
write_study(struct cohort_out *o, const struct cohort_reading *v)
{
	const char *id = study_id(o, v->day);
	struct json_writer *w = &o->w;

	entry_begin(o, "ImagingStudy", id);
	json_begin_array(w, "identifier");
	put_identifier(o, "urn:dicom:uid",
	    arena_printf(o->a, "urn:oid:%s", made_up_uid(o, id)));
	json_begin_object(w, NULL);
	put_concept(o, "type", THO "v2-0203", "ACSN", "Accession ID");
	json_put_string(
	    w, "system", "https://rescan.example/synthetic/accession");
	json_put_string(w, "value", id);
	json_end_object(w);
	json_end_array(w);
	json_put_string(w, "status", "available");
	put_subject(o, "subject", v->day);
	json_put_string(w, "started", day_time(o, v->day, "09:30:00"));
	put_one_code(o, "procedureCode",
	    cohort_code(CODE_AXIS,
		arena_printf(o->a, "procedure-%s", v->modality->name)));
	if (v->unscheduled)
		put_one_code(
		    o, "reasonCode", cohort_code(CODE_AXIS, "unscheduled"));
	write_modalities(o, v, id);
	entry_end(o, "ImagingStudy", id);
}

static void
write_medication(struct cohort_out *o, const struct code_row *drug)
{
	const char *id = arena_printf(o->a, "medication-%s", drug->name);

	entry_begin(o, "Medication", id);
	put_code(o, "code", drug);
	json_put_string(&o->w, "status", "active");
	entry_end(o, "Medication", id);
}

static void
put_dosage(struct cohort_out *o, const struct cohort_dose *d)
{
	bool oral = strcmp(d->drug->extra, "oral") == 0;
	struct json_writer *w = &o->w;

	json_begin_object(w, "dosage");
	put_concept(o, "route", "http://snomed.info/sct",
	    oral ? "26643006" : "47625008",
	    oral ? "Oral route" : "Intravenous route");
	json_begin_object(w, "dose");
	json_put_raw(w, "value", d->mg);
	json_put_string(w, "unit", "mg");
	json_put_string(w, "system", "http://unitsofmeasure.org");
	json_put_string(w, "code", "mg");
	json_end_object(w);
	json_end_object(w);
}

static void
write_dose(struct cohort_out *o, const struct cohort_dose *d)
{
	const char *id = arena_printf(
	    o->a, "%s-%s-%s", o->p->id, d->drug->name, day_id(o, d->day));
	struct json_writer *w = &o->w;
	char day[DAY_SIZE], last[DAY_SIZE];

	entry_begin(o, "MedicationAdministration", id);
	json_put_string(w, "status", "completed");
	put_concept(o, "category", THO "medication-admin-category",
	    "outpatient", "Outpatient");
	if (d->by_reference)
		put_reference(o, "medicationReference",
		    "Medication/medication-%s", d->drug->name);
	else
		put_code(o, "medicationCodeableConcept", d->drug);
	put_subject(o, "subject", d->day);
	day_format(d->day, day);
	if (d->last_day == d->day) {
		json_put_string(w, "effectiveDateTime", day);
	} else {
		json_begin_object(w, "effectivePeriod");
		json_put_string(w, "start", day);
		json_put_string(w, "end", day_format(d->last_day, last));
		json_end_object(w);
	}
	put_dosage(o, d);
	entry_end(o, "MedicationAdministration", id);
}

void
write_patient(struct cohort_out *o)
{
	const struct cohort_patient *p = o->p;

	write_record(o, p->id, p->was, "replaces");
	if (p->was != NULL)
		write_record(o, p->was, p->id, "replaced-by");
	if (p->cancer != NULL)
		write_condition(o, p->cancer, p->cancer_day);
	for (size_t i = 0; i < p->lesions.n && p->shape != SHAPE_SR_UID; i++)
		write_lesion(o, i);
	for (size_t i = 0; i < p->doses.n; i++)
		write_dose(o, &p->doses.items[i]);
	for (size_t i = 0; i < p->readings.n; i++) {
		if (!p->readings.items[i].second)
			write_study(o, &p->readings.items[i]);
		write_reading(o, &p->readings.items[i]);
	}
	for (size_t i = 0; i < p->facts.n; i++) {
		const struct cohort_fact *f = &p->facts.items[i];

		if (f->kind == FACT_DX)
			write_condition(o, f->code, f->day);
		else
			write_fact(o, f);
	}
}

static void
write_reader(struct cohort_out *o, const char *id, const char *family)
{
	entry_begin(o, "Practitioner", id);
	put_name(o, "Synthetic", family);
	entry_end(o, "Practitioner", id);
}

/* The Medications doses refer to, each once. */
static void
write_medications(struct cohort_out *o, const struct cohort *c)
{
	LIST_OF(const struct code_row *) seen = {0};

	for (size_t i = 0; i < c->patients.n; i++)
		for (size_t k = 0; k < c->patients.items[i].doses.n; k++) {
			const struct cohort_dose *d =
			    &c->patients.items[i].doses.items[k];
			bool again = !d->by_reference;

			for (size_t n = 0; n < seen.n; n++)
				again |= seen.items[n] == d->drug;
			if (again)
				continue;
			*ARENA_PUSH(o->a, &seen) = d->drug;
			write_medication(o, d->drug);
		}
}

void
cohort_write(const struct cohort *c, struct strbuf *out)
{
	struct cohort_out o = {.a = arena_new()};

	json_writer_init(&o.w, out, false);
	json_begin_object(&o.w, NULL);
	json_put_string(&o.w, "resourceType", "Bundle");
	json_put_string(&o.w, "type", "transaction");
	json_begin_array(&o.w, "entry");
	write_reader(&o, "reader-a", "Reader-Alpha");
	write_reader(&o, "reader-b", "Reader-Beta");
	write_medications(&o, c);
	for (size_t i = 0; i < c->patients.n; i++) {
		o.p = &c->patients.items[i];
		write_patient(&o);
	}
	json_end_array(&o.w);
	json_end_object(&o.w);
	arena_free(o.a);
}
