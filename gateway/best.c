/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/best.h"

#include "gateway/thresholds.h"

const struct best_family best_recist = {
    {CAT_CR, CAT_PR, CAT_SD, CAT_NON, CAT_NED, CAT_PD, CAT_NONE, CAT_NE}};
const struct best_family best_irecist = {
    {CAT_ICR, CAT_IPR, CAT_ISD, CAT_INON, CAT_NA, CAT_ICPD, CAT_IUPD, CAT_NE}};
const struct best_family best_irrc = {{CAT_IRCR, CAT_IRPR, CAT_IRSD, CAT_NONE,
    CAT_NONE, CAT_IRPD, CAT_NONE, CAT_IRNE}};
const struct best_family best_irrecist = {{CAT_IRCR, CAT_IRPR, CAT_IRSD,
    CAT_IRNN, CAT_NONE, CAT_IRPD, CAT_NONE, CAT_IRNE}};
const struct best_family best_imrecist = {{CAT_IMCR, CAT_IMPR, CAT_IMSD,
    CAT_NONE, CAT_NA, CAT_IMPD, CAT_NONE, CAT_NE}};

void
best_add(struct arena *a, struct best_sequence *s, int32_t day,
    enum category category, bool ends)
{
	struct best_entry *e = ARENA_PUSH(a, &s->list);

	e->day = day;
	e->category = category;
	e->ends = ends;
}

static enum best_rank
rank_of(const struct best_family *f, enum category c)
{
	for (int r = 0; r < RANK__MAX; r++) {
		if (f->rank[r] == c && c != CAT_NONE)
			return (enum best_rank)r;
	}
	return RANK_NE;
}

static bool
sd_long_enough(const struct best_rules *r, int32_t day)
{
	return r->reference_day == DAY_NONE ||
	       (int64_t)day - r->reference_day >= r->sd_min_days;
}

enum category
best_unconfirmed(const struct best_sequence *s, const struct best_rules *r)
{
	enum best_rank best = RANK_NE;

	for (size_t i = 0; i < s->list.n; i++) {
		const struct best_entry *e = &s->list.items[i];
		enum best_rank k = rank_of(r->family, e->category);

		if (k == RANK_SD && !sd_long_enough(r, e->day))
			k = RANK_NE;
		if (k < best)
			best = k;
		if (e->ends)
			break;
	}
	return r->family->rank[best];
}

/* The rank of entry i once disease after a true CR counts as PD. */
static enum best_rank
true_rank(const struct best_sequence *s, const struct best_rules *r, size_t i)
{
	enum best_rank k = rank_of(r->family, s->list.items[i].category);

	if (!r->relapse_is_pd || s->list.items[i].unseen ||
	    (k != RANK_PR && k != RANK_SD && k != RANK_NON))
		return k;
	for (size_t j = 0; j < i; j++) {
		if (rank_of(r->family, s->list.items[j].category) == RANK_CR)
			return RANK_PD;
	}
	return k;
}

/* How many entries count: through the first that ends the sequence. */
static size_t
counted(const struct best_sequence *s, const struct best_rules *r)
{
	for (size_t i = 0; i < s->list.n; i++) {
		if (s->list.items[i].ends ||
		    (true_rank(s, r, i) == RANK_PD &&
			rank_of(r->family, s->list.items[i].category) !=
			    RANK_PD))
			return i + 1;
	}
	return s->list.n;
}

/* Is the response at i followed, far enough away, by one at least as good,
 * with nothing worse between? */
/*= recist11 §1.9 table */
static bool
is_confirmed(const struct best_sequence *s, const struct best_rules *r,
    size_t n, size_t i)
{
	enum best_rank want = true_rank(s, r, i);
	int n_ne = 0;

	for (size_t j = i + 1; j < n; j++) {
		enum best_rank k = true_rank(s, r, j);

		if (k == RANK_NE) {
			if (++n_ne > MAX_NE_BETWEEN)
				return false;
			continue;
		}
		if (k > want)
			return false;
		if ((int64_t)s->list.items[j].day - s->list.items[i].day >=
		    r->confirm_min_days)
			return true;
	}
	return false;
}

/* What entry i is worth when responses must be confirmed. */
static enum best_rank
worth(const struct best_sequence *s, const struct best_rules *r, size_t n,
    size_t i)
{
	enum best_rank k = true_rank(s, r, i);

	if ((k == RANK_CR || k == RANK_PR) && is_confirmed(s, r, n, i))
		return k;
	if (k > RANK_SD)
		return k;
	return sd_long_enough(r, s->list.items[i].day) ? RANK_SD : RANK_NE;
}

enum category
best_confirmed(const struct best_sequence *s, const struct best_rules *r)
{
	size_t n = counted(s, r);
	enum best_rank best = RANK_NE;

	for (size_t i = 0; i < n; i++) {
		enum best_rank k = worth(s, r, n, i);

		if (k < best)
			best = k;
	}
	return r->family->rank[best];
}

/* Is it CR or PR, before what ends the sequence? */
static bool
is_response(const struct best_rules *r, const struct best_entry *e)
{
	return rank_of(r->family, e->category) <= RANK_PR;
}

/*= recist11 §1.9, irecist §4.9: from the first response to progression */
void
best_measure(const struct best_sequence *s, const struct best_rules *r,
    struct best_overall *ret)
{
	int32_t last = DAY_NONE, from = DAY_NONE, to = ret->progression_day;

	for (size_t i = 0; i < s->list.n; i++) {
		const struct best_entry *e = &s->list.items[i];

		if (rank_of(r->family, e->category) != RANK_NE)
			last = e->day;
		if (from == DAY_NONE && is_response(r, e))
			from = e->day;
		if (e->ends)
			break;
	}
	if (to != DAY_NONE && r->reference_day != DAY_NONE)
		ret->progression_days = to - r->reference_day;
	ret->response_day = from;
	ret->duration_open = to == DAY_NONE;
	if (ret->duration_open)
		to = last;
	if (from != DAY_NONE && to >= from)
		ret->duration_days = to - from;
}
