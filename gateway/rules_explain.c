/* SPDX-License-Identifier: Apache-2.0 */
/* The words for what gateway/rules.c decides. */
#include "gateway/readings.h"
#include "gateway/rules.h"
#include "gateway/wording.h"

static const char **
target_sources(const struct assess_case *c, const struct visit *v)
{
	const char **s = arena_alloc(c->arena, v->n_targets * sizeof(*s));

	for (size_t i = 0; i < v->n_targets; i++)
		s[i] = v->targets[i].source;
	return s;
}

/* "lesions l2, l4": what was not evaluated. */
static const char *
missing_targets(const struct assess_case *c, const struct visit *v)
{
	struct wording_names names = {0};

	for (size_t i = 0; i < v->n_targets; i++) {
		if (!v->targets[i].evaluated)
			wording_name(&names,
			    c->timeline->lesions.items[v->targets[i].lesion]
				.key);
	}
	return wording_join(c->arena, &names);
}

static const char *
sum_to_nadir(const struct assess_case *c, const struct visit *v, int64_t nadir,
    int32_t nadir_day)
{
	struct arena *a = c->arena;

	return arena_printf(a, "sum %s is %s the nadir of %s on %s",
	    wording_mm(a, v->sum_tmm), wording_change(a, v->sum_tmm, nadir),
	    wording_mm(a, nadir), wording_day(a, nadir_day));
}

static const char *
sum_to_base(const struct assess_case *c, const struct visit *v)
{
	struct arena *a = c->arena;

	return arena_printf(a, "sum %s is %s the baseline of %s on %s",
	    wording_mm(a, v->sum_tmm),
	    wording_change(a, v->sum_tmm, c->base_tmm),
	    wording_mm(a, c->base_tmm), wording_day(a, c->visits[0].day));
}

static const char *
target_key(const struct assess_case *c, const struct target_fact *f)
{
	return c->timeline->lesions.items[f->lesion].key;
}

static void
add_missing_targets(
    const struct assess_case *c, const struct visit *v, struct verdict *ret)
{
	for (size_t i = 0; i < v->n_targets; i++) {
		if (!v->targets[i].evaluated)
			missing_add(c->arena, &ret->missing,
			    "TARGET_NOT_EVALUATED",
			    target_key(c, &v->targets[i]));
	}
}

static void
add_missing_baseline(const struct assess_case *c, struct verdict *ret)
{
	const struct visit *base = &c->visits[0];

	for (size_t i = 0; i < base->n_targets; i++) {
		if (!base->targets[i].evaluated)
			missing_add(c->arena, &ret->missing,
			    "BASELINE_SIZE_MISSING",
			    target_key(c, &base->targets[i]));
	}
}

/* The lesions not read; the status itself where it names none. */
static void
add_missing_non_targets(
    const struct assess_case *c, const struct visit *v, struct verdict *ret)
{
	const struct timeline *t = c->timeline;
	size_t before = ret->missing.n;

	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct lesion *l = &t->lesions.items[i];

		if (l->role == ROLE_NON_TARGET &&
		    !reading_is_evaluated(l->at[v->index]))
			missing_add(c->arena, &ret->missing,
			    "NON_TARGET_NOT_EVALUATED", l->key);
	}
	if (ret->missing.n == before)
		missing_add(c->arena, &ret->missing, "NON_TARGET_NOT_EVALUATED",
		    v->n_nt_sources > 0 && v->nt_sources[0] != NULL
			? v->nt_sources[0]
			: "non-target status");
}

void
rules_not_imaged(const struct assess_case *c, const struct visit *v,
    const char *rule, struct verdict *ret)
{
	const struct timepoint *tp = &c->timeline->timepoints.items[v->index];

	verdict_flag(c->arena, ret, "NOT_IMAGED");
	missing_add(c->arena, &ret->missing, "NOT_IMAGED",
	    tp->n_studies > 0 ? tp->studies[0] : wording_day(c->arena, v->day));
	because_add(c->arena, &ret->because, rule, NULL, 0,
	    "nothing was evaluated at this visit");
}

/* Why a part of the targets decides, or does not. */
static void
explain_incomplete(const struct assess_case *c, const struct visit *v,
    const struct target_call *t, const char *to_nadir, struct verdict *ret)
{
	const char **src = target_sources(c, v);

	add_missing_targets(c, v, ret);
	if (c->base_tmm == BURDEN_NONE) {
		verdict_flag(c->arena, ret, "BASELINE_INCOMPLETE");
		add_missing_baseline(c, ret);
		because_add(c->arena, &ret->because,
		    "recist11.target.no_baseline", src, v->n_targets,
		    "no baseline sum: not every target lesion was measured at "
		    "baseline on %s",
		    wording_day(c->arena, c->visits[0].day));
		return;
	}
	if (t->partial) {
		verdict_flag(c->arena, ret, "PARTIAL_SUM_PD");
		because_add(c->arena, &ret->because,
		    "recist11.target.partial_sum_pd", src, v->n_targets,
		    "%zu of %zu target lesions alone show progression: %s",
		    v->n_evaluated, v->n_targets, to_nadir);
		return;
	}
	verdict_flag(c->arena, ret, "TARGET_NOT_EVALUATED");
	because_add(c->arena, &ret->because, "recist11.target.ne", src,
	    v->n_targets, "%zu of %zu target lesions evaluated; missing: %s",
	    v->n_evaluated, v->n_targets, missing_targets(c, v));
}

void
rules_target_explain(const struct assess_case *c, const struct visit *v,
    const struct target_call *t, int64_t nadir, int32_t nadir_day,
    struct verdict *ret)
{
	const char *to_nadir = sum_to_nadir(c, v, nadir, nadir_day);
	const char *rule, *text;

	if (v->n_targets == 0) {
		because_add(c->arena, &ret->because, "recist11.target.na", NULL,
		    0, "no target lesions at baseline");
		return;
	}
	if (!v->complete || c->base_tmm == BURDEN_NONE) {
		explain_incomplete(c, v, t, to_nadir, ret);
		return;
	}
	if (t->raw == CAT_CR) {
		rule = "recist11.target.cr";
		text = arena_printf(c->arena,
		    "every target lesion is absent or a lymph node below "
		    "10.0 mm; sum %s",
		    wording_mm(c->arena, v->sum_tmm));
	} else if (t->raw == CAT_PD) {
		rule = "recist11.target.pd";
		text = to_nadir;
	} else if (t->raw == CAT_PR) {
		rule = "recist11.target.pr";
		text = sum_to_base(c, v);
	} else {
		rule = "recist11.target.sd";
		text = arena_printf(
		    c->arena, "%s; %s", sum_to_base(c, v), to_nadir);
	}
	because_add(c->arena, &ret->because, rule, target_sources(c, v),
	    v->n_targets, "%s", text);
	if (t->held) {
		verdict_flag(c->arena, ret, "PR_CONTINUED");
		because_add(c->arena, &ret->because,
		    "recist11.target.pr_continued", NULL, 0,
		    "an earlier partial response holds until progression; "
		    "the sum alone would be SD");
	}
}

void
rules_non_target_explain(
    const struct assess_case *c, const struct visit *v, struct verdict *ret)
{
	static const struct {
		const char *rule, *text;
	} say[] = {
	    [NT_NA] = {"recist11.non_target.na",
		"no non-target disease at baseline"},
	    [NT_CR] = {"recist11.non_target.cr",
		"all non-target disease is gone"},
	    [NT_NON] = {"recist11.non_target.non_cr_non_pd",
		"non-target disease persists without unequivocal "
		"progression"},
	    [NT_PD] = {"recist11.non_target.pd",
		"unequivocal progression of non-target disease"},
	    [NT_NE] = {"recist11.non_target.ne",
		"non-target disease was not fully evaluated"},
	};

	if (v->non_target == NT_NE) {
		verdict_flag(c->arena, ret, "NON_TARGET_NOT_EVALUATED");
		add_missing_non_targets(c, v, ret);
	}
	because_add(c->arena, &ret->because, say[v->non_target].rule,
	    v->nt_sources, v->n_nt_sources, "%s", say[v->non_target].text);
}

static const char *
new_lesion_name(const struct assess_case *c, const struct new_lesion_fact *f)
{
	if (f->lesion < 0)
		return "a new lesion";
	return c->timeline->lesions.items[f->lesion].key;
}

static const char *
new_lesion_text(const struct assess_case *c, const struct new_lesion_fact *f)
{
	struct arena *a = c->arena;
	const char *name = new_lesion_name(c, f);

	if (f->borderline && !f->definite)
		return arena_printf(a,
		    "lymph node %s of %s alone (10.0 to 14.9 mm) waits for "
		    "the next visit",
		    name, wording_mm(a, f->value_tmm));
	if (!f->definite)
		return arena_printf(
		    a, "%s is equivocal: kept, not counted", name);
	if (f->resolved)
		return arena_printf(a, "%s is gone", name);
	return arena_printf(a, "%s %s%s%s", name,
	    f->first_seen ? "was not there at baseline" : "is still there",
	    f->value_tmm == TMM_NONE ? "" : ", ",
	    f->value_tmm == TMM_NONE ? "" : wording_mm(a, f->value_tmm));
}

static const char *
new_lesion_rule(const struct new_lesion_fact *f)
{
	if (f->borderline && !f->definite)
		return "recist11.new_lesion.node_borderline";
	if (!f->definite)
		return "recist11.new_lesion.equivocal";
	if (f->resolved)
		return "recist11.new_lesion.resolved";
	return f->first_seen ? "recist11.new_lesion.first"
			     : "recist11.new_lesion.persists";
}

/* What is said of those not read at this visit, all in one line. */
static const struct {
	const char *rule, *one, *more;
} unread[] = {
    {"recist11.new_lesion.node_borderline",
	"alone, a lymph node of 10.0 to 14.9 mm, waits for the next visit",
	"alone, lymph nodes of 10.0 to 14.9 mm, wait for the next visit"},
    {"recist11.new_lesion.equivocal", "is equivocal: kept, not counted",
	"are equivocal: kept, not counted"},
    {"recist11.new_lesion.resolved", "is gone", "are gone"},
    {"recist11.new_lesion.not_read", "was not read at this visit",
	"were not read at this visit"},
};
#define N_UNREAD (sizeof(unread) / sizeof(*unread))

static size_t
unread_kind(const struct new_lesion_fact *f)
{
	if (!f->definite)
		return f->borderline ? 0 : 1;
	return f->resolved ? 2 : 3;
}

static void
explain_unread(
    const struct assess_case *c, const struct visit *v, struct verdict *ret)
{
	struct wording_names names[N_UNREAD] = {0};

	for (size_t i = 0; i < v->n_news; i++) {
		const struct new_lesion_fact *f = &v->news[i];

		if (!f->evaluated)
			wording_name(
			    &names[unread_kind(f)], new_lesion_name(c, f));
		if (f->definite && !f->evaluated && !f->resolved)
			missing_add(c->arena, &ret->missing,
			    "NEW_LESION_NOT_EVALUATED", new_lesion_name(c, f));
	}
	for (size_t k = 0; k < N_UNREAD; k++) {
		if (names[k].n > 0)
			because_add(c->arena, &ret->because, unread[k].rule,
			    NULL, 0, "%s %s", wording_join(c->arena, &names[k]),
			    names[k].n == 1 ? unread[k].one : unread[k].more);
	}
}

void
rules_new_lesion_explain(
    const struct assess_case *c, const struct visit *v, struct verdict *ret)
{
	for (size_t i = 0; i < v->n_news; i++) {
		const struct new_lesion_fact *f = &v->news[i];

		if (f->evaluated)
			because_add(c->arena, &ret->because, new_lesion_rule(f),
			    &f->source, 1, "%s", new_lesion_text(c, f));
	}
	explain_unread(c, v, ret);
	if (v->no_new_lesion_assumed)
		because_add(c->arena, &ret->because, "no_new_lesion_assumed",
		    NULL, 0,
		    "nothing is said of new lesions and none is in the data: "
		    "none assumed");
}

void
rules_visit_flags(
    const struct assess_case *c, const struct visit *v, struct verdict *ret)
{
	for (size_t i = 0; i < v->n_news; i++) {
		const struct new_lesion_fact *f = &v->news[i];

		if (f->borderline)
			verdict_flag(c->arena, ret, "NODE_BORDERLINE");
		else if (!f->definite)
			verdict_flag(c->arena, ret, "EQUIVOCAL_NEW_LESION");
	}
	if (v->no_new_lesion_assumed)
		verdict_flag(c->arena, ret, "NO_NEW_LESION_ASSUMED");
}
