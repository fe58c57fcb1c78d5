/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/irae/irae_case.h"

#include <string.h>

#include "fhir/decimal.h"
#include "gateway/visits.h"
#include "gateway/wording.h"

/* --- doses --- */

static unsigned
class_of(const char *words)
{
	unsigned classes = 0;

	if (strstr(words, "PD-1") != NULL || strstr(words, "PD-L1") != NULL)
		classes |= IRAE_PD1;
	if (strstr(words, "CTLA-4") != NULL)
		classes |= IRAE_CTLA4;
	if (strstr(words, "LAG-3") != NULL)
		classes |= IRAE_LAG3;
	return classes;
}

static void
add_doses(const struct patient_facts *p, struct irae_input *in)
{
	for (size_t i = 0; i < p->doses.n; i++) {
		const struct dose_fact *f = &p->doses.items[i];

		if (f->ici_class == NULL)
			continue;
		*ARENA_PUSH(in->arena, &in->doses) =
		    (struct irae_dose){.day = f->day,
			.ici_class = class_of(f->ici_class),
			.source = f->source.reference};
	}
}

/* --- weight: the last up to the first dose, else the first after --- */

static int64_t
grams(const struct finding_fact *f)
{
	static const struct {
		const char *unit;
		int64_t num, den;
	} units[] = {
	    {"kg", 1000, 1}, {"g", 1, 1}, {"[lb_av]", 45359237, 100000}};
	const struct decimal d = {f->value, f->scale};
	int64_t g;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (f->has_value && f->unit != NULL &&
		    strcmp(f->unit, units[i].unit) == 0 &&
		    decimal_scaled(&d, units[i].num, units[i].den, 0, &g,
			NULL) == ERR_OK &&
		    g >= 20000 && g <= 400000)
			return g;
	}
	return 0;
}

static void
find_weight(const struct timeline *t, struct irae_input *in)
{
	const struct patient_facts *p = t->facts;
	int32_t best = DAY_NONE;

	for (size_t i = 0; i < p->findings.n; i++) {
		const struct finding_fact *f = &p->findings.items[i];
		int64_t g;

		if (strcmp(f->concept, "vital_body_weight") != 0)
			continue;
		g = grams(f);
		if (g == 0 ||
		    (best != DAY_NONE && best <= t->therapy_start &&
			(f->day > t->therapy_start || f->day <= best)) ||
		    (best > t->therapy_start && f->day >= best))
			continue;
		best = f->day;
		in->weight_g = g;
	}
}

/* --- images --- */

static const struct {
	const char *concept, *site, *finding;
} pictures[] = {
#define IRAE_PICTURE(concept, site, finding) {concept, site, finding},
#include "gateway/irae/concepts.def"
#undef IRAE_PICTURE
};

static const struct {
	const char *site, *finding;
} keys[] = {
#define IRAE_IMAGE(module, site, finding, modality, use) {site, finding},
#include "gateway/irae/signals.def"
#undef IRAE_IMAGE
};

/* "colon_diffuse_fdg_uptake" says both. */
static bool
is_full_key(const char *concept, const char *site, const char *finding)
{
	size_t n = site[0] == '*' ? 5 : strlen(site);

	if (site[0] == '*')
		site = "brain";
	return strncmp(concept, site, n) == 0 && concept[n] == '_' &&
	       strcmp(concept + n + 1, finding) == 0;
}

/* A finding without a site is of the only organ that can have it. */
static const char *
only_site(const char *finding)
{
	const char *site = NULL;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (strcmp(keys[i].finding, finding) != 0)
			continue;
		if (site != NULL && strcmp(site, keys[i].site) != 0)
			return NULL;
		site = keys[i].site;
	}
	return site != NULL && site[0] == '*' ? "brain" : site;
}

/* Site and finding key; false when it is no picture of ours. */
static bool
read_picture(const struct finding_fact *f, struct irae_image *x)
{
	bool hilar = strcmp(f->concept, "hilar_lymphadenopathy") == 0 ||
		     strcmp(f->concept, "mediastinal_lymphadenopathy") == 0;

	for (size_t i = 0; i < sizeof(pictures) / sizeof(*pictures); i++) {
		if (strcmp(pictures[i].concept, f->concept) == 0) {
			x->site = pictures[i].site;
			x->finding = pictures[i].finding;
			return true;
		}
	}
	if (hilar) {
		x->site = "lymph_node";
		x->finding = "bilateral_symmetric_hilar_mediastinal";
		return f->bilateral;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (is_full_key(f->concept, keys[i].site, keys[i].finding)) {
			x->site =
			    keys[i].site[0] == '*' ? "brain" : keys[i].site;
			x->finding = keys[i].finding;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (strcmp(keys[i].finding, f->concept) == 0) {
			x->finding = keys[i].finding;
			x->site =
			    f->organ != NULL ? f->organ : only_site(x->finding);
			return true;
		}
	}
	return false;
}

/* The modality that shows it: PET for uptake. */
static const char *
modality_of(struct arena *a, const struct finding_fact *f, const char *finding)
{
	if (strstr(finding, "fdg") != NULL)
		return "PT";
	return arena_strndup(a, f->modalities, strcspn(f->modalities, "+"));
}

/*= irae §2.5 pneumonitis: extent, per cent of the lung.  Whole per cents,
 * down below the half and up above it: neither bound is crossed. */
static int
extent_of(const struct finding_fact *f)
{
	int64_t v = f->value, whole = 1;

	if (!f->has_value || f->unit == NULL || strcmp(f->unit, "%") != 0)
		return -1;
	for (int i = 0; i < f->scale; i++)
		whole *= 10;
	v = (v + (v > 50 * whole ? whole - 1 : 0)) / whole;
	return v >= 0 && v <= 100 ? (int)v : -1;
}

static void
add_images(
    const struct timeline *t, struct irae_input *in, struct assessment *a)
{
	for (size_t i = 0; i < t->facts->findings.n; i++) {
		const struct finding_fact *f = &t->facts->findings.items[i];
		struct irae_image x = {.day = f->day,
		    .present = !f->absent,
		    .blamed = -1,
		    .source = f->source.reference};

		if (!read_picture(f, &x))
			continue;
		if (x.site == NULL) {
			assess_problem(a, f->source.reference, "site_missing",
			    "%s: of which organ is not said", f->concept);
			continue;
		}
		x.modality = modality_of(in->arena, f, x.finding);
		x.extent_pct = extent_of(f);
		x.lesion_like = irae_case_lesion(t, x.site, x.day);
		*ARENA_PUSH(in->arena, &in->images) = x;
	}
}

/* --- what the response assessment says --- */

static void
push_context(struct irae_input *in, enum irae_module m,
    enum irae_condition_kind kind, int32_t day, const char *text,
    const char *source)
{
	*ARENA_PUSH(in->arena, &in->conditions) =
	    (struct irae_condition){.day = day,
		.end_day = DAY_NONE,
		.module = m,
		.kind = kind,
		.text = text,
		.source = source};
}

static bool
is_growing(const struct lesion *l, int k)
{
	const struct reading *now = l->at[k];
	int32_t least = TMM_NONE;

	if (now == NULL)
		return false;
	if (now->state == READING_INCREASED ||
	    now->state == READING_UNEQUIVOCAL)
		return true;
	for (int i = 0; i < k; i++) {
		const struct reading *r = l->at[i];

		if (r != NULL && r->longest_tmm > 0 &&
		    (least == TMM_NONE || r->longest_tmm < least))
			least = r->longest_tmm;
	}
	return least != TMM_NONE && now->longest_tmm != TMM_NONE &&
	       5 * (int64_t)now->longest_tmm >= 6 * (int64_t)least;
}

/*= irae §1.2 hepatitis: new or progressing liver metastases */
static void
add_liver_metastases(const struct timeline *t, struct irae_input *in)
{
	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct lesion *l = &t->lesions.items[i];

		for (int k = t->baseline + 1;
		     l->organ != NULL && strcmp(l->organ, "liver") == 0 &&
		     l->role != ROLE_BENIGN && k < (int)t->timepoints.n;
		     k++) {
			if (l->first != k && !is_growing(l, k))
				continue;
			push_context(in, IRAE_HEPATITIS, IRAE_CONFOUNDER,
			    t->timepoints.items[k].day,
			    "new or growing liver metastasis",
			    l->at[k] != NULL && l->at[k]->n_sources > 0
				? l->at[k]->sources[0]
				: NULL);
			break;
		}
	}
}

/*= irae §1.2 sarcoid_like: second line, targets not growing */
static void
add_quiet_targets(const struct assess_case *c, const struct assessment *x,
    struct irae_input *in)
{
	const struct criterion_result *r = assessment_criterion(x, "recist11");

	for (size_t i = 1; r != NULL && i < c->n_visits; i++) {
		enum category k = r->at[c->visits[i].index].target;

		if (k == CAT_CR || k == CAT_PR || k == CAT_SD)
			push_context(in, IRAE_SARCOID_LIKE, IRAE_CONTEXT,
			    c->visits[i].day, "target lesions are not growing",
			    NULL);
	}
}

static bool
has_image_of(const struct irae_input *in, enum irae_module m)
{
	for (size_t i = 0; i < in->images.n; i++) {
		if (irae_image_owner(&in->images.items[i]) == (int)m)
			return true;
	}
	return false;
}

static int32_t
later(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

/* The last day anything is dated. */
static int32_t
last_day(const struct irae_input *in)
{
	int32_t day = DAY_NONE;

	for (size_t i = 0; i < in->observations.n; i++)
		day = later(day, in->observations.items[i].day);
	for (size_t i = 0; i < in->images.n; i++)
		day = later(day, in->images.items[i].day);
	for (size_t i = 0; i < in->drugs.n; i++)
		day = later(day, in->drugs.items[i].day);
	for (size_t i = 0; i < in->conditions.n; i++)
		day = later(day, later(in->conditions.items[i].day,
				     in->conditions.items[i].end_day));
	for (size_t i = 0; i < in->dismissals.n; i++)
		day = later(day, in->dismissals.items[i].day);
	return day;
}

struct irae_input *
irae_case_build(const struct assess_case *c, struct assessment *x)
{
	const struct timeline *t = c->timeline;
	struct irae_input *in = arena_alloc(c->arena, sizeof(*in));

	if (t->facts == NULL || t->therapy_start == DAY_NONE)
		return NULL;
	in->arena = c->arena;
	in->as_of = c->options->as_of;
	add_doses(t->facts, in);
	find_weight(t, in);
	irae_case_labs(c, in, x);
	irae_case_drugs(c, in, x);
	irae_case_statements(c, in);
	add_images(t, in, x);
	add_liver_metastases(t, in);
	if (has_image_of(in, IRAE_SARCOID_LIKE))
		add_quiet_targets(c, x, in);
	if (in->as_of == DAY_NONE && x->as_of > last_day(in))
		*ARENA_PUSH(c->arena, &in->reviews) = x->as_of;
	return in->doses.n > 0 ? in : NULL;
}

void
irae_assess(const struct assess_case *c, struct assessment *x,
    struct inflamed_list *ret)
{
	struct irae_input *in = irae_case_build(c, x);
	struct irae_result *r;

	x->irae_due = DAY_NONE;
	if (in == NULL)
		return;
	r = irae_run(in, &c->options->irae, c->arena);
	x->irae_due = r->due_day;
	irae_episodes_add(c, r, x);
	irae_advice_add(c, r, x);
	irae_case_lesions(c, in, r, x, ret);
}
