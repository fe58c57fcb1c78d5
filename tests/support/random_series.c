/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/random_series.h"

#include <stdlib.h>
#include <string.h>

static uint64_t state;

static unsigned
draw(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

uint64_t
random_series_seed(uint64_t seed)
{
	const char *s = getenv("RESCAN_SEED");

	state = s != NULL ? strtoull(s, NULL, 10) : seed;
	if (state == 0)
		state = 1;
	return state;
}

static const char *const nt_words[] = {
    NULL, "CR", "NON_CR_NON_PD", "NON_CR_NON_PD", "NON_CR_NON_PD", "PD", "NE"};

static int
drift(int size)
{
	int step = (int)draw(41) - 20;

	switch (draw(12)) {
	case 0:
		return 0;
	case 1:
		return -1;
	case 2:
		return -2;
	default:
		size += size * step / 100 + (int)draw(60) - 30;
		return size < 20 ? 20 : size;
	}
}

static void
draw_visit(struct random_visit *v, int *last)
{
	v->done = draw(12) != 0;
	v->early_symptom = draw(4) == 0;
	v->nt = (int)draw(sizeof(nt_words) / sizeof(*nt_words));
	v->worse = (int)draw(3);
	for (int i = 0; i < 3; i++) {
		v->target[i] = drift(last[i]);
		if (v->target[i] > 0)
			last[i] = v->target[i];
	}
	for (int i = 0; i < 2; i++) {
		if (last[3 + i] == 0 && draw(5) != 0) {
			v->news[i] = -2;
			continue;
		}
		if (last[3 + i] == 0)
			last[3 + i] = 100 + (int)draw(100);
		v->news[i] = draw(8) == 0 ? (int)draw(2) - 1
					  : last[3 + i] + (int)draw(60);
	}
}

void
random_series_draw(struct random_series *c)
{
	int last[5] = {0}, day = 0;

	memset(c, 0, sizeof(*c));
	for (int i = 0; i < 3; i++)
		c->base[i] = last[i] = 100 + (int)draw(500);
	c->n = 2 + draw(MAX_VISITS - 1);
	for (size_t i = 0; i < c->n; i++) {
		day += 14 + (int)draw(50);
		c->visits[i].day = day;
		draw_visit(&c->visits[i], last);
	}
}

static const char *
size_text(struct arena *a, int tmm)
{
	if (tmm == -2)
		return "'TSTM'";
	return arena_printf(a, "%d.%d", tmm / 10, tmm % 10);
}

static const char *
visit_text(struct arena *a, const struct random_visit *v)
{
	const char *targets = "", *news = "", *nt = "", *sep = "";

	if (!v->done)
		return arena_printf(a, "{'day':%d,'not_done':true}", v->day);
	for (int i = 0; i < 3; i++) {
		if (v->target[i] == -1)
			continue;
		targets = arena_printf(a, "%s%s'T%d':%s", targets, sep, i,
		    size_text(a, v->target[i]));
		sep = ",";
	}
	sep = "";
	for (int i = 0; i < 2; i++) {
		if (v->news[i] < 0)
			continue;
		news = arena_printf(a, "%s%s{'id':'x%d','kind':'NLT','mm':%s}",
		    news, sep, i, size_text(a, v->news[i]));
		sep = ",";
	}
	if (nt_words[v->nt] != NULL)
		nt = arena_printf(a, ",'nontarget':'%s'", nt_words[v->nt]);
	if (v->worse != 0)
		nt = arena_printf(a, "%s,'nt_change':'%s'", nt,
		    v->worse == 1 ? "INCLA" : "NCLA");
	return arena_printf(a,
	    "{'day':%d,'targets':{%s},'new_lesions':[%s]%s,"
	    "'new_symptom':%s}",
	    v->day, targets, news, nt, v->early_symptom ? "true" : "false");
}

const char *
random_series_text(struct arena *a, const struct random_series *c, size_t n)
{
	const char *s = "";

	for (size_t i = 0; i < n; i++)
		s = arena_printf(a, "%s%s%s", s, i > 0 ? "," : "",
		    visit_text(a, &c->visits[i]));
	return arena_printf(a,
	    "{'baseline':{'day':0,'targets':[{'id':'T0','mm':%s},"
	    "{'id':'T1','mm':%s},{'id':'T2','mm':%s,'node':true}]},"
	    "'timepoints':[%s]}",
	    size_text(a, c->base[0]), size_text(a, c->base[1]),
	    size_text(a, c->base[2]), s);
}
