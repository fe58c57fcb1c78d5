/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The facts every criterion shares, once per visit (spec/criteria.md §0.3,
 * §1.1–1.7, §4.1).
 *
 * Roles the data left open are decided first: targets by the rules of target
 * choice when the data states none, the rest at baseline non-target, what
 * appears later new.
 */
#ifndef RESCAN_VISITS_H
#define RESCAN_VISITS_H

#include "gateway/assess.h"

/* Fill c->visits, n_visits and base_tmm from c's timeline, options and arena.
 * Roles are written into t's lesions; problems go to x, and how targets were
 * chosen to `selection`. */
void visits_build(struct assess_case *c, struct timeline *t,
    struct assessment *x, struct because_list *selection);

/* Parts of it, each a file of its own. */
void selection_assign_roles(struct timeline *t, const struct assess_options *o,
    struct assessment *x, struct because_list *because);

struct builder {
	struct timeline *timeline;
	const struct assess_options *options;
	struct arena *arena;
	struct assessment *out;
	struct visit *visits;
	size_t n;
	size_t base; /* timepoint of visits[0] */
};
const struct reading *builder_reading(
    const struct builder *b, size_t lesion, size_t visit);
const struct visit_statements *builder_said(
    const struct builder *b, size_t visit);
void visits_add_non_target(struct builder *b);
void visits_add_new_lesions(struct builder *b);

void assess_problem(struct assessment *x, const char *source, const char *code,
    const char *fmt, ...) PRINTF(4, 5);

#endif
