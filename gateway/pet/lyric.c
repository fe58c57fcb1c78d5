/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LYRIC: Lugano with an indeterminate response in place of a progression that
 * checkpoint inhibitors may feign.
 */
#include <string.h>

#include "gateway/lymphoma.h"
#include "gateway/sources.h"
#include "gateway/thresholds.h"

/* The sum of products rose by half or more. */
static bool
burden_rose(const struct lymphoma_ct *ct)
{
	return ct->spd != BURDEN_NONE && ct->spd_nadir != BURDEN_NONE &&
	       ct->spd > ct->spd_nadir &&
	       pet_rises(ct->spd_nadir, ct->spd, LYRIC_RISE_PCT, false);
}

/*= lyric §8.5 IR1: early, and without clinical deterioration */
static struct pet_verdict
judge_burden(int32_t therapy_start, const struct lyric_visit *v)
{
	struct pet_verdict r;

	if (therapy_start == DAY_NONE)
		return pet_not_evaluable("lyric.ne", "THERAPY_START_MISSING");
	if (v->day - therapy_start > LYRIC_EARLY_DAYS)
		return pet_said("PD", "lyric.pd.burden");
	if (v->clinical == CLINICAL_UNSTABLE)
		return pet_said("PD", "lyric.pd.deterioration");
	r = pet_said("IR1", "lyric.ir1");
	if (v->clinical == CLINICAL_UNKNOWN)
		r.flag = "CLINICAL_STATE_UNKNOWN";
	return r;
}

/*= lyric §8.5 IR1, IR2a, IR2b, IR3 */
struct pet_verdict
lyric_step(struct lyric *s, int32_t therapy_start, const struct lyric_visit *v)
{
	struct pet_verdict r = v->lugano;

	if (s->pending && v->ct.spd != BURDEN_NONE && s->spd != BURDEN_NONE &&
	    v->ct.spd > s->spd)
		return pet_said("PD", "lyric.pd.still_growing");
	if (burden_rose(&v->ct))
		r = judge_burden(therapy_start, v);
	else if (v->ct.new_lesion)
		r = pet_said("IR2a", "lyric.ir2a");
	else if (v->ct.lesion_grew)
		r = pet_said("IR2b", "lyric.ir2b");
	else if (v->uptake_up)
		r = pet_said("IR3", "lyric.ir3");
	s->pending = strncmp(r.overall, "IR", 2) == 0;
	s->spd = s->pending ? v->ct.spd : BURDEN_NONE;
	return r;
}

static void
start(struct lyric *s)
{
	if (!s->pending)
		s->spd = BURDEN_NONE;
}

static void
step(void *state, const struct pet_scan *s, struct pet_answer *ret)
{
	struct lyric_visit v = {.day = s->day, .ct = lymphoma_load_ct(s)};
	enum uptake_change change = lymphoma_uptake(s);

	start(state);
	v.uptake_up = change == UPTAKE_HIGHER;
	v.clinical = s->clinical;
	v.lugano = lugano_judge_pet(s->deauville, change, v.ct.new_lesion);
	ret->verdict = lyric_step(state, s->c->timeline->therapy_start, &v);
	ret->text = lymphoma_scores(s);
}

extern const struct pet_criterion pet_criterion_lyric;
const struct pet_criterion pet_criterion_lyric = {
    .id = "lyric",
    .version = "2016",
    .citation = CHESON2016,
    .deauville = true,
    .state_size = sizeof(struct lyric),
    .step = step,
};
