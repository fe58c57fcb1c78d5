/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scans to ask for beyond the size criteria's own confirmations.
 */
#include <string.h>

#include "gateway/advice.h"
#include "gateway/kinetics.h"
#include "gateway/windows.h"
#include "gateway/wording.h"

static struct recommendation *
ask(const struct assess_case *c, struct assessment *x, const char *criterion,
    const char *rule, int32_t anchor)
{
	struct recommendation *r;
	struct window w;

	if (!window_for(rule, anchor, &w))
		return NULL;
	r = advice_recommend(
	    x, "confirmation_scan", criterion, anchor, w.from, w.to);
	because_add(c->arena, &r->because,
	    arena_printf(c->arena, "window.%s", rule), NULL, 0,
	    "%s; preferably about %s", w.rule->citation,
	    wording_day(c->arena, w.preferred));
	return r;
}

/*= advice §9 HPD suspected: review at once, images within 28 days */
void
advice_add_hyperprogression(const struct assess_case *c, struct assessment *x)
{
	struct kinetics_input in = kinetics_collect(c, x);
	struct recommendation *r = NULL;

	for (size_t i = 0; i < x->hyperprogression.n; i++) {
		const struct hyperprogression *h =
		    &x->hyperprogression.items[i];

		if (h->met != YES)
			continue;
		if (r == NULL)
			r = ask(c, x, "hyperprogression", "hyperprogression",
			    in.day_first);
		if (r == NULL)
			return;
		because_add(c->arena, &r->because, "advice.hyperprogression",
		    NULL, 0,
		    "hyperprogression by %s: clinical review now, images "
		    "within the window",
		    h->definition);
	}
	if (r != NULL && in.followed_up)
		r->state = DUE_DONE;
}

/* Verdicts that wait for another PET. */
static const struct {
	const char *criterion, *prefix, *rule;
	int min_days; /* earlier scans do not answer */
} waits[] = {
    /*= advice §9 iPERCIST UPMD */
    {"ipercist", "UPMD", "ipercist_confirm", 28},
    /*= advice §9 LYRIC IR */
    {"lyric", "IR", "lyric_ir", 1},
};

/* The first entry of the criterion after i that answers it, NULL: none. */
static const struct metabolic *
answer_to(const struct assessment *x, size_t i, int min_days)
{
	const struct metabolic *asked = &x->metabolic.items[i];

	for (size_t k = i + 1; k < x->metabolic.n; k++) {
		const struct metabolic *m = &x->metabolic.items[k];

		if (strcmp(m->criterion, asked->criterion) == 0 &&
		    strcmp(m->overall, "NE") != 0 && m->day <= x->as_of &&
		    m->day - asked->day >= min_days)
			return m;
	}
	return NULL;
}

static void
add_wait(
    const struct assess_case *c, struct assessment *x, size_t which, size_t i)
{
	const struct metabolic *m = &x->metabolic.items[i];
	const struct metabolic *answer = answer_to(x, i, waits[which].min_days);
	struct recommendation *r =
	    ask(c, x, m->criterion, waits[which].rule, m->day);

	because_add(c->arena, &r->because, "advice.confirm_pet", NULL, 0,
	    "%s of %s (%s) waits for another PET", m->overall,
	    wording_day(c->arena, m->day), m->criterion);
	if (answer == NULL) {
		advice_add_clinical(c, x, x->recommendations.n - 1);
		return;
	}
	r->state = DUE_DONE;
	because_add(c->arena, &r->because, "advice.answered", NULL, 0,
	    "answered by the PET of %s: %s", wording_day(c->arena, answer->day),
	    answer->overall);
}

void
advice_add_metabolic(const struct assess_case *c, struct assessment *x)
{
	for (size_t w = 0; w < sizeof(waits) / sizeof(waits[0]); w++) {
		int32_t open = DAY_NONE; /* anchor of the last one asked */

		for (size_t i = 0; i < x->metabolic.n; i++) {
			const struct metabolic *m = &x->metabolic.items[i];

			if (m->day > x->as_of ||
			    strcmp(m->criterion, waits[w].criterion) != 0 ||
			    strncmp(m->overall, waits[w].prefix,
				strlen(waits[w].prefix)) != 0)
				continue;
			/* An early scan repeats what is asked already. */
			if (open != DAY_NONE &&
			    m->day - open < waits[w].min_days)
				continue;
			open = m->day;
			add_wait(c, x, w, i);
		}
	}
}
