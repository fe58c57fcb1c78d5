/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lesion-like findings an irAE explains: what the response assessment should
 * make of them.
 */
#include <string.h>

#include "gateway/irae/internal.h"

/*= irae §1.3: never for focal liver, bone or brain lesions */
static bool
is_excluded(const struct irae_image *x)
{
	static const char *const sites[] = {"bone", "brain"};

	for (size_t i = 0; i < sizeof(sites) / sizeof(*sites); i++) {
		if (strcmp(x->site, sites[i]) == 0)
			return true;
	}
	return strcmp(x->site, "liver") == 0 &&
	       strncmp(x->finding, "focal", 5) == 0;
}

static enum irae_level
level_on(const struct irae_run *r, enum irae_module m, int32_t day)
{
	const struct irae_course *c = &r->result->courses[m];
	enum irae_level level = IRAE_NONE;

	for (size_t i = 0; i < c->rows.n; i++) {
		if (c->rows.items[i].day > day)
			break;
		level = c->rows.items[i].flag == IRAE_ACTIVE
			    ? c->rows.items[i].level
			    : IRAE_NONE;
	}
	return level;
}

/* The day histology gave a later finding to an irAE, DAY_NONE: never. */
static int32_t
revised_on(const struct irae_run *r, enum irae_module m, int32_t day)
{
	for (size_t i = 0; i < r->in->conditions.n; i++) {
		const struct irae_condition *c = &r->in->conditions.items[i];

		if (c->module == m && c->kind == IRAE_ATTRIBUTED &&
		    c->histology && c->day > day)
			return c->day;
	}
	return DAY_NONE;
}

static void
judge(const struct irae_run *r, const struct irae_image *x,
    struct irae_handoff *h)
{
	int picture = irae_image_owner(x);
	enum irae_level level = IRAE_NONE;

	h->owner = picture >= 0 ? picture : x->blamed;
	if (picture >= 0 && !is_excluded(x))
		level = level_on(r, (enum irae_module)picture, x->day);
	h->count_as_new_lesion = level < IRAE_POSSIBLE;
	h->label = "new lesion (unconfirmed, iUPD)";
	if (level >= IRAE_POSSIBLE) {
		h->label = level == IRAE_POSSIBLE ? "equivocal: possible irAE"
						  : "irAE mimic";
		h->recheck_from = x->day + r->o->recheck_min_days;
		h->recheck_to = x->day + r->o->recheck_max_days;
	} else if (h->owner >= 0) {
		h->revised_day =
		    revised_on(r, (enum irae_module)h->owner, x->day);
		h->revised_count = h->revised_day == DAY_NONE;
	}
}

void
irae_handoff_all(struct irae_run *r)
{
	for (size_t i = 0; i < r->in->images.n; i++) {
		const struct irae_image *x = &r->in->images.items[i];
		struct irae_handoff *h;

		if (!x->lesion_like || !x->present || x->day <= r->start ||
		    (r->in->as_of != DAY_NONE && x->day > r->in->as_of))
			continue;
		h = ARENA_PUSH(r->arena, &r->result->handoffs);
		*h = (struct irae_handoff){.day = x->day,
		    .site = x->site,
		    .finding = x->finding,
		    .source = x->source,
		    .recheck_from = DAY_NONE,
		    .recheck_to = DAY_NONE,
		    .revised_day = DAY_NONE};
		judge(r, x, h);
	}
}
