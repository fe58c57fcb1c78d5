/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PERCIMT: how many new avid lesions, and how large.
 */
#include "gateway/metabolic.h"
#include "gateway/sources.h"
#include "gateway/thresholds.h"
#include "gateway/wording.h"

struct row {
	size_t at_least;
	int32_t above_tmm; /* TMM_NONE: of any size */
	const char *rule;
};

static struct row
row_at(const struct contested *k, size_t i)
{
	/*= pet §8.3 percimt, C30 */
	const struct row rows[] = {
	    {(size_t)k->percimt_new_lesions, TMM_NONE, "percimt.pmd.four_new"},
	    {PERCIMT_THREE, PERCIMT_THREE_TMM, "percimt.pmd.three_above_10_mm"},
	    {PERCIMT_TWO, PERCIMT_TWO_TMM, "percimt.pmd.two_above_15_mm"},
	};

	return rows[i];
}
#define N_ROWS 3

static void
count(const struct row *r, const int32_t *diameters, size_t n, size_t *sure,
    size_t *unknown)
{
	*sure = *unknown = 0;
	for (size_t i = 0; i < n; i++) {
		if (r->above_tmm == TMM_NONE || diameters[i] > r->above_tmm)
			(*sure)++;
		else if (diameters[i] == TMM_NONE)
			(*unknown)++;
	}
}

struct pet_verdict
percimt_judge(const struct contested *k, const int32_t *diameters, size_t n,
    bool all_resolved)
{
	bool open = false;

	for (size_t i = 0; i < N_ROWS; i++) {
		struct row r = row_at(k, i);
		size_t sure, unknown;

		count(&r, diameters, n, &sure, &unknown);
		if (sure >= r.at_least)
			return pet_said("PMD", r.rule);
		open |= sure + unknown >= r.at_least;
	}
	if (open)
		return pet_not_evaluable(
		    "percimt.ne", "FUNCTIONAL_DIAMETER_MISSING");
	if (n == 0 && all_resolved)
		return pet_said("CMR", "percimt.cmr");
	return pet_said("SMD", "percimt.not_pmd");
}

/* "2 new avid lesions: 16.0 mm, unknown". */
static const char *
text_of(struct arena *a, const int32_t *diameters, size_t n)
{
	struct wording_names sizes = {.n = 0};

	for (size_t i = 0; i < n; i++)
		wording_name(&sizes,
		    wording_mm(a,
			diameters[i] == TMM_NONE ? BURDEN_NONE : diameters[i]));
	return arena_printf(a, "%zu new avid lesion%s%s%s", n,
	    n == 1 ? "" : "s", n > 0 ? ": " : "", wording_join(a, &sizes));
}

static void
step(void *state, const struct pet_scan *s, struct pet_answer *ret)
{
	(void)state;
	if (s->base_tp < 0) {
		ret->verdict = pet_not_evaluable("percimt.ne", s->peak.missing);
		return;
	}
	ret->verdict = percimt_judge(&s->c->options->contested,
	    s->diameters.items, s->diameters.n, s->peak.all_resolved);
	ret->text = text_of(s->c->arena, s->diameters.items, s->diameters.n);
	if (s->diameters.n == 0)
		return;
	ret->note_rule = "percimt.diameter";
	ret->note = "the measured diameter stands in for the functional one";
}

extern const struct pet_criterion pet_criterion_percimt;
const struct pet_criterion pet_criterion_percimt = {
    .id = "percimt",
    .version = "2018",
    .citation = ANWAR,
    .step = step,
};
