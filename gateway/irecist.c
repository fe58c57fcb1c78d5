/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/irecist.h"

#include "gateway/thresholds.h"
#include "gateway/wording.h"

struct irecist_seen *
irecist_seen(const struct irecist_scene *x, const struct new_lesion_fact *f)
{
	size_t n = x->c->timeline->lesions.n;

	return &x->s->seen[f->lesion < 0 ? n : (size_t)f->lesion];
}

/* A lesion named at last is no further one while the iUPD it brought is
 * pending. */
static bool
is_known(const struct irecist_scene *x, const struct new_lesion_fact *n)
{
	return irecist_seen(x, n)->known ||
	       (n->indicated && x->s->phase == IRECIST_PENDING &&
		   x->s->seen[x->c->timeline->lesions.n].known);
}

/* Like is compared with like: what joins the sum brings its earlier size
 * along, or grew by nothing where it had none. */
/*= irecist §4.1 */
static void
gather_target(struct irecist_facts *f, const struct new_lesion_fact *n,
    const struct irecist_seen *seen)
{
	f->any_nlt = true;
	f->had_nlt = f->had_nlt || seen->in_sum;
	if (n->value_tmm == TMM_NONE || n->resolved)
		return;
	f->nlt += n->value_tmm;
	if (!seen->in_sum)
		f->joined += seen->value_tmm != TMM_NONE ? seen->value_tmm
							 : n->value_tmm;
}

/* A restated "unequivocal progression" is no further increase. */
static void
gather_non_target(struct irecist_facts *f, const struct new_lesion_fact *n,
    const struct irecist_seen *seen)
{
	bool unequivocal = n->change == CHANGE_UNEQUIVOCAL &&
			   seen->change != CHANGE_UNEQUIVOCAL;

	if (!n->evaluated || !seen->read)
		return;
	f->nlnt_unequivocal = f->nlnt_unequivocal || unequivocal;
	f->nlnt_increase =
	    f->nlnt_increase || unequivocal || n->change == CHANGE_INCREASED;
}

static void
gather_new_lesion(struct irecist_scene *x, const struct new_lesion_fact *n)
{
	struct irecist_facts *f = &x->f;
	bool known = is_known(x, n);
	bool read = n->evaluated && (!n->target || n->value_tmm != TMM_NONE);

	if (!n->definite)
		return;
	if (n->evaluated && !n->resolved && !known)
		f->n_new++;
	f->unresolved = f->unresolved || !n->resolved;
	if (!n->resolved && !read) {
		f->missing = f->missing || known;
		f->nlt_complete = f->nlt_complete && !n->target;
	}
	if (n->target)
		gather_target(f, n, irecist_seen(x, n));
	else
		gather_non_target(f, n, irecist_seen(x, n));
}

void
irecist_gather_targets(struct irecist_scene *x, bool hold_pr)
{
	struct irecist_facts *f = &x->f;

	f->t = rules_target(&x->c->options->contested, x->v, x->c->base_tmm,
	    x->s->nadir, hold_pr);
	f->target = f->t.category;
	f->non_target = rules_non_target(x->v->non_target);
	f->matrix = rules_overall(f->target, f->non_target, false, false, NULL);
}

/*= irecist §4.2, C33 */
void
irecist_gather(struct irecist_scene *x)
{
	struct irecist_facts *f = &x->f;
	bool relapse;

	irecist_gather_targets(x, x->s->hold_pr);
	f->nt_increase = x->v->nt_change == CHANGE_INCREASED ||
			 x->v->nt_change == CHANGE_UNEQUIVOCAL ||
			 x->v->n_nt_worse > x->s->nt_worse;
	relapse = x->s->was_icr && x->c->options->contested.relapse_is_iupd;
	f->reappeared_t =
	    relapse && (f->target == CAT_PR || f->target == CAT_SD);
	f->reappeared_nt = relapse && f->non_target == CAT_NON;
	f->nlt_complete = true;
	for (size_t i = 0; i < x->v->n_news; i++)
		gather_new_lesion(x, &x->v->news[i]);
}

/* The sources of targets, non-targets or new lesions. */
static size_t
sources_of(const struct irecist_scene *x, unsigned about, const char **ret)
{
	const struct visit *v = x->v;
	size_t n = 0;

	for (size_t i = 0; i < v->n_targets && (about & IRECIST_T); i++)
		ret[n++] = v->targets[i].source;
	for (size_t i = 0; i < v->n_nt_sources && (about & IRECIST_NT); i++)
		ret[n++] = v->nt_sources[i];
	for (size_t i = 0; i < v->n_news && (about & IRECIST_NL); i++)
		ret[n++] = v->news[i].definite ? v->news[i].source : NULL;
	return n;
}

void
irecist_say(const struct irecist_scene *x, unsigned about, const char *rule,
    const char *fmt, ...)
{
	const struct visit *v = x->v;
	const char **src = arena_alloc(x->c->arena,
	    (v->n_targets + v->n_nt_sources + v->n_news + 1) * sizeof(*src));
	va_list ap;
	const char *text;

	va_start(ap, fmt);
	text = arena_vprintf(x->c->arena, fmt, ap);
	va_end(ap);
	because_add(x->c->arena, &x->ret->because, rule, src,
	    sources_of(x, about, src), "%s", text);
}

static const char *
to_nadir(const struct irecist_scene *x)
{
	struct arena *a = x->c->arena;

	return arena_printf(a, "sum %s is %s the nadir of %s on %s",
	    wording_mm(a, x->v->sum_tmm),
	    wording_change(a, x->v->sum_tmm, x->s->nadir),
	    wording_mm(a, x->s->nadir), wording_day(a, x->s->nadir_day));
}

/*= irecist §4.6 further growth: 5 mm, inclusive (C10) */
static bool
grew_by_5(const struct irecist_scene *x, int64_t now, int64_t reference)
{
	int64_t least = FURTHER_TMM;

	if (!x->c->options->contested.growth_inclusive)
		least++;
	return reference != BURDEN_NONE && now - reference >= least;
}

int64_t
irecist_with_joined(const struct irecist_scene *x, int64_t reference)
{
	if (reference == BURDEN_NONE && !x->f.had_nlt)
		reference = 0;
	return reference == BURDEN_NONE ? reference : reference + x->f.joined;
}

/* New lesions that outlasted a reset progress only by the sizes of RECIST or
 * unequivocally. */
/*= irecist §10 C13 */
static bool
survivors_grew(const struct irecist_scene *x)
{
	const struct contested *k = &x->c->options->contested;
	int64_t lowest = irecist_with_joined(x, x->s->nlt_lowest);

	if (!k->survivors_by_size)
		return x->f.nlnt_increase || grew_by_5(x, x->f.nlt, lowest);
	return (lowest != BURDEN_NONE && rules_is_pd(k, x->f.nlt, lowest)) ||
	       x->f.nlnt_unequivocal;
}

/*= irecist §4.3 */
unsigned
irecist_signals(const struct irecist_scene *x)
{
	const struct irecist_facts *f = &x->f;
	unsigned causes = 0;

	if (f->target == CAT_PD || f->reappeared_t)
		causes |= IRECIST_T;
	if (f->non_target == CAT_PD || f->reappeared_nt)
		causes |= IRECIST_NT;
	if (f->n_new > 0 || survivors_grew(x))
		causes |= IRECIST_NL;
	return causes;
}

void
irecist_say_signals(const struct irecist_scene *x, unsigned causes)
{
	const struct irecist_facts *f = &x->f;

	if (f->target == CAT_PD)
		irecist_say(
		    x, IRECIST_T, "irecist.iupd.target", "%s", to_nadir(x));
	if (f->reappeared_t)
		irecist_say(x, IRECIST_T, "irecist.iupd.target_reappeared",
		    "target disease returns after iCR");
	if (f->non_target == CAT_PD)
		irecist_say(x, IRECIST_NT, "irecist.iupd.non_target",
		    "unequivocal progression of non-target disease");
	if (f->reappeared_nt)
		irecist_say(x, IRECIST_NT, "irecist.iupd.non_target_reappeared",
		    "non-target disease returns after iCR");
	if (f->n_new > 0)
		irecist_say(x, IRECIST_NL, "irecist.iupd.new_lesion",
		    "%zu new lesion%s", f->n_new, f->n_new == 1 ? "" : "s");
	else if (causes & IRECIST_NL)
		irecist_say(x, IRECIST_NL, "irecist.iupd.new_lesion_growth",
		    "new lesions that outlasted an earlier iUPD grew");
}

/* Confirmation: each may confirm by itself. */

/* A sum of a part is a lower bound, which may show growth. */
/*= irecist §10 C6 */
static bool
may_count(const struct irecist_scene *x, bool complete)
{
	return complete || x->c->options->contested.partial_sum_pd;
}

static bool
targets_grew(const struct irecist_scene *x, int64_t reference)
{
	return x->v->n_evaluated > 0 && may_count(x, x->v->complete) &&
	       x->f.target != CAT_CR &&
	       (x->f.target == CAT_PD || x->s->anchor.reappeared_t) &&
	       grew_by_5(x, x->v->sum_tmm, reference);
}

/*= irecist §10 C8 */
static int64_t
target_reference(const struct irecist_scene *x)
{
	return x->c->options->icpd_ref_anchor ? x->s->anchor.sum
					      : x->s->anchor.sum_min;
}

static bool
t_plus5(const struct irecist_scene *x)
{
	return targets_grew(x, target_reference(x));
}

static bool
nt_increase(const struct irecist_scene *x)
{
	return x->f.nt_increase;
}

/*= irecist §10 C9 */
static int64_t
nlt_reference(const struct irecist_scene *x)
{
	return irecist_with_joined(x, x->c->options->contested.nlt_ref_lowest
					  ? x->s->anchor.nlt_min
					  : x->s->anchor.nlt);
}

static bool
nlt_plus5(const struct irecist_scene *x)
{
	return x->f.any_nlt && may_count(x, x->f.nlt_complete) &&
	       grew_by_5(x, x->f.nlt, nlt_reference(x));
}

static bool
nlnt_increase(const struct irecist_scene *x)
{
	return x->f.nlnt_increase;
}

static bool
more_new_lesions(const struct irecist_scene *x)
{
	return x->f.n_new > 0;
}

static bool
new_category_t(const struct irecist_scene *x)
{
	return x->f.target == CAT_PD;
}

static bool
new_category_nt(const struct irecist_scene *x)
{
	return x->f.non_target == CAT_PD;
}

static bool
new_category_nl(const struct irecist_scene *x)
{
	return x->f.n_new > 0 || survivors_grew(x);
}

static const char *
say_t_plus5(const struct irecist_scene *x)
{
	struct arena *a = x->c->arena;
	int64_t ref = target_reference(x);

	return arena_printf(a, "sum %s%s is %s the %s of %s of the iUPD on %s",
	    wording_mm(a, x->v->sum_tmm),
	    x->v->complete ? "" : " (of a part of the targets)",
	    wording_change(a, x->v->sum_tmm, ref),
	    x->c->options->icpd_ref_anchor ? "sum" : "lowest sum",
	    wording_mm(a, ref), wording_day(a, x->s->anchor.day));
}

static const char *
say_nlt_plus5(const struct irecist_scene *x)
{
	struct arena *a = x->c->arena;
	int64_t ref = nlt_reference(x);

	return arena_printf(a,
	    "new target lesions %s are %s their %s of %s since the iUPD on %s",
	    wording_mm(a, x->f.nlt), wording_change(a, x->f.nlt, ref),
	    x->c->options->contested.nlt_ref_lowest ? "lowest sum" : "sum",
	    wording_mm(a, ref), wording_day(a, x->s->anchor.day));
}

static const char *
say_nt(const struct irecist_scene *x)
{
	return arena_printf(x->c->arena,
	    "non-target disease increased further since the last assessment");
}

static const char *
say_nlnt(const struct irecist_scene *x)
{
	return arena_printf(x->c->arena, "a new non-target lesion increased");
}

static const char *
say_more(const struct irecist_scene *x)
{
	return arena_printf(x->c->arena, "%zu further new lesion%s", x->f.n_new,
	    x->f.n_new == 1 ? "" : "s");
}

static const char *
say_nt_too(const struct irecist_scene *x)
{
	return arena_printf(x->c->arena,
	    "non-target disease, no cause of the iUPD, now progresses "
	    "unequivocally");
}

static const char *
say_nl_too(const struct irecist_scene *x)
{
	return arena_printf(
	    x->c->arena, "new lesions, no cause of the iUPD, now progress");
}

#define WHATEVER (IRECIST_T | IRECIST_NT | IRECIST_NL)

/*= irecist §4.6 what confirms */
static const struct {
	const char *flag, *rule;
	unsigned about;   /* whose sources explain it */
	unsigned needs;   /* any of these causes of the iUPD */
	unsigned without; /* none of these */
	bool (*holds)(const struct irecist_scene *x);
	const char *(*say)(const struct irecist_scene *x);
} confirmations[] = {
    {"T_PLUS5", "irecist.confirm.t_plus5", IRECIST_T, IRECIST_T, 0, t_plus5,
	say_t_plus5},
    {"NT_INCREASE", "irecist.confirm.nt_increase", IRECIST_NT, IRECIST_NT, 0,
	nt_increase, say_nt},
    {"NLT_PLUS5", "irecist.confirm.nlt_plus5", IRECIST_NL, IRECIST_NL, 0,
	nlt_plus5, say_nlt_plus5},
    {"NLNT_INCREASE", "irecist.confirm.nlnt_increase", IRECIST_NL, IRECIST_NL,
	0, nlnt_increase, say_nlnt},
    {"MORE_NEW_LESIONS", "irecist.confirm.more_new_lesions", IRECIST_NL,
	WHATEVER, 0, more_new_lesions, say_more},
    {"NEW_CATEGORY_T", "irecist.confirm.new_category_t", IRECIST_T, WHATEVER,
	IRECIST_T, new_category_t, to_nadir},
    {"NEW_CATEGORY_NT", "irecist.confirm.new_category_nt", IRECIST_NT, WHATEVER,
	IRECIST_NT, new_category_nt, say_nt_too},
    {"NEW_CATEGORY_NL", "irecist.confirm.new_category_nl", IRECIST_NL, WHATEVER,
	IRECIST_NL, new_category_nl, say_nl_too},
};

bool
irecist_confirmation_row(size_t i, struct irecist_row *ret)
{
	if (i >= sizeof(confirmations) / sizeof(*confirmations))
		return false;
	ret->flag = confirmations[i].flag;
	ret->rule = confirmations[i].rule;
	ret->needs = confirmations[i].needs;
	ret->without = confirmations[i].without;
	return true;
}

static void
flag_contested_reference(const struct irecist_scene *x)
{
	const struct irecist_anchor *a = &x->s->anchor;

	if (!(a->causes & IRECIST_T) ||
	    targets_grew(x, a->sum) == targets_grew(x, a->sum_min))
		return;
	verdict_flag(x->c->arena, x->ret, "ICPD_REFERENCE_CONTESTED");
	irecist_say(x, IRECIST_T, "irecist.confirm.reference_contested",
	    "sum %s confirms against one reference only: %s at the iUPD, %s "
	    "the lowest since; the %s is used",
	    wording_mm(x->c->arena, x->v->sum_tmm),
	    wording_mm(x->c->arena, a->sum),
	    wording_mm(x->c->arena, a->sum_min),
	    x->c->options->icpd_ref_anchor ? "former" : "latter");
}

bool
irecist_confirm(struct irecist_scene *x)
{
	unsigned causes = x->s->anchor.causes;
	bool others = x->c->options->contested.other_category_confirms;
	bool any = false;

	flag_contested_reference(x);
	for (size_t i = 0; i < sizeof(confirmations) / sizeof(*confirmations);
	     i++) {
		if ((causes & confirmations[i].needs) == 0 ||
		    (causes & confirmations[i].without) != 0 ||
		    (confirmations[i].without != 0 && !others) || /*= C12 */
		    !confirmations[i].holds(x))
			continue;
		any = true;
		verdict_flag(x->c->arena, x->ret, confirmations[i].flag);
		irecist_say(x, confirmations[i].about, confirmations[i].rule,
		    "%s", confirmations[i].say(x));
	}
	return any;
}
