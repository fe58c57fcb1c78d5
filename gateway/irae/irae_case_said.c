/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people coded: diagnoses, other causes, and what they did to a Flag.
 */
#include <string.h>

#include "gateway/irae/irae_case.h"

static const struct diagnosis {
	const char *concept;
	enum irae_module module;
	enum irae_condition_kind kind;
	int grade;
	bool by_drug;
} diagnoses[] = {
#define IRAE_DX(concept, module, kind, grade, by_drug)                         \
	{concept, IRAE_##module, IRAE_##kind, grade, by_drug},
#include "gateway/irae/concepts.def"
#undef IRAE_DX
};

/* Does a code beside it blame a checkpoint inhibitor?
 *= irae §4.1 A: T45.AX5- on the same Condition, or the same day for a code
 * that itself blames a drug */
static bool
is_blamed(const struct patient_facts *p, const struct finding_fact *f,
    const struct diagnosis *d)
{
	if (f->attributed)
		return true;
	for (size_t i = 0; i < p->findings.n; i++) {
		const struct finding_fact *b = &p->findings.items[i];

		if (strcmp(b->concept, "dx_adverse_effect_ici") != 0)
			continue;
		if (strcmp(b->source.reference, f->source.reference) == 0 ||
		    (d->by_drug && b->day == f->day))
			return true;
	}
	return false;
}

static const char *
words_of(struct arena *a, const char *concept)
{
	static const char *const prefixes[] = {"dx_", "cause_", "symptom_"};
	char *s;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		size_t n = strlen(prefixes[i]);

		if (strncmp(concept, prefixes[i], n) == 0) {
			concept += n;
			break;
		}
	}
	s = arena_strdup(a, concept);
	for (char *p = s; *p != '\0'; p++) {
		if (*p == '_')
			*p = ' ';
	}
	return s;
}

/* Known before the first dose: another possible cause later.
 *= irae §1.2 thyroiditis, ici_diabetes: confounders */
static bool
is_history(const struct timeline *t, const struct finding_fact *f,
    const struct diagnosis *d)
{
	return f->day <= t->therapy_start &&
	       (d->module == IRAE_THYROIDITIS ||
		   d->module == IRAE_ICI_DIABETES);
}

/* A symptom that a drug is blamed for names no organ yet. */
static bool
is_bare_symptom(const struct diagnosis *d)
{
	return strncmp(d->concept, "symptom_", strlen("symptom_")) == 0;
}

static void
add_diagnosis(const struct timeline *t, const struct finding_fact *f,
    const struct diagnosis *d, struct irae_input *in)
{
	struct irae_condition *c = ARENA_PUSH(in->arena, &in->conditions);
	bool history = is_history(t, f, d);

	*c = (struct irae_condition){.day = f->day,
	    .end_day = f->end_day,
	    .module = d->module,
	    .kind = d->kind,
	    .grade = f->grade > 0 ? f->grade : d->grade,
	    .severe = d->module == IRAE_DERMATITIS && d->kind == IRAE_SEVERITY,
	    .text = words_of(in->arena, f->concept),
	    .source = f->source.reference};
	if (history)
		c->kind = IRAE_CONFOUNDER;
	else if (d->kind != IRAE_CONFOUNDER && !is_bare_symptom(d) &&
		 is_blamed(t->facts, f, d))
		c->kind = IRAE_ATTRIBUTED;
	if (history)
		c->text = arena_printf(
		    in->arena, "%s, known before the first dose", c->text);
}

static const struct cause {
	const char *concept;
	enum irae_module module;
	bool explains, acute;
} causes[] = {
#define IRAE_CAUSE(concept, module, explains, acute)                           \
	{concept, IRAE_##module, explains, acute},
#include "gateway/irae/concepts.def"
#undef IRAE_CAUSE
};

/*= irae §4.3 confounders that are coded */
static void
add_causes(const struct assess_case *c, struct irae_input *in)
{
	const struct timeline *t = c->timeline;
	int32_t recent = t->therapy_start - c->options->irae.lookback_days;

	for (size_t i = 0; i < t->facts->findings.n; i++) {
		const struct finding_fact *f = &t->facts->findings.items[i];

		for (size_t k = 0; k < sizeof(causes) / sizeof(*causes); k++) {
			const struct cause *x = &causes[k];

			if (f->absent || strcmp(f->concept, x->concept) != 0 ||
			    (x->acute && f->end_day == DAY_NONE &&
				f->day < recent))
				continue;
			*ARENA_PUSH(in->arena, &in->conditions) =
			    (struct irae_condition){.day = f->day,
				.end_day = f->end_day,
				.module = x->module,
				.kind = IRAE_CONFOUNDER,
				.explains = x->explains,
				.text = words_of(in->arena, f->concept),
				.source = f->source.reference};
		}
	}
}

/* A concept may speak for more than one module (dyspnoea). */
static void
add_diagnoses(const struct timeline *t, struct irae_input *in)
{
	size_t n = sizeof(diagnoses) / sizeof(*diagnoses);

	for (size_t i = 0; i < t->facts->findings.n; i++) {
		const struct finding_fact *f = &t->facts->findings.items[i];

		for (size_t k = 0; k < n && !f->absent; k++) {
			if (strcmp(diagnoses[k].concept, f->concept) == 0)
				add_diagnosis(t, f, &diagnoses[k], in);
		}
	}
}

static void
add_dismissals(const struct patient_facts *p, struct irae_input *in)
{
	for (size_t i = 0; i < p->flag_actions.n; i++) {
		const struct flag_action_fact *f = &p->flag_actions.items[i];
		int m = irae_module_parse(f->event);

		if (m < 0 || !f->dismissed)
			continue;
		*ARENA_PUSH(in->arena, &in->dismissals) =
		    (struct irae_action){.day = f->day,
			.module = (enum irae_module)m,
			.episode = f->episode,
			.source = f->source.reference};
	}
}

void
irae_case_statements(const struct assess_case *c, struct irae_input *in)
{
	add_diagnoses(c->timeline, in);
	add_causes(c, in);
	add_dismissals(c->timeline->facts, in);
}
