/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode search: every type over all patients, by _lastUpdated.
 */
#include "fhir/quirks.h"
#include "gateway/poll.h"

static bool
search_fits(const struct read *r)
{
	struct quirks q = quirks_for(r->capability->software);

	if (q.flags & QUIRK_REQUIRES_PATIENT)
		return false;
	for (size_t i = 0; i < r->n_types; i++) {
		const struct capability_type *t =
		    capability_type_find(r->capability, r->types[i].name);

		if (t == NULL || r->types[i].companion)
			continue;
		if ((t->states_interactions && !t->search) ||
		    (t->states_params && !t->last_updated))
			return false;
	}
	return true;
}

/* Every type, even when one fails; the first failure counts. */
static enum err_code
search_run(struct read *r, struct err *e)
{
	enum err_code first = ERR_OK;

	for (size_t i = 0; i < r->n_types; i++) {
		struct read_type *t = &r->types[i];
		struct err why = ERR_INIT;
		enum err_code rc;

		if (read_leaves_out(r, t, true))
			continue;
		rc = poll_type(r, t, &why);
		rc = read_settle(r, t, rc, &why);
		if (rc != ERR_OK && first == ERR_OK) {
			first = rc;
			*e = why;
		}
		if (read_is_final(rc) || rc == ERR_REFUSED)
			break;
	}
	return first;
}

const struct read_mode read_mode_search = {
    "search", 30, search_fits, search_run};
