/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of one Observation: diameters and uptake, from its value and
 * its components.  A number that cannot be used is a problem, never a guess.
 */
#include "mappings/intake.h"

#include "mappings/ucum.h"

#define TMM_PLAUSIBLE 10000 /* 1000 mm */
#define SUV_MAX_MILLI 1000000
#define TLG_MAX       100000000 /* 100 kg */
#define TMM_TOO_SMALL 50        /* "<" up to 5 mm is too small to measure */

enum measure {
	MEASURE_NONE,
	MEASURE_ANY, /* a diameter, not said which */
	MEASURE_LONGEST,
	MEASURE_OTHER,
	MEASURE_LONG,
	MEASURE_SHORT,
	MEASURE_SUV,    /* by itself */
	MEASURE_SUV_BW, /* which of max, peak, mean is said beside it */
	MEASURE_SUV_LEAN,
	MEASURE_TLG,
	MEASURE_UNUSED /* known, but no criterion here reads it */
};

static const struct row {
	const char *concept;
	enum measure measure;
	enum suv_kind kind;
} rows[] = {
    {"tumor_size_panel", MEASURE_ANY, 0},
    {"diameter_imaging", MEASURE_ANY, 0},
    {"diameter_generic", MEASURE_ANY, 0},
    {"length_generic", MEASURE_ANY, 0},
    {"line_segment_length", MEASURE_ANY, 0},
    {"distance_generic", MEASURE_ANY, 0},
    {"tumor_dimension_1", MEASURE_OTHER, 0},
    {"tumor_dimension_2", MEASURE_OTHER, 0},
    {"width_generic", MEASURE_OTHER, 0},
    {"depth_generic", MEASURE_OTHER, 0},
    {"other_dimension", MEASURE_OTHER, 0},
    {"longest_diameter", MEASURE_LONGEST, 0},
    {"long_axis", MEASURE_LONG, 0},
    {"major_axis", MEASURE_LONG, 0},
    {"short_axis", MEASURE_SHORT, 0},
    {"minor_axis", MEASURE_SHORT, 0},
    {"perpendicular_diameter", MEASURE_SHORT, 0},
    {"suvmax", MEASURE_SUV, SUV_MAX},
    {"suvpeak", MEASURE_SUV, SUV_PEAK},
    {"suvmean", MEASURE_SUV, SUV_MEAN},
    {"sulmax", MEASURE_SUV, SUL_MAX},
    {"sulpeak", MEASURE_SUV, SUL_PEAK},
    {"sulmean", MEASURE_SUV, SUL_MEAN},
    {"suv", MEASURE_SUV_BW, 0},
    {"suv_bw", MEASURE_SUV_BW, 0},
    {"suv_lbm", MEASURE_SUV_LEAN, 0},
    {"suv_lbm_janmahasatian", MEASURE_SUV_LEAN, 0},
    {"suv_lbm_james128", MEASURE_SUV_LEAN, 0},
    {"suv_bsa", MEASURE_UNUSED, 0},
    {"suv_ibw", MEASURE_UNUSED, 0},
    {"path_length", MEASURE_UNUSED, 0},
    {"max_3d_diameter_mesh", MEASURE_UNUSED, 0},
    {"volume", MEASURE_UNUSED, 0},
    {"tumor_volume", MEASURE_UNUSED, 0},
    {"gross_tumor_volume", MEASURE_UNUSED, 0},
    {"area_generic", MEASURE_UNUSED, 0},
    {"product_perpendicular_diameters", MEASURE_UNUSED, 0},
    {"mtv", MEASURE_UNUSED, 0},
    {"tlg", MEASURE_TLG, LESION_TLG},
    {"glycolysis", MEASURE_UNUSED, 0},
};

static const struct row *
row_of(const char *concept)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (same(concept, rows[i].concept))
			return &rows[i];
	}
	return NULL;
}

bool
measures_size(const char *concept)
{
	const struct row *row = row_of(concept);

	return row != NULL && row->measure >= MEASURE_ANY &&
	       row->measure <= MEASURE_SHORT;
}

bool
measures_uptake(const char *concept)
{
	const struct row *row = row_of(concept);

	return row != NULL && row->measure > MEASURE_SHORT;
}

/* What reading one value needs. */
struct value {
	struct mapping *m;
	const struct record *r;
	const struct json_value *holder; /* Observation or component */
	const struct row *row;
	const char *concept;
};

static void
value_problem(const struct value *v, struct dimensions *d, const char *code,
    const char *detail)
{
	facts_problem(
	    v->m->facts, v->r->key, code, "%s: %s", v->concept, detail);
	d->unusable = true;
}

bool
value_is_length(const struct json_value *holder)
{
	const struct json_value *q = json_get(holder, "valueQuantity");
	const struct ucum_unit *u = ucum_find(json_string_at(q, "system"),
	    json_string_at(q, "code"), json_string_at(q, "unit"));

	return u != NULL && u->dimension == UCUM_LENGTH;
}

/* The unit of a Quantity, of the dimension wanted. */
static const struct ucum_unit *
quantity_unit(const struct value *v, const struct json_value *q,
    enum ucum_dimension want, struct dimensions *d)
{
	const char *code = json_string_at(q, "code");
	const char *unit = json_string_at(q, "unit");
	const struct ucum_unit *u =
	    ucum_find(json_string_at(q, "system"), code, unit);

	if (code == NULL && unit == NULL) {
		value_problem(v, d, "unit_missing", "a number without a unit");
		return NULL;
	}
	/*= criteria §0.1 storage: mm and cm only */
	if (u == NULL ||
	    (u->dimension == UCUM_LENGTH && strcmp(u->code, "mm") != 0 &&
		strcmp(u->code, "cm") != 0)) {
		facts_problem(v->m->facts, v->r->key, "unit_unknown",
		    "%s: valueQuantity in '%.40s'", v->concept,
		    unit != NULL ? unit : code);
		d->unusable = true;
		return NULL;
	}
	if (ucum_contradicts(u, unit)) {
		value_problem(v, d, "unit_conflict",
		    "the unit's code and its text say two units");
		return NULL;
	}
	if (u->dimension != want) {
		value_problem(v, d, "unit_dimension",
		    want == UCUM_LENGTH ? "the unit is no length"
					: "the unit is none of uptake");
		return NULL;
	}
	return u;
}

static bool
read_decimal(const struct value *v, const struct json_value *q,
    struct dimensions *d, struct decimal *ret)
{
	enum err_code rc =
	    decimal_parse(json_number(json_get(q, "value")), ret, NULL);

	if (rc == ERR_INVALID)
		value_problem(
		    v, d, "value_unreadable", "not written as a number");
	else if (rc != ERR_OK)
		value_problem(v, d, "value_implausible",
		    "a number beyond anything measured");
	return rc == ERR_OK;
}

static void
put_other(struct dimensions *d, int32_t tmm)
{
	size_t max = sizeof(d->others) / sizeof(*d->others);

	if (d->n_others < max)
		d->others[d->n_others++] = tmm;
}

static void
put_length(const struct value *v, struct dimensions *d, int32_t tmm)
{
	int32_t *to = v->row->measure == MEASURE_LONGEST ? &d->longest
		      : v->row->measure == MEASURE_LONG  ? &d->long_axis
		      : v->row->measure == MEASURE_SHORT ? &d->short_axis
							 : NULL;

	d->any = true;
	if (to == NULL) {
		put_other(d, tmm);
	} else if (*to != TMM_NONE && *to != tmm) {
		value_problem(v, d, "value_conflict",
		    "said twice in one Observation; not used");
		*to = TMM_NONE;
	} else {
		*to = tmm;
	}
}

static void
read_length(
    const struct value *v, const struct json_value *q, struct dimensions *d)
{
	const char *cmp = json_string_at(q, "comparator");
	const struct ucum_unit *u = quantity_unit(v, q, UCUM_LENGTH, d);
	struct decimal value;
	enum err_code rc;
	int32_t tmm;

	if (u == NULL)
		return;
	if (!read_decimal(v, q, d, &value))
		return;
	rc = ucum_length_tmm(u, &value, &tmm, NULL);
	if (rc != ERR_OK || tmm > TMM_PLAUSIBLE) {
		value_problem(v, d, "value_implausible",
		    "negative, or more than 1000 mm");
	} else if (cmp == NULL) {
		put_length(v, d, tmm);
	} else if (strcmp(cmp, "<") == 0 && tmm <= TMM_TOO_SMALL) {
		d->too_small = d->any = true;
	} else {
		value_problem(v, d, "comparator_unusable",
		    "a comparator other than < up to 5 mm");
	}
}

/* Maximum, peak or mean, as the method or a component says. */
static bool
derivation(const struct value *v, enum suv_kind *ret)
{
	static const struct {
		const char *concept;
		enum suv_kind kind;
	} kinds[] = {
	    {"derivation_maximum", SUV_MAX},
	    {"derivation_peak_roi", SUV_PEAK},
	    {"derivation_mean", SUV_MEAN},
	};
	const char *map = "lesion-measurement";
	const struct json_value *all = json_get(v->r->json, "component");
	const char *c =
	    mapping_lookup(v->m, map, json_get(v->r->json, "method"));
	size_t lean = v->row->measure == MEASURE_SUV_LEAN ? SUL_MAX : 0;

	for (size_t i = 0; c == NULL && i < json_length(all); i++) {
		const struct json_value *x = json_at(all, i);

		c = mapping_lookup(
		    v->m, map, json_get(x, "valueCodeableConcept"));
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (same(c, kinds[i].concept)) {
			*ret = (enum suv_kind)(kinds[i].kind + lean);
			return true;
		}
	}
	return false;
}

static void
read_uptake(
    const struct value *v, const struct json_value *q, struct dimensions *d)
{
	bool tlg = v->row->measure == MEASURE_TLG;
	const struct ucum_unit *u =
	    quantity_unit(v, q, tlg ? UCUM_TLG : UCUM_SUV, d);
	enum suv_kind kind = v->row->kind;
	struct decimal value;
	enum err_code rc;
	int64_t suv;

	if (u == NULL)
		return;
	if (v->row->measure != MEASURE_SUV && !tlg && !derivation(v, &kind)) {
		value_problem(v, d, "suv_kind_missing",
		    "neither maximum, peak nor mean is said");
		return;
	}
	if (!read_decimal(v, q, d, &value))
		return;
	rc = decimal_scaled(&value, u->num, u->den, 3, &suv, NULL);
	if (rc != ERR_OK || suv < 0 || suv > (tlg ? TLG_MAX : SUV_MAX_MILLI)) {
		value_problem(v, d, "value_implausible",
		    tlg ? "glycolysis below 0 or above 100000"
			: "an uptake below 0 or above 1000");
	} else if (json_get(q, "comparator") != NULL) {
		value_problem(
		    v, d, "comparator_unusable", "an uptake with a comparator");
	} else {
		d->suv[kind] = (int32_t)suv;
		d->any = true;
	}
}

static bool
has_narrative(const struct json_value *holder)
{
	static const char *const forms[] = {"valueString", "valueRange",
	    "valueRatio", "valueSampledData", "valueInteger"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (json_get(holder, forms[i]) != NULL)
			return true;
	}
	return false;
}

static void
read_value(const struct value *v, struct dimensions *d)
{
	const struct json_value *q = json_get(v->holder, "valueQuantity");

	if (has_narrative(v->holder)) {
		value_problem(v, d, "narrative_only",
		    "a value that is no quantity with a unit");
	} else if (json_get(v->holder, "dataAbsentReason") != NULL) {
		d->unusable = true;
	} else if (q == NULL) {
		return;
	} else if (v->row->measure == MEASURE_UNUSED) {
		facts_problem(v->m->facts, v->r->key, "measure_not_used",
		    "%s enters no criterion", v->concept);
	} else if (json_number(json_get(q, "value")) == NULL) {
		value_problem(
		    v, d, "value_missing", "a quantity without value");
	} else if (v->row->measure >= MEASURE_SUV) {
		read_uptake(v, q, d);
	} else {
		read_length(v, q, d);
	}
}

static void
read_holder(struct mapping *m, const struct record *r,
    const struct json_value *holder, struct dimensions *d)
{
	struct value v = {m, r, holder, NULL, NULL};

	v.concept =
	    mapping_lookup(m, "lesion-measurement", json_get(holder, "code"));
	v.row = row_of(v.concept);
	if (v.row != NULL)
		read_value(&v, d);
}

void
dimensions_read(
    struct mapping *m, const struct record *r, struct dimensions *ret)
{
	const struct json_value *all = json_get(r->json, "component");
	struct dimensions d = {
	    TMM_NONE, TMM_NONE, TMM_NONE, {0}, 0, {0}, false, false, false};

	for (size_t i = 0; i < SUV__MAX; i++)
		d.suv[i] = SUV_NONE;
	read_holder(m, r, r->json, &d);
	for (size_t i = 0; i < json_length(all); i++)
		read_holder(m, r, json_at(all, i), &d);
	*ret = d;
}
