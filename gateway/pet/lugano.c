/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lugano 2014: PET by the Deauville score; CT alone stands beside it.
 */
#include "gateway/lymphoma.h"
#include "gateway/sources.h"
#include "gateway/thresholds.h"

/*= lugano §8.5 PET */
struct pet_verdict
lugano_judge_pet(int deauville, enum uptake_change change, bool new_foci)
{
	if (deauville < 1 || deauville > 5)
		return pet_not_evaluable("lugano.ne", "DEAUVILLE_X");
	if (new_foci)
		return pet_said("PMD", "lugano.pmd.new_foci");
	if (deauville <= DEAUVILLE_CMR)
		return pet_said("CMR", "lugano.cmr");
	switch (change) {
	case UPTAKE_LOWER:
		return pet_said("PMR", "lugano.pmr");
	case UPTAKE_SAME:
		return pet_said("NMR", "lugano.nmr");
	case UPTAKE_HIGHER:
		return pet_said("PMD", "lugano.pmd.uptake");
	default:
		return pet_not_evaluable("lugano.ne", "BASELINE_PET_MISSING");
	}
}

/*= lugano §8.5 CT PD: one lesion */
bool
lugano_lesion_progresses(const struct lymphoma_lesion *l)
{
	int64_t now = (int64_t)l->long_tmm * l->short_tmm;
	int64_t nadir = (int64_t)l->nadir_long_tmm * l->nadir_short_tmm;
	int32_t needed = l->long_tmm <= LUGANO_SMALL_TMM
			     ? LUGANO_GROWTH_SMALL_TMM
			     : LUGANO_GROWTH_LARGE_TMM;

	if (l->long_tmm <= LUGANO_NODE_TMM || now <= nadir ||
	    !pet_rises(nadir, now, LUGANO_RISE_PCT, false))
		return false;
	return l->long_tmm - l->nadir_long_tmm >= needed ||
	       l->short_tmm - l->nadir_short_tmm >= needed;
}

/*= lugano §8.5 CT */
struct pet_verdict
lugano_judge_ct(const struct lymphoma_ct *ct)
{
	if (ct->new_lesion || ct->lesion_grew)
		return pet_said("PD", "lugano.ct.pd");
	if (ct->spd == BURDEN_NONE || ct->spd_base == BURDEN_NONE)
		return pet_not_evaluable("lugano.ct.ne", "DIAMETERS_MISSING");
	if (ct->all_normal)
		return pet_said("CR", "lugano.ct.cr");
	if (pet_falls(ct->spd_base, ct->spd, LUGANO_FALL_PCT, false))
		return pet_said("PR", "lugano.ct.pr");
	return pet_said("SD", "lugano.ct.sd");
}

static void
step(void *state, const struct pet_scan *s, struct pet_answer *ret)
{
	struct lymphoma_ct ct = lymphoma_load_ct(s);
	struct pet_verdict alone = lugano_judge_ct(&ct);

	(void)state;
	ret->verdict =
	    lugano_judge_pet(s->deauville, lymphoma_uptake(s), ct.new_lesion);
	ret->text = lymphoma_scores(s);
	ret->note_rule = alone.rule;
	ret->note = arena_printf(s->c->arena, "CT alone: %s%s%s", alone.overall,
	    alone.missing != NULL ? ", " : "",
	    alone.missing != NULL ? alone.missing : "");
}

extern const struct pet_criterion pet_criterion_lugano;
const struct pet_criterion pet_criterion_lugano = {
    .id = "lugano",
    .version = "2014",
    .citation = CHESON2014,
    .deauville = true,
    .step = step,
};
