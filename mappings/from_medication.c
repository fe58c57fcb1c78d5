/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MedicationAdministration and the Medication it refers to → doses of what
 * the maps know.
 */
#include "mappings/intake.h"

#include <ctype.h>

#define MAX_DRUGS 8
#define MAX_DEPTH 4
#define WORD_MAX  40

#define COMBINATION "ici_nivolumab_relatlimab"
#define ATC         "http://www.whocc.no/atc"

/* What a medication turned out to hold. */
struct drugs {
	const char *concepts[MAX_DRUGS];
	size_t n;
	bool unresolved;   /* a reference led nowhere */
	const char *named; /* an inhibitor said in words only */
};

static void
drug_add(struct drugs *d, const char *concept)
{
	for (size_t i = 0; i < d->n; i++) {
		if (strcmp(d->concepts[i], concept) == 0)
			return;
	}
	if (d->n < MAX_DRUGS)
	d->concepts[d->n++] = concept;
}

/* Does a text name a checkpoint inhibitor?  Not evidence, but to be said. */
static void
check_words(struct mapping *m, const char *text, struct drugs *d)
{
	char word[WORD_MAX];

	while (text != NULL && *text != '\0' && d->named == NULL) {
		size_t n = 0;

		while (*text != '\0' && !isalpha((unsigned char)*text))
			text++;
		for (; isalpha((unsigned char)*text); text++) {
			if (n < sizeof(word) - 1)
				word[n++] = (char)tolower((unsigned char)*text);
		}
		word[n] = '\0';
		d->named = mapping_own(m, "ici-drug", OWN_SYSTEM("ici-drug"),
		    arena_printf(m->arena, "ici_%s", word));
		if (d->named == NULL)
			d->named = mapping_own(
			    m, "ici-drug", OWN_SYSTEM("ici-brand"), word);
	}
}

/* Another drug the maps know; an ATC code by its class when not itself. */
static const char *
other_drug(struct mapping *m, const struct coding *c)
{
	const struct codemap *maps = m->in->maps;
	const char *x = codemap_lookup(maps, "irae-drug", c->system, c->code);
	size_t n = c->code == NULL ? 0 : strlen(c->code);

	if (x != NULL || n != 7 || !same(c->system, ATC))
		return x;
	for (n = 5; n >= 3 && x == NULL; n--)
		x = codemap_lookup(maps, "irae-drug", c->system,
		    arena_strndup(m->arena, c->code, n));
	return x;
}

static void
take_codeable(
    struct mapping *m, const struct json_value *codeable, struct drugs *d)
{
	struct coding c;

	for (size_t i = 0; codeable_coding(codeable, i, &c); i++) {
		const char *x =
		    codemap_lookup(m->in->maps, "ici-drug", c.system, c.code);

		if (x == NULL)
			x = other_drug(m, &c);
		if (x != NULL)
			drug_add(d, arena_strdup(m->arena, x));
		check_words(m, c.display, d);
	}
	check_words(m, json_string_at(codeable, "text"), d);
}

static void take_reference(struct mapping *m, const struct json_value *v,
    const struct json_value *within, int depth, struct drugs *d);

static void
take_medication(struct mapping *m, const struct json_value *medication,
    const struct json_value *within, int depth, struct drugs *d)
{
	const struct json_value *all = json_get(medication, "ingredient");

	take_codeable(m, json_get(medication, "code"), d);
	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *x = json_at(all, i);

		take_codeable(m, json_get(x, "itemCodeableConcept"), d);
		if (json_get(x, "itemReference") != NULL) {
			take_reference(m, json_get(x, "itemReference"), within,
			    depth + 1, d);
		}
	}
}

static void
take_reference(struct mapping *m, const struct json_value *v,
    const struct json_value *within, int depth, struct drugs *d)
{
	struct target t;

	check_words(m, json_string_at(v, "display"), d);
	if (depth > MAX_DEPTH ||
	    !intake_resolve(m->in, v, within, NULL, m->arena, &t) ||
	    t.json == NULL ||
	    same(json_string_at(t.json, "status"), "entered-in-error")) {
		d->unresolved = true;
		return;
	}
	if (t.record != NULL) {
		within = t.json;
		*ARENA_PUSH(m->arena, &m->facts->sources) =
		    mapping_source(m, t.record);
	}
	take_medication(m, t.json, within, depth, d);
}

static bool
is_ici(const char *concept)
{
	return strncmp(concept, "ici_", 4) == 0;
}

static bool
has_drug(const struct drugs *d, const char *concept)
{
	for (size_t i = 0; i < d->n; i++) {
		if (strcmp(d->concepts[i], concept) == 0)
			return true;
	}
	return false;
}

/* Both parts of the fixed combination are the combination; a class is
 * nothing beside a drug of it. */
static void
tidy(struct drugs *d)
{
	bool both =
	    has_drug(d, COMBINATION) ||
	    (has_drug(d, "ici_nivolumab") && has_drug(d, "ici_relatlimab"));
	bool specific = false;
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		specific = specific || strstr(d->concepts[i], "_class") == NULL;
	}
	for (size_t i = 0; i < d->n; i++) {
		const char *c = d->concepts[i];

		if ((specific && strstr(c, "_class") != NULL) ||
		    (both && (strcmp(c, "ici_nivolumab") == 0 ||
				 strcmp(c, "ici_relatlimab") == 0)))
			continue;
		d->concepts[n++] = c;
	}
	d->n = n;
	if (both && !has_drug(d, COMBINATION))
		drug_add(d, COMBINATION);
}

/* The name for people: the map's, else the concept without its prefix. */
static const char *
drug_name(struct mapping *m, const char *concept)
{
	const char *own =
	    mapping_own(m, "ici-name", OWN_SYSTEM("ici-drug"), concept);
	const char *from = strncmp(concept, "drug_", 5) == 0 ? concept + 5
			   : is_ici(concept)                 ? concept + 4
							     : concept;
	char *name;

	if (own != NULL)
		return own;
	name = arena_strdup(m->arena, from);
	for (char *p = name; *p != '\0'; p++) {
		if (*p == '_')
			*p = ' ';
	}
	return name;
}

/* Milligrams, grams or micrograms as micrograms; DOSE_NONE otherwise. */
static int64_t
dose_ug(const struct json_value *q)
{
	static const struct {
		const char *unit;
		int64_t ug;
	} units[] = {{"mg", 1000}, {"g", 1000000}, {"ug", 1}};
	const char *unit = json_string_at(q, "code");
	const char *text = json_number(json_get(q, "value"));
	struct decimal d;
	int64_t v;

	if (unit == NULL)
		unit = json_string_at(q, "unit");
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (same(unit, units[i].unit) && text != NULL &&
		    decimal_parse(text, &d, NULL) == ERR_OK &&
		    decimal_scaled(&d, units[i].ug, 1, 0, &v, NULL) == ERR_OK &&
		    v >= 0)
			return v;
	}
	return DOSE_NONE;
}

/* Routes that bring a steroid to one place only.
 *= irae §4.1 T, excluded: topical, inhaled, intra-articular */
static bool
is_local(const struct json_value *dosage)
{
	/* SNOMED CT, of the value set route-codes of FHIR R4. */
	static const char *const routes[] = {"6064005", "12130007", "46713006",
	    "54485002", "447694001", "448598008", "37161004", "10547007"};
	struct coding c;

	for (size_t i = 0; codeable_coding(json_get(dosage, "route"), i, &c);
	     i++) {
		for (size_t k = 0; k < sizeof(routes) / sizeof(*routes); k++) {
			if (same(c.code, routes[k]))
				return true;
		}
	}
	return false;
}

static void
dose_add(struct mapping *m, const struct record *r, const char *concept,
    int32_t day, int32_t last)
{
	struct dose_fact *d = ARENA_PUSH(m->arena, &m->facts->doses);

	d->source = mapping_source(m, r);
	d->day = day;
	d->last_day = last;
	d->concept = concept;
	d->name = drug_name(m, concept);
	d->dose_ug = dose_ug(json_path(r->json, "dosage.dose"));
	d->local = is_local(json_get(r->json, "dosage"));
	d->ongoing = same(json_string_at(r->json, "status"), "in-progress") &&
		     json_path(r->json, "effectivePeriod.start") != NULL &&
		     json_path(r->json, "effectivePeriod.end") == NULL;
	if (!is_ici(concept))
		return;
	d->ici_class =
	    mapping_own(m, "ici-class", OWN_SYSTEM("ici-drug"), concept);
	if (d->ici_class == NULL)
		d->ici_class = "other";
}

static bool
is_exposure(struct mapping *m, const struct record *r)
{
	const char *status = json_string_at(r->json, "status");

	if (mapping_evidence(r) == EVIDENCE_DOUBT) {
		facts_problem(m->facts, r->key,
		    same(status, "on-hold") ? "status_on_hold"
					    : "status_unknown",
		    "status '%.20s' is not counted as a dose",
		    status == NULL ? "" : status);
	}
	return mapping_evidence(r) == EVIDENCE_USE;
}

static void
take_all(struct mapping *m, const struct record *r, struct drugs *d)
{
	const struct json_value *ref = json_get(r->json, "medicationReference");

	take_codeable(m, json_get(r->json, "medicationCodeableConcept"), d);
	if (ref != NULL)
		take_reference(m, ref, r->json, 0, d);
	tidy(d);
}

void
from_administration(struct mapping *m, const struct record *r)
{
	struct drugs d = {{NULL}, 0, false, NULL};
	int32_t day, last;

	if (mapping_evidence(r) == EVIDENCE_NONE)
		return;
	take_all(m, r, &d);
	if (d.n == 0 && d.named != NULL) {
		facts_problem(m->facts, r->key, "medication_uncoded",
		    "names %s, but under no code a map knows",
		    drug_name(m, d.named));
	} else if (d.n == 0 && d.unresolved) {
		facts_problem(m->facts, r->key, "medication_unresolved",
		    "its medication is not among the data");
	}
	if (d.n == 0 || !is_exposure(m, r))
		return;
	day = mapping_effective(m, r, &last);
	if (day == DAY_NONE) {
		facts_problem(m->facts, r->key, "date_missing",
		    "nothing says when it was given");
		return;
	}
	for (size_t i = 0; i < d.n; i++)
		dose_add(m, r, d.concepts[i], day, last);
}

bool
medication_is_ici(struct mapping *m, const struct json_value *reference,
    const struct json_value *within)
{
	struct drugs d = {{NULL}, 0, false, NULL};
	struct target t;

	if (!intake_resolve(m->in, reference, within, NULL, m->arena, &t) ||
	    t.json == NULL)
		return false;
	if (t.record != NULL &&
	    strcmp(t.record->type, "MedicationAdministration") == 0)
		take_all(m, t.record, &d);
	else
		take_medication(
		    m, t.json, t.record != NULL ? t.json : within, 0, &d);
	for (size_t i = 0; i < d.n; i++) {
		if (is_ici(d.concepts[i]))
			return true;
	}
	return false;
}
