/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/irae_case.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/irae/units.h"
#include "tests/support/check_main.h"

int
irae_case_int(const struct json_value *v, int otherwise)
{
	const char *s = json_number(v);

	return s != NULL ? (int)strtol(s, NULL, 10) : otherwise;
}

static int32_t
day_at(const struct json_value *v, const char *name)
{
	const struct json_value *d = json_get(v, name);

	return json_number(d) == NULL ? DAY_NONE
				      : IRAE_CASE_EPOCH + irae_case_int(d, 0);
}

static int64_t
value_in(enum irae_analyte a, const struct json_value *v, const char *unit)
{
	struct decimal d;
	struct err e;
	int64_t micro;

	if (json_number(v) == NULL)
		return IRAE_NO_VALUE;
	ck_assert_int_eq(decimal_parse(json_number(v), &d, &e), ERR_OK);
	ck_assert_msg(irae_unit_micro(a, unit, &d, &micro, &e) == ERR_OK,
	    "%s in %s", irae_analyte_name(a), unit);
	return micro;
}

static unsigned
class_of(const char *name)
{
	if (strcmp(name, "CTLA-4") == 0)
		return IRAE_CTLA4;
	return strcmp(name, "LAG3") == 0 || strcmp(name, "LAG-3") == 0
		   ? IRAE_LAG3
		   : IRAE_PD1;
}

static void
add_doses(struct irae_input *in, const struct json_value *agents)
{
	for (size_t i = 0; i < json_length(agents); i++) {
		const struct json_value *x = json_at(agents, i);
		const struct json_value *days = json_get(x, "dose_days");

		for (size_t k = 0; k < json_length(days); k++) {
			struct irae_dose *d = ARENA_PUSH(in->arena, &in->doses);

			d->day = IRAE_CASE_EPOCH +
				 irae_case_int(json_at(days, k), 0);
			d->ici_class = class_of(json_string_at(x, "class"));
			d->source = arena_printf(in->arena,
			    "MedicationAdministration/%s-%zu",
			    json_string_at(x, "agent"), k);
		}
	}
}

static void
add_observation(struct irae_input *in, const struct json_value *x,
    const struct json_value *ranges)
{
	const char *name = json_string_at(x, "analyte");
	const struct json_value *r = json_get(ranges, name);
	const char *unit = json_string_at(r, "unit");
	enum irae_analyte a = irae_analyte_parse(name);
	struct irae_obs *o = ARENA_PUSH(in->arena, &in->observations);

	ck_assert_msg(a != IRAE_ANALYTE__MAX, "analyte %s", name);
	if (unit == NULL || strcmp(unit, "/d over baseline") == 0)
		unit = irae_analyte_unit(a);
	o->day = day_at(x, "day");
	o->analyte = a;
	o->level.value = value_in(a, json_get(x, "value"), unit);
	o->level.low = value_in(a, json_get(r, "lln"), unit);
	o->level.high = value_in(a, json_get(r, "uln"), unit);
	o->level.mi = value_in(a, json_get(r, "mi"), unit);
	o->source = arena_printf(in->arena, "Observation/%s-%d", name,
	    irae_case_int(json_get(x, "day"), 0));
}

static void
add_image(struct irae_input *in, const struct json_value *x)
{
	struct irae_image *m = ARENA_PUSH(in->arena, &in->images);
	const char *site = json_string_at(x, "irae_site");

	m->day = day_at(x, "day");
	m->modality = arena_strdup(in->arena, json_string_at(x, "modality"));
	m->site = arena_strdup(in->arena, json_string_at(x, "site"));
	m->finding = arena_strdup(in->arena, json_string_at(x, "finding"));
	m->present = strcmp(json_string_at(x, "status"), "present") == 0;
	m->extent_pct = irae_case_int(json_get(x, "extent_pct"), -1);
	m->lesion_like = json_true(json_get(x, "lesion_like"));
	m->blamed = site == NULL ? -1 : irae_module_parse(site);
	m->source = arena_printf(in->arena, "Observation/%s-%d", m->finding,
	    irae_case_int(json_get(x, "day"), 0));
}

/* Whole or decimal milligrams as micrograms. */
static int64_t
micrograms(const struct json_value *v)
{
	struct decimal d;
	int64_t ug;

	if (json_number(v) == NULL)
		return 0;
	ck_assert_int_eq(decimal_parse(json_number(v), &d, NULL), ERR_OK);
	ck_assert_int_eq(decimal_scaled(&d, 1000, 1, 0, &ug, NULL), ERR_OK);
	return ug;
}

static void
add_drug(struct irae_input *in, const struct json_value *x)
{
	struct irae_drug *d = ARENA_PUSH(in->arena, &in->drugs);
	int role = irae_drug_role_parse(json_string_at(x, "role"));

	ck_assert_msg(role >= 0, "role %s", json_string_at(x, "role"));
	d->day = day_at(x, "day");
	d->end_day = day_at(x, "end_day");
	d->agent = arena_strdup(in->arena, json_string_at(x, "agent"));
	d->role = (enum irae_drug_role)role;
	d->pred_ug = micrograms(json_get(x, "pred_eq_mg"));
	d->source = arena_printf(in->arena, "MedicationAdministration/%s-%d",
	    d->agent, irae_case_int(json_get(x, "day"), 0));
}

static enum irae_condition_kind
kind_of(const char *name)
{
	static const char *const names[] = {
	    [IRAE_ATTRIBUTED] = "attributed",
	    [IRAE_ORGAN] = "organ",
	    [IRAE_SYMPTOM] = "symptom",
	    [IRAE_ECG] = "ecg",
	    [IRAE_SEVERITY] = "severity",
	    [IRAE_CONFOUNDER] = "confounder",
	    [IRAE_DAT_POSITIVE] = "dat_positive",
	    [IRAE_CONTEXT] = "context",
	};
	size_t k = 0;

	while (
	    k < sizeof(names) / sizeof(*names) && strcmp(names[k], name) != 0)
		k++;
	ck_assert_msg(k < sizeof(names) / sizeof(*names), "kind %s", name);
	return (enum irae_condition_kind)k;
}

static enum irae_module
module_at(const struct json_value *x)
{
	int m = irae_module_parse(json_string_at(x, "irae"));

	ck_assert_msg(m >= 0, "module %s", json_string_at(x, "irae"));
	return (enum irae_module)m;
}

static void
add_condition(struct irae_input *in, const struct json_value *x)
{
	struct irae_condition *c = ARENA_PUSH(in->arena, &in->conditions);
	const char *strength = json_string_at(x, "strength");

	c->day = day_at(x, "day");
	c->end_day = day_at(x, "end_day");
	c->module = module_at(x);
	c->kind = kind_of(json_string_at(x, "kind"));
	c->grade = irae_case_int(json_get(x, "grade"), 0);
	c->explains = strength != NULL && strcmp(strength, "explains") == 0;
	c->specific = json_true(json_get(x, "specific"));
	c->histology = json_true(json_get(x, "histology"));
	c->text = arena_strdup(in->arena, json_string_at(x, "text"));
	c->source = arena_printf(in->arena, "Condition/%s-%zu",
	    irae_module_name(c->module), in->conditions.n);
}

static void
add_dismissal(struct irae_input *in, const struct json_value *x)
{
	struct irae_action *d = ARENA_PUSH(in->arena, &in->dismissals);

	ck_assert_str_eq(json_string_at(x, "type"), "dismiss");
	d->day = day_at(x, "day");
	d->module = module_at(x);
	d->source =
	    arena_printf(in->arena, "Flag/%s", irae_module_name(d->module));
}

static void
add_each(struct irae_input *in, const struct json_value *list,
    void (*add)(struct irae_input *, const struct json_value *))
{
	for (size_t i = 0; i < json_length(list); i++)
		add(in, json_at(list, i));
}

struct irae_input *
irae_case_input(const struct json_value *c, struct arena *a)
{
	struct irae_input *in = arena_alloc(a, sizeof(*in));
	const struct json_value *obs = json_get(c, "observations");
	const struct json_value *reviews = json_get(c, "review_days");

	in->arena = a;
	in->as_of = DAY_NONE;
	in->weight_g = micrograms(json_get(c, "weight_kg"));
	add_doses(in, json_get(c, "ici"));
	for (size_t i = 0; i < json_length(obs); i++)
		add_observation(in, json_at(obs, i), json_get(c, "ranges"));
	add_each(in, json_get(c, "imaging"), add_image);
	add_each(in, json_get(c, "drugs"), add_drug);
	add_each(in, json_get(c, "conditions"), add_condition);
	add_each(in, json_get(c, "actions"), add_dismissal);
	for (size_t i = 0; i < json_length(reviews); i++)
		*ARENA_PUSH(a, &in->reviews) =
		    IRAE_CASE_EPOCH + irae_case_int(json_at(reviews, i), 0);
	return in;
}

struct irae_options
irae_case_options(const struct json_value *c)
{
	struct irae_options o = IRAE_DEFAULTS;
	const struct json_value *v = json_get(c, "ctcae");
	const char *word = json_string(v);

	o.ctcae = word != NULL ? word[0] - '0' : irae_case_int(v, 5);
	return o;
}
