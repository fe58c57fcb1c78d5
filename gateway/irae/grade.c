/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/irae/grade.h"

#include <string.h>

#include "fhir/util/strbuf.h"

__extension__ typedef __int128 wide;

/* --- the rows of grades.def --- */

enum version { V5 = 1, V6 = 2 };
enum when {
	ALWAYS,
	BASE_NORMAL, /* or unknown */
	BASE_ABNORMAL,
	BASE_KNOWN,
	BASE_LOW,
	SYMPTOMATIC,
	ASYMPTOMATIC
};
enum test { TEST_NEVER, TEST_OVER, TEST_FROM, TEST_UNDER };
enum of { OF_ABS, OF_ULN, OF_LLN, OF_B, OF_MI };

struct cut {
	enum test test;
	enum of of;
	int milli;
};
#define OVER(of, milli)                                                        \
	{                                                                      \
		TEST_OVER, OF_##of, milli                                      \
	}
#define FROM(of, milli)                                                        \
	{                                                                      \
		TEST_FROM, OF_##of, milli                                      \
	}
#define UNDER(of, milli)                                                       \
	{                                                                      \
		TEST_UNDER, OF_##of, milli                                     \
	}
#define NEVER                                                                  \
	{                                                                      \
		TEST_NEVER, OF_ABS, 0                                          \
	}

struct row {
	enum irae_analyte analyte;
	unsigned versions;
	enum when when;
	struct cut cuts[4];
};

static const struct row rows[] = {
#define IRAE_GRADE(analyte, versions, when, g1, g2, g3, g4)                    \
	{IRAE_##analyte, versions, when, {g1, g2, g3, g4}},
#include "gateway/irae/grades.def"
#undef IRAE_GRADE
};

/* --- names --- */

static const struct {
	const char *name, *unit;
	char worse;
} analytes[] = {
#define IRAE_ANALYTE(id, name, unit, worse) {name, unit, worse},
#include "gateway/irae/signals.def"
#undef IRAE_ANALYTE
};

const char *
irae_analyte_name(enum irae_analyte a)
{
	return analytes[a].name;
}

const char *
irae_analyte_unit(enum irae_analyte a)
{
	return analytes[a].unit;
}

char
irae_analyte_worse(enum irae_analyte a)
{
	return analytes[a].worse;
}

enum irae_analyte
irae_analyte_parse(const char *name)
{
	int a = 0;

	while (a < IRAE_ANALYTE__MAX && strcmp(analytes[a].name, name) != 0)
		a++;
	return (enum irae_analyte)a;
}

/* --- arithmetic --- */

/* Equal when the difference could be the rounding of conversions.
 *= irae §2.1: compare with a guard; 63 umol/L is 3.0 x 21 umol/L */
static int
sign(wide left, wide right, wide slack)
{
	wide d = left - right;

	return (d > slack) - (d < -slack);
}

int
irae_compare(int64_t value, int milli, int64_t of)
{
	return sign((wide)value * 1000, (wide)of * milli, 1000 + milli);
}

int
irae_compare_ratio(int64_t a, int64_t b, int milli, int64_t c, int64_t d)
{
	return sign((wide)a * d * 1000, (wide)c * b * milli,
	    ((wide)a + d) * 1000 + ((wide)c + b) * milli);
}

/* --- grading --- */

static bool
is_known(int64_t v)
{
	return v != IRAE_NO_VALUE;
}

/*= irae §2.1: abnormal is above the baseline's own ULN */
static bool
applies(const struct row *r, const struct irae_grade_query *q)
{
	const struct irae_level_of *b = &q->base;
	bool known = is_known(b->value);
	bool abnormal = known && is_known(b->high) && b->value > b->high;
	bool low = known && is_known(b->low) && b->value < b->low;

	if (r->analyte != q->analyte ||
	    (r->versions & (q->version == 6 ? V6 : V5)) == 0)
		return false;
	switch (r->when) {
	case BASE_NORMAL:
		return !abnormal;
	case BASE_ABNORMAL:
		return abnormal;
	case BASE_KNOWN:
		return known;
	case BASE_LOW:
		return low;
	case SYMPTOMATIC:
		return q->symptomatic;
	case ASYMPTOMATIC:
		return !q->symptomatic;
	case ALWAYS:
		break;
	}
	return true;
}

/*= irae §2.1: another assay or laboratory, compare multiples of ULN */
static int
compare_base(const struct irae_grade_query *q, int milli)
{
	const struct irae_level_of *v = &q->now, *b = &q->base;

	if (!is_known(v->high) || !is_known(b->high) || v->high == b->high ||
	    v->high <= 0 || b->high <= 0)
		return irae_compare(v->value, milli, b->value);
	return irae_compare_ratio(v->value, v->high, milli, b->value, b->high);
}

/* -2: nothing to compare with. */
static int
compare_cut(const struct cut *c, const struct irae_grade_query *q)
{
	int64_t of = IRAE_NO_VALUE;

	switch (c->of) {
	case OF_ABS: /* no rounding on this side */
		return sign((wide)q->now.value, (wide)c->milli * 1000, 1);
	case OF_B:
		return is_known(q->base.value) ? compare_base(q, c->milli) : -2;
	case OF_ULN:
		of = q->now.high;
		break;
	case OF_LLN:
		of = q->now.low;
		break;
	case OF_MI:
		of = q->now.mi;
		break;
	}
	return is_known(of) ? irae_compare(q->now.value, c->milli, of) : -2;
}

/* 1 met, 0 not met, -1 cannot be told. */
static int
cut_met(const struct cut *c, const struct irae_grade_query *q)
{
	int sign_of;

	if (c->test == TEST_NEVER)
		return -1;
	sign_of = compare_cut(c, q);
	if (sign_of == -2)
		return -1;
	if (c->test == TEST_UNDER)
		return sign_of < 0;
	return c->test == TEST_FROM ? sign_of >= 0 : sign_of > 0;
}

int
irae_grade(const struct irae_grade_query *q)
{
	int grade = -1;

	if (!is_known(q->now.value))
		return -1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!applies(&rows[i], q))
			continue;
		for (int g = 0; g < 4; g++) {
			int met = cut_met(&rows[i].cuts[g], q);

			if (met >= 0 && grade < (met ? g + 1 : 0))
				grade = met ? g + 1 : 0;
		}
	}
	return grade;
}

/* --- for people --- */

static void
describe_cut(const struct cut *c, struct strbuf *out)
{
	static const char *const tests[] = {
	    [TEST_NEVER] = "",
	    [TEST_OVER] = "above",
	    [TEST_FROM] = "from",
	    [TEST_UNDER] = "below",
	};
	static const char *const ofs[] = {
	    [OF_ABS] = "",
	    [OF_ULN] = " x ULN",
	    [OF_LLN] = " x LLN",
	    [OF_B] = " x baseline",
	    [OF_MI] = " x infarction level",
	};

	strbuf_addf(out, "%s %d", tests[c->test], c->milli / 1000);
	if (c->milli % 1000 != 0)
		strbuf_addf(out, ".%d",
		    c->milli % 100 == 0 ? c->milli % 1000 / 100
					: c->milli % 1000);
	strbuf_adds(out, ofs[c->of]);
}

bool
irae_grade_describe(size_t i, struct strbuf *out)
{
	static const char *const whens[] = {
	    [ALWAYS] = "",
	    [BASE_NORMAL] = ", normal baseline",
	    [BASE_ABNORMAL] = ", abnormal baseline",
	    [BASE_KNOWN] = ", known baseline",
	    [BASE_LOW] = ", baseline below LLN",
	    [SYMPTOMATIC] = ", symptomatic",
	    [ASYMPTOMATIC] = ", asymptomatic",
	};
	const struct row *r;
	const char *sep = ":";

	if (i >= sizeof(rows) / sizeof(*rows))
		return false;
	r = &rows[i];
	strbuf_addf(out, "%s (%s), CTCAE %s%s", analytes[r->analyte].name,
	    analytes[r->analyte].unit,
	    r->versions == V5   ? "5"
	    : r->versions == V6 ? "6"
				: "5 and 6",
	    whens[r->when]);
	for (int g = 0; g < 4; g++) {
		if (r->cuts[g].test == TEST_NEVER)
			continue;
		strbuf_addf(out, "%s grade %d ", sep, g + 1);
		describe_cut(&r->cuts[g], out);
		sep = ",";
	}
	return true;
}
