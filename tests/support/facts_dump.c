/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/facts_dump.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/bundle.h"

static const char *const roles[] = {"-", "target", "non_target", "new",
    "new_target", "new_non_target", "benign"};
static const char *const states[] = {"-", "absent", "present", "too_small",
    "increased", "unequivocal", "decreased", "unchanged", "equivocal",
    "not_evaluable", "merged"};
static const char *const kinds[] = {"non_target", "non_target_worse",
    "new_lesion", "target_response", "overall_response", "unscheduled",
    "deauville", "ecog"};
static const char *const suvs[] = {
    "suvmax", "suvpeak", "suvmean", "sulmax", "sulpeak", "sulmean", "tlg"};

static const char *
text(const char *s)
{
	return s == NULL ? "-" : s;
}

static const char *
day(int32_t d)
{
	static char buf[4][DAY_SIZE];
	static int at;

	at = (at + 1) % 4;
	return d == DAY_NONE ? "-" : day_format(d, buf[at]);
}

static void
dump_measurement(const struct measurement_fact *m, struct strbuf *out)
{
	strbuf_addf(out, "measurement %s %s %s %s", m->source.reference,
	    day(m->day), m->lesion, text(m->study));
	if (m->longest_tmm != TMM_NONE)
		strbuf_addf(out, " longest=%d", m->longest_tmm);
	if (m->short_tmm != TMM_NONE)
		strbuf_addf(out, " short=%d", m->short_tmm);
	if (m->axis_tmm != TMM_NONE)
		strbuf_addf(out, " axis=%d", m->axis_tmm);
	for (int i = 0; i < SUV__MAX; i++) {
		if (m->suv[i] != SUV_NONE)
			strbuf_addf(out, " %s=%d", suvs[i], m->suv[i]);
	}
	if (m->state != STATE_NONE)
		strbuf_addf(out, " state=%s", states[m->state]);
	if (m->role != STATED_NONE)
		strbuf_addf(out, " role=%s", roles[m->role]);
	if (m->site != NULL)
		strbuf_addf(out, " site=%s", m->site);
	if (m->organ != NULL && strcmp(m->organ, text(m->site)) != 0)
		strbuf_addf(out, " organ=%s", m->organ);
	if (m->site_is_nodal)
		strbuf_adds(out, " nodal");
	if (m->other_lesion != NULL) {
		strbuf_addf(out, " %s=%s", m->fragment ? "of" : "into",
		    m->other_lesion);
	}
	if (m->label != NULL)
		strbuf_addf(out, " label='%s'", m->label);
	if (m->reader != NULL)
		strbuf_addf(out, " reader=%s", m->reader);
	if (m->method != NULL)
		strbuf_addf(out, " method=%s", m->method);
	if (m->source.preliminary)
		strbuf_adds(out, " preliminary");
	strbuf_addc(out, '\n');
}

static void
dump_finding(const struct finding_fact *x, struct strbuf *out)
{
	strbuf_addf(out, "%s %s %s %s", x->absent ? "absent" : "finding",
	    x->source.reference, x->concept, day(x->day));
	if (x->has_value) {
		strbuf_addf(out, " %lld/%d %s", (long long)x->value, x->scale,
		    text(x->unit));
	}
	if (x->comparator != '\0')
		strbuf_addf(out, " %c", x->comparator);
	if (x->low != INT64_MIN)
		strbuf_addf(out, " low=%lld", (long long)x->low);
	if (x->high != INT64_MIN)
		strbuf_addf(out, " high=%lld", (long long)x->high);
	if (x->infarction != INT64_MIN)
		strbuf_addf(out, " infarction=%lld", (long long)x->infarction);
	if (x->range_unit != NULL)
		strbuf_addf(out, " in=%s", x->range_unit);
	if (x->interpretation != NULL)
		strbuf_addf(out, " %s", x->interpretation);
	if (x->minute >= 0)
		strbuf_addf(out, " minute=%d", x->minute);
	if (x->organ != NULL)
		strbuf_addf(out, " organ=%s%s", x->organ,
		    x->bilateral ? " bilateral" : "");
	if (x->end_day != DAY_NONE)
		strbuf_addf(out, " until=%s", day(x->end_day));
	if (x->grade > 0)
		strbuf_addf(out, " grade=%d", x->grade);
	if (x->attributed)
		strbuf_adds(out, " attributed");
	strbuf_addc(out, '\n');
}

static void
dump_problem(const struct problem *p, struct strbuf *out)
{
	strbuf_addf(out, "problem %s %s\n", text(p->source), p->code);
}

static void
dump_statements(const struct patient_facts *f, struct strbuf *out)
{
	for (size_t i = 0; i < f->statements.n; i++) {
		const struct statement_fact *s = &f->statements.items[i];

		strbuf_addf(out, "statement %s %s %s %s %s\n",
		    s->source.reference, kinds[s->kind], day(s->day),
		    text(s->study), text(s->value));
	}
	for (size_t i = 0; i < f->doses.n; i++) {
		const struct dose_fact *d = &f->doses.items[i];

		strbuf_addf(out, "dose %s %s..%s %s '%s' %s\n",
		    d->source.reference, day(d->day), day(d->last_day),
		    d->concept, d->name, text(d->ici_class));
	}
	for (size_t i = 0; i < f->doses.n; i++) {
		const struct dose_fact *d = &f->doses.items[i];

		if (d->dose_ug != DOSE_NONE || d->local)
			strbuf_addf(out, "amount %s %lldug%s\n",
			    d->source.reference, (long long)d->dose_ug,
			    d->local ? " local" : "");
	}
	for (size_t i = 0; i < f->flag_actions.n; i++) {
		const struct flag_action_fact *x = &f->flag_actions.items[i];

		strbuf_addf(out, "action %s %s %s %d%s\n", x->source.reference,
		    day(x->day), x->event, x->episode,
		    x->dismissed ? " dismissed" : "");
	}
}

void
facts_dump(const struct patient_facts *f, struct strbuf *out)
{
	strbuf_addf(out, "patient %s v=%s\n", f->patient, f->patient_version);
	for (size_t i = 0; i < f->aliases.n; i++)
		strbuf_addf(out, "alias %s\n", f->aliases.items[i]);
	for (size_t i = 0; i < f->studies.n; i++) {
		const struct study_fact *s = &f->studies.items[i];

		strbuf_addf(out, "study %s %s %s%s%s\n", s->source.reference,
		    day(s->day), s->modalities,
		    s->unscheduled ? " unscheduled" : "",
		    s->registered ? " registered" : "");
	}
	for (size_t i = 0; i < f->lesions.n; i++) {
		const struct lesion_fact *l = &f->lesions.items[i];

		strbuf_addf(out, "lesion %s %s %s%s %s\n", l->source.reference,
		    l->key, text(l->site), l->nodal ? " nodal" : "",
		    roles[l->role]);
	}
	for (size_t i = 0; i < f->measurements.n; i++)
		dump_measurement(&f->measurements.items[i], out);
	dump_statements(f, out);
	for (size_t i = 0; i < f->findings.n; i++)
		dump_finding(&f->findings.items[i], out);
	for (size_t i = 0; i < f->problems.n; i++)
		dump_problem(&f->problems.items[i], out);
	for (size_t i = 0; i < f->sources.n; i++) {
		strbuf_addf(out, "source %s v=%s\n",
		    f->sources.items[i].reference, f->sources.items[i].version);
	}
}

static void
dump_reading(const struct timeline *t, const struct lesion *l, size_t tp,
    struct strbuf *out)
{
	const struct reading *r = l->at[tp];

	if (r == NULL)
		return;
	strbuf_addf(out, "reading %s @%zu %s", l->key, tp,
	    reading_state_name(r->state));
	if (r->longest_tmm != TMM_NONE)
		strbuf_addf(out, " longest=%d", r->longest_tmm);
	if (r->short_tmm != TMM_NONE)
		strbuf_addf(out, " short=%d", r->short_tmm);
	for (int i = 0; i < SUV__MAX; i++) {
		if (r->suv[i] != SUV_NONE)
			strbuf_addf(out, " %s=%d", suvs[i], r->suv[i]);
	}
	if (r->change != CHANGE_UNKNOWN)
		strbuf_addf(out, " change=%d", (int)r->change);
	if (r->equivocal)
		strbuf_adds(out, " equivocal");
	if (r->reader_conflict)
		strbuf_adds(out, " conflict");
	if (r->n_fragments > 0)
		strbuf_addf(out, " fragments=%d", r->n_fragments);
	if (r->merged_into >= 0) {
		strbuf_addf(
		    out, " into=%s", t->lesions.items[r->merged_into].key);
	}
	for (size_t i = 0; i < r->n_sources; i++)
		strbuf_addf(out, " %s", r->sources[i]);
	strbuf_addc(out, '\n');
}

static void
dump_lesion(
    const struct timeline *t, const struct lesion *l, struct strbuf *out)
{
	strbuf_addf(out, "lesion %s %s%s %s first=%d\n", l->key, text(l->site),
	    l->nodal ? " nodal" : "",
	    l->role_stated ? role_name(l->role) : "unstated", l->first);
	for (size_t i = 0; i < l->rows.n; i++) {
		const struct measurement_row *r = &l->rows.items[i];

		strbuf_addf(out, "row %s %s %s %d %d %d %s\n", l->key,
		    day(r->day), reading_state_name(r->state), r->longest_tmm,
		    r->short_tmm, r->suv_max, r->source);
	}
	for (size_t i = 0; i < t->timepoints.n; i++)
		dump_reading(t, l, i, out);
}

static void
dump_said(const struct visit_statements *v, struct strbuf *out)
{
	if (v->non_target != NULL)
		strbuf_addf(out, " nt=%s", v->non_target);
	if (v->non_target_worse != UNKNOWN)
		strbuf_addf(out, " worse=%d", (int)v->non_target_worse);
	if (v->new_lesion != UNKNOWN)
		strbuf_addf(out, " new=%d", (int)v->new_lesion);
	if (v->target_response != NULL)
		strbuf_addf(out, " t=%s", v->target_response);
	if (v->overall_response != NULL)
		strbuf_addf(out, " overall=%s", v->overall_response);
	if (v->unscheduled)
		strbuf_adds(out, " unscheduled");
}

static void
dump_timepoints(const struct timeline *t, struct strbuf *out)
{
	for (size_t i = 0; i < t->timepoints.n; i++) {
		const struct timepoint *p = &t->timepoints.items[i];

		strbuf_addf(out, "timepoint %zu %s..%s %s [%s]", i, day(p->day),
		    day(p->last_day), phase_name(p->phase), p->modalities);
		for (size_t k = 0; k < p->n_studies; k++)
			strbuf_addf(out, " %s", p->studies[k]);
		dump_said(&p->said, out);
		strbuf_addc(out, '\n');
	}
}

void
timeline_dump(const struct timeline *t, struct strbuf *out)
{
	strbuf_addf(out, "timeline %s therapy=%s..%s baseline=%d%s\n",
	    t->patient, day(t->therapy_start), day(t->therapy_last),
	    t->baseline, t->baseline_stale ? " stale" : "");
	for (size_t i = 0; i < t->agents.n; i++) {
		const struct agent *a = &t->agents.items[i];

		strbuf_addf(out, "agent %s %s %s..%s doses=%d sources=%zu\n",
		    a->name, a->ici_class, day(a->first), day(a->last),
		    a->doses, a->n_sources);
	}
	dump_timepoints(t, out);
	for (size_t i = 0; i < t->lesions.n; i++)
		dump_lesion(t, &t->lesions.items[i], out);
	for (size_t i = 0; i < t->ecog.n; i++) {
		strbuf_addf(out, "ecog %s %d %s\n", day(t->ecog.items[i].day),
		    t->ecog.items[i].score, t->ecog.items[i].source);
	}
	for (size_t i = 0; i < t->problems.n; i++)
		dump_problem(&t->problems.items[i], out);
}

void
mapped_begin(struct mapped *m)
{
	static const char *const dirs[] = {"mappings/maps"};
	struct err e = ERR_INIT;

	ck_assert_msg(
	    codemap_load(dirs, 1, &m->maps, &e) == ERR_OK, "%s", e.text);
	m->intake = intake_new(m->maps, &m->options);
}

static enum err_code
take(void *ctx, const struct bundle_entry *entry, struct err *e)
{
	return intake_add(ctx, entry, e);
}

void
mapped_add(struct mapped *m, const char *input)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;

	ck_assert_msg(resources_read(input, strlen(input), a, take, NULL,
			  m->intake, &e) == ERR_OK,
	    "%s: %s", e.path, e.text);
	arena_free(a);
}

void
mapped_finish(struct mapped *m)
{
	struct err e = ERR_INIT;

	ck_assert_msg(intake_finish(m->intake, &m->patients, &m->n, &m->orphans,
			  &m->n_orphans, &e) == ERR_OK,
	    "%s", e.text);
}

void
mapped_done(struct mapped *m)
{
	intake_free(m->intake);
	codemap_free(m->maps);
	memset(m, 0, sizeof(*m));
}

char *
mapped_text(const struct mapped *m)
{
	struct strbuf out;

	strbuf_init(&out, (size_t)1 << 24);
	for (size_t i = 0; i < m->n; i++)
		facts_dump(m->patients[i], &out);
	for (size_t i = 0; i < m->n_orphans; i++)
		dump_problem(&m->orphans[i], &out);
	return strbuf_take(&out);
}

char *
mapped_timelines(const struct mapped *m, const struct timeline_options *o)
{
	struct arena *a = arena_new();
	struct strbuf out;

	strbuf_init(&out, (size_t)1 << 24);
	for (size_t i = 0; i < m->n; i++)
		timeline_dump(timeline_build(m->patients[i], o, a), &out);
	arena_free(a);
	return strbuf_take(&out);
}
