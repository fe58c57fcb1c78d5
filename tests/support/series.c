/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/series.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/config.h"
#include "tests/support/check_main.h"

static int
number(const struct json_value *v, int otherwise)
{
	const char *s = json_number(v);

	return s != NULL ? (int)strtol(s, NULL, 10) : otherwise;
}

int32_t
series_tmm(const struct json_value *v)
{
	const char *s = json_number(v);
	const char *dot;
	int32_t n;

	if (s == NULL)
		return TMM_NONE;
	dot = strchr(s, '.');
	n = (int32_t)strtol(s, NULL, 10) * 10;
	if (dot == NULL)
		return n;
	n += dot[1] - '0';
	if (dot[1] != '\0' && dot[2] >= '5')
		n++;
	return n;
}

static struct lesion *
lesion(struct timeline *t, const char *id)
{
	struct lesion *l;

	for (size_t i = 0; i < t->lesions.n; i++) {
		if (strcmp(t->lesions.items[i].key, id) == 0)
			return &t->lesions.items[i];
	}
	l = ARENA_PUSH(t->arena, &t->lesions);
	l->key = arena_strdup(t->arena, id);
	l->first = -1;
	l->at = arena_alloc(t->arena, (t->timepoints.n + 1) * sizeof(*l->at));
	return l;
}

static struct reading *
reading(struct timeline *t, struct lesion *l, size_t k)
{
	struct reading *r = arena_alloc(t->arena, sizeof(*r));
	const char **src = arena_alloc(t->arena, sizeof(*src));

	*src = arena_printf(t->arena, "Observation/%s-%zu", l->key, k);
	r->sources = src;
	r->n_sources = 1;
	r->day = t->timepoints.items[k].day;
	r->longest_tmm = r->short_tmm = TMM_NONE;
	r->merged_into = -1;
	for (int i = 0; i < SUV__MAX; i++)
		r->suv[i] = SUV_NONE;
	l->at[k] = r;
	return r;
}

/* A number, "TSTM", "ABSENT", fragments, merged, or a pair of diameters. */
static void
read_size(struct timeline *t, struct lesion *l, struct reading *r,
    const struct json_value *v)
{
	const struct json_value *parts = json_get(v, "fragments");
	const char *word = json_string(v);
	const char *into = json_string(json_get(v, "merged_into"));
	int32_t size = series_tmm(v);

	if (word != NULL)
		r->state = strcmp(word, "TSTM") == 0 ? READING_TOO_SMALL
						     : READING_ABSENT;
	if (into != NULL)
		r->merged_into = (int)(lesion(t, into) - t->lesions.items);
	if (parts != NULL) {
		size = 0;
		r->n_fragments = (int)json_length(parts);
		for (size_t i = 0; i < json_length(parts); i++)
			size += series_tmm(json_at(parts, i));
	}
	if (json_type(v) == JSON_ARRAY) {
		r->longest_tmm = series_tmm(json_at(v, 0));
		r->short_tmm = series_tmm(json_at(v, 1));
		return;
	}
	if (l->nodal)
		r->short_tmm = size;
	else
		r->longest_tmm = size;
}

static void
add_sizes(struct timeline *t, size_t k, const struct json_value *object)
{
	struct json_iter it = {0};

	while (json_next(object, &it)) {
		struct lesion *l = lesion(t, it.name);

		if (json_type(it.value) == JSON_NULL)
			continue;
		read_size(t, l, reading(t, l, k), it.value);
	}
}

static void
add_baseline_lesions(
    struct timeline *t, const struct json_value *list, enum stated_role role)
{
	for (size_t i = 0; i < json_length(list); i++) {
		const struct json_value *v = json_at(list, i);
		struct lesion *l = lesion(t, json_string_at(v, "id"));
		const char *stated = json_string_at(v, "role");

		l->nodal = json_true(json_get(v, "node"));
		l->organ = arena_strdup(t->arena, json_string_at(v, "organ"));
		l->stated = role;
		if (stated != NULL && strcmp(stated, "unstated") == 0)
			l->stated = STATED_NONE;
		if (json_type(json_get(v, "mm")) == JSON_NUMBER ||
		    json_type(json_get(v, "mm")) == JSON_ARRAY)
			read_size(t, l, reading(t, l, 0), json_get(v, "mm"));
	}
}

static void
add_baseline_non_targets(struct timeline *t, const struct json_value *list)
{
	for (size_t i = 0; i < json_length(list); i++) {
		struct lesion *l = lesion(t, json_string(json_at(list, i)));

		l->stated = STATED_NON_TARGET;
		reading(t, l, 0)->state = READING_PRESENT;
	}
}

static enum lesion_change
change_of_word(const char *word)
{
	static const struct {
		const char *word;
		enum lesion_change change;
	} words[] = {
	    {"stable", CHANGE_SAME},
	    {"increased", CHANGE_INCREASED},
	    {"decreased", CHANGE_DECREASED},
	    {"unequivocal_increase", CHANGE_UNEQUIVOCAL},
	};

	for (size_t i = 0; word != NULL && i < sizeof(words) / sizeof(*words);
	     i++) {
		if (strcmp(words[i].word, word) == 0)
			return words[i].change;
	}
	return CHANGE_UNKNOWN;
}

static enum stated_role
role_of_kind(const char *kind)
{
	if (kind == NULL)
		return STATED_NEW;
	if (strcmp(kind, "unstated") == 0)
		return STATED_NONE;
	return strcmp(kind, "NLT") == 0 ? STATED_NEW_TARGET
					: STATED_NEW_NON_TARGET;
}

static void
add_new_lesion(struct timeline *t, size_t k, const struct json_value *v)
{
	struct lesion *l = lesion(t, json_string_at(v, "id"));
	const char *state = json_string_at(v, "state");
	struct reading *r = reading(t, l, k);

	l->stated = role_of_kind(json_string_at(v, "kind"));
	l->nodal = json_true(json_get(v, "node"));
	l->organ = arena_strdup(t->arena, json_string_at(v, "organ"));
	r->state = READING_PRESENT;
	if (json_get(v, "mm") != NULL) {
		r->state = READING_MEASURED;
		read_size(t, l, r, json_get(v, "mm"));
	}
	if (state != NULL && strcmp(state, "absent") == 0)
		r->state = READING_ABSENT;
	r->change = change_of_word(json_string_at(v, "change"));
	r->equivocal = json_type(json_get(v, "definite")) == JSON_BOOL &&
		       !json_true(json_get(v, "definite"));
}

static void
add_non_target_states(
    struct timeline *t, size_t k, const struct json_value *object)
{
	struct json_iter it = {0};

	while (json_next(object, &it)) {
		struct reading *r = reading(t, lesion(t, it.name), k);
		const char *word = json_string(it.value);

		r->state = READING_PRESENT;
		r->change = change_of_word(word);
		for (int s = READING_ABSENT; s <= READING_NOT_EVALUABLE; s++) {
			static const char *const names[] = {
			    [READING_ABSENT] = "absent",
			    [READING_TOO_SMALL] = "too_small",
			    [READING_PRESENT] = "present",
			    [READING_INCREASED] = "increased",
			    [READING_UNEQUIVOCAL] = "unequivocal_progression",
			    [READING_NOT_EVALUABLE] = "not_evaluable",
			};
			if (strcmp(names[s], word) == 0)
				r->state = (enum reading_state)s;
		}
	}
}

static const char *
status_word(const char *word)
{
	static const struct {
		const char *from, *to;
	} words[] = {
	    {"NON_CR_NON_PD", "NON-CR/NON-PD"},
	    {"absent", "CR"},
	    {"stable", "NON-CR/NON-PD"},
	    {"progressing", "PD"},
	};

	for (size_t i = 0; word != NULL && i < sizeof(words) / sizeof(*words);
	     i++) {
		if (strcmp(words[i].from, word) == 0)
			return words[i].to;
	}
	return word;
}

static void
add_statements(struct timeline *t, size_t k, const struct json_value *v)
{
	struct visit_statements *s = &t->timepoints.items[k].said;
	const char *nt = json_string_at(v, "nontarget");
	const char *change = json_string_at(v, "nt_change");

	if (nt == NULL)
		nt = json_string_at(v, "nonindex");
	s->non_target = arena_strdup(t->arena, status_word(nt));
	if (s->non_target != NULL)
		s->non_target_source =
		    arena_printf(t->arena, "Observation/nt-%zu", k);
	if (change != NULL)
		s->non_target_worse = strcmp(change, "INCLA") == 0 ? YES : NO;
	if (json_type(json_get(v, "new_lesion")) == JSON_BOOL)
		s->new_lesion = json_true(json_get(v, "new_lesion")) ? YES : NO;
	s->overall_response = arena_strdup(t->arena, json_string_at(v, "said"));
	s->unscheduled = json_true(json_get(v, "new_symptom"));
}

static void
add_timepoint(struct timeline *t, size_t k, const struct json_value *v)
{
	const struct json_value *news = json_get(v, "new_lesions");

	t->timepoints.items[k].last_day += number(json_get(v, "span"), 0);
	if (json_true(json_get(v, "not_done")))
		return;
	add_sizes(t, k, json_get(v, "targets"));
	add_sizes(t, k, json_get(v, "index"));
	add_non_target_states(t, k, json_get(v, "nt_lesions"));
	for (size_t i = 0; i < json_length(news); i++)
		add_new_lesion(t, k, json_at(news, i));
	add_statements(t, k, v);
}

static void
push_timepoint(struct timeline *t, int day, enum phase phase)
{
	struct timepoint *p = ARENA_PUSH(t->arena, &t->timepoints);

	p->day = p->last_day = SERIES_EPOCH + day;
	p->phase = phase;
}

struct timeline *
series_timeline(const struct json_value *c, struct arena *a)
{
	struct timeline *t = arena_alloc(a, sizeof(*t));
	const struct json_value *base = json_get(c, "baseline");
	const struct json_value *tps = json_get(c, "timepoints");
	int day = number(json_get(base, "day"), 0);

	t->arena = a;
	t->patient = "Patient/series";
	t->therapy_start = SERIES_EPOCH + day;
	t->therapy_last = t->therapy_start;
	push_timepoint(t, day, PHASE_BASELINE);
	for (size_t i = 0; i < json_length(tps); i++)
		push_timepoint(t, number(json_path(json_at(tps, i), "day"), 0),
		    PHASE_ON_TREATMENT);
	add_baseline_lesions(t, json_get(base, "targets"), STATED_TARGET);
	add_baseline_lesions(t, json_get(base, "index"), STATED_TARGET);
	add_baseline_lesions(t, json_get(base, "lesions"), STATED_NONE);
	add_baseline_non_targets(t, json_get(base, "nontargets"));
	for (size_t i = 0; i < json_length(tps); i++)
		add_timepoint(t, i + 1, json_at(tps, i));
	t->baseline = base != NULL ? 0 : -1;
	return t;
}

/* The contested decisions by the names of their options. */
static void
set_contested(struct config *k, const struct json_value *p)
{
	static const struct {
		const char *section, *key, *type;
		size_t offset;
	} rows[] = {
#define SERVER_ROW(key, type, member, fallback, min, max, help)
#define OPTION_ROW(section, key, type, member, fallback, min, max, help)       \
	{section, key, #type, offsetof(struct config, member)},
#include "gateway/options.def"
#undef OPTION_ROW
#undef SERVER_ROW
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct json_value *v = json_get(p, rows[i].key);
		char *at = (char *)k + rows[i].offset;

		if (strcmp(rows[i].section, "contested") != 0 || v == NULL)
			continue;
		if (strcmp(rows[i].type, "BOOL") == 0)
			*(bool *)(void *)at = json_true(v);
		else if (strcmp(rows[i].type, "TMM") == 0)
			*(int32_t *)(void *)at = series_tmm(v);
		else
			*(int *)(void *)at = number(v, 0);
	}
}

struct assess_options
series_options(const struct json_value *p)
{
	struct assess_options o = ASSESS_DEFAULTS;
	struct config k = {0};
	const struct json_value *ref = json_get(p, "icpd_ref_target");

	o.sd_min_days = number(json_get(p, "sd_min_days"), 0);
	o.confirm_min_days = number(json_get(p, "confirm_min_days"), 28);
	o.confirm_max_days = number(json_get(p, "confirm_max_days"), 56);
	o.grace_days = number(json_get(p, "grace_days"), 2);
	o.change_tmm = 10 * number(json_get(p, "change_mm"), 5);
	o.confirm_response = json_true(json_get(p, "confirm_response"));
	if (json_type(json_get(p, "pr_sticky")) == JSON_BOOL)
		o.pr_sticky = json_true(json_get(p, "pr_sticky"));
	if (json_type(json_get(p, "ne_tp_in_nadir")) == JSON_BOOL)
		o.ne_tp_in_nadir = json_true(json_get(p, "ne_tp_in_nadir"));
	if (json_string(ref) != NULL)
		o.icpd_ref_anchor = strcmp(json_string(ref), "ANCHOR") == 0;
	k.assess = o;
	set_contested(&k, p);
	return k.assess;
}

static struct assessment *
assess(const char *text, int32_t as_of, struct arena *a)
{
	struct assess_options *o = arena_alloc(a, sizeof(*o));
	char *s = arena_strdup(a, text);
	struct json_doc *doc;
	struct timeline *t;
	struct err e;

	for (char *p = s; *p != '\0'; p++) {
		if (*p == '\'')
			*p = '"';
	}
	ck_assert_msg(
	    json_parse(s, strlen(s), &doc, &e) == ERR_OK, "bad case: %s", s);
	*o = series_options(json_get(json_root(doc), "params"));
	o->as_of = as_of;
	t = series_timeline(json_root(doc), a);
	json_free(doc);
	return assess_run(t, o, a);
}

struct assessment *
series_assess(const char *text, struct arena *a)
{
	return assess(text, DAY_NONE, a);
}

struct assessment *
series_assess_as_of(const char *text, int day, struct arena *a)
{
	return assess(text, SERIES_EPOCH + day, a);
}

const struct verdict *
series_verdict(const struct assessment *x, const char *criterion, size_t i)
{
	const struct criterion_result *r = assessment_criterion(x, criterion);

	ck_assert_msg(r != NULL, "no criterion %s", criterion);
	ck_assert(i < x->timeline->timepoints.n);
	return &r->at[i];
}
