/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How sure: from lines of evidence to a level, with the adjustments of
 * spec/irae.md §4.3 in their order.
 */
#include "gateway/irae/internal.h"

const char *
irae_lines_words(struct arena *a, unsigned lines)
{
	static const struct {
		unsigned line;
		const char *words;
	} words[] = {
	    {LINE_X, "specific combination of values"},
	    {LINE_L, "laboratory value"},
	    {LINE_I, "imaging finding"},
	    {LINE_V, "vital sign or symptom"},
	    {LINE_D, "coded diagnosis"},
	    {LINE_T, "treatment started"},
	    {LINE_A, "attribution by a clinician"},
	};
	const char *text = "";

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if ((lines & words[i].line) == 0 ||
		    (words[i].line == LINE_L && (lines & LINE_X) != 0))
			continue;
		text = arena_printf(a, "%s%s%s", text,
		    text[0] != '\0' ? ", " : "", words[i].words);
	}
	return text;
}

/*= irae §4.2 level */
static enum irae_level
count_lines(unsigned lines)
{
	int n = (lines & LINE_X) != 0 ? 2 : (lines & LINE_L) != 0;

	n += ((lines & LINE_I) != 0) + ((lines & LINE_V) != 0) +
	     ((lines & LINE_D) != 0);
	if (n > 0 && (lines & LINE_T) != 0)
		n++;
	if ((lines & LINE_A) != 0)
		return IRAE_DEFINITE;
	if (n >= 2)
		return IRAE_PROBABLE;
	return n == 1 ? IRAE_POSSIBLE : IRAE_NONE;
}

/*= irae §1.2 pancreatitis: enzymes alone are never above possible */
static bool
is_isolated(const struct irae_view *v, unsigned lines)
{
	return (irae_traits(v->module) & TRAIT_ENZYMES) != 0 &&
	       (lines & (LINE_I | LINE_V | LINE_D | LINE_A)) == 0;
}

/*= irae §4.3.2 major confounder */
static enum irae_level
doubted(const struct irae_view *v, enum irae_level level, int grade)
{
	bool kept = grade >= 3 ||
		    (irae_traits(v->module) & TRAIT_NEVER_SUPPRESS) != 0 ||
		    v->open;

	if (level == IRAE_PROBABLE)
		return IRAE_POSSIBLE;
	if (level == IRAE_POSSIBLE && !kept)
		return IRAE_WATCH;
	return level;
}

/*= irae §4.3.3 delayed window, by the onset */
static enum irae_level
delayed(const struct irae_view *v, enum irae_level level, unsigned lines,
    unsigned *notes)
{
	int32_t since = v->onset - irae_last_dose(v->run, v->onset);

	if (level == IRAE_NONE)
		return level;
	if (since > v->run->o->delayed_to_days) {
		*notes |= IRAE_NOTE_BEYOND_WINDOW;
		return IRAE_NONE;
	}
	if (since <= v->run->o->delayed_from_days)
		return level;
	*notes |= IRAE_NOTE_DELAYED;
	if (level == IRAE_PROBABLE && (lines & (LINE_I | LINE_X | LINE_D)) == 0)
		return IRAE_POSSIBLE;
	return level;
}

static enum irae_level
adjust(const struct irae_view *v, const struct irae_evidence *e, unsigned lines,
    int grade, unsigned *notes)
{
	enum irae_level level = count_lines(lines);

	if (level == IRAE_DEFINITE)
		return level;
	if (is_isolated(v, lines) && level > IRAE_POSSIBLE)
		level = IRAE_POSSIBLE;
	if (e->explained && level > IRAE_WATCH)
		level = IRAE_WATCH;
	if (e->major)
		level = doubted(v, level, grade);
	level = delayed(v, level, lines, notes);
	return level == IRAE_NONE && grade > 0 ? IRAE_WATCH : level;
}

void
irae_level_judge(const struct irae_view *v, const struct irae_evidence *e,
    unsigned lines, int grade, struct irae_judgement *ret)
{
	unsigned ignored = 0;

	ret->notes = e->notes;
	ret->isolated = is_isolated(v, lines);
	ret->level = adjust(v, e, lines, grade, &ret->notes);
	ret->data_level = adjust(v, e, lines & LINES_DATA, e->data, &ignored);
}
