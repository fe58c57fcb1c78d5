/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cohort.txt, read.
 */
#include "tests/sandbox/cohort.h"

#include <stdlib.h>
#include <string.h>

#include "fhir/datetime.h"
#include "fhir/decimal.h"

#define SCT           "http://snomed.info/sct"
#define NCIT          "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
#define LOINC         "http://loinc.org"
#define RXNORM        "http://www.nlm.nih.gov/research/umls/rxnorm"
#define DCM           "http://dicom.nema.org/resources/ontology/DCM"
#define ICD10         "http://hl7.org/fhir/sid/icd-10-cm"
#define LOCAL_LAB     "https://rescan.example/fhir/CodeSystem/lab"
#define LOCAL_FINDING "https://rescan.example/fhir/CodeSystem/imaging-finding"

static const struct code_row codes[] = {
#define CODE(group, name, system, code, display, extra)                        \
	{CODE_##group, name, system, code, display, extra},
#include "tests/sandbox/codes.def"
#undef CODE
};

const struct code_row *
cohort_code(enum code_group group, const char *name)
{
	for (size_t i = 0; name != NULL && i < sizeof(codes) / sizeof(*codes);
	     i++)
		if (codes[i].group == group && strcmp(codes[i].name, name) == 0)
			return &codes[i];
	return NULL;
}

struct reader {
	struct arena *a;
	struct cohort *c;
	struct cohort_patient *p; /* the one being read, or NULL */
	char *rest;               /* of the line */
	int line;
	struct err *e;
};

static enum err_code
refuse(struct reader *r, const char *what)
{
	return err_set(r->e, ERR_INVALID, "cohort, line %d: %s", r->line, what);
}

/* The next word of the line, or NULL. */
static char *
word(struct reader *r)
{
	char *w;

	r->rest += strspn(r->rest, " \t");
	if (*r->rest == '\0')
		return NULL;
	w = r->rest;
	r->rest += strcspn(r->rest, " \t");
	if (*r->rest != '\0')
		*r->rest++ = '\0';
	return w;
}

static bool
day_word(struct reader *r, int32_t *ret)
{
	const char *w = word(r);

	*ret = w == NULL ? DAY_NONE : day_parse(w);
	return *ret != DAY_NONE;
}

static enum err_code
read_patient(struct reader *r)
{
	struct cohort_patient *p = ARENA_PUSH(r->a, &r->c->patients);

	r->p = p;
	p->id = word(r);
	p->sex = word(r);
	p->birth = word(r);
	p->given = word(r);
	p->family = word(r);
	p->cancer_day = p->was_until = DAY_NONE;
	if (p->family == NULL || day_parse(p->birth) == DAY_NONE)
		return refuse(r, "patient ID SEX BIRTH GIVEN FAMILY");
	return ERR_OK;
}

static enum err_code
read_shows(struct reader *r)
{
	r->p->shows = r->rest + strspn(r->rest, " ");
	return ERR_OK;
}

static enum err_code
read_shape(struct reader *r)
{
	static const char *const names[] = {
	    "mcode", "mcode-cm", "sr", "sr-uid"};
	const char *w = word(r);

	for (int i = 0; w != NULL && i < 4; i++)
		if (strcmp(names[i], w) == 0) {
			r->p->shape = (enum cohort_shape)i;
			return ERR_OK;
		}
	return refuse(r, "no such shape");
}

static enum err_code
read_cancer(struct reader *r)
{
	r->p->cancer = cohort_code(CODE_CANCER, word(r));
	if (r->p->cancer == NULL || !day_word(r, &r->p->cancer_day))
		return refuse(r, "cancer NAME DATE");
	return ERR_OK;
}

static enum err_code
read_was(struct reader *r)
{
	r->p->was = word(r);
	if (r->p->was == NULL || !day_word(r, &r->p->was_until))
		return refuse(r, "was ID DATE");
	return ERR_OK;
}

static enum err_code
read_lesion(struct reader *r)
{
	struct cohort_lesion *l = ARENA_PUSH(r->a, &r->p->lesions);

	l->id = word(r);
	l->site = cohort_code(CODE_SITE, word(r));
	l->role = cohort_code(CODE_ROLE, word(r));
	if (l->id == NULL || l->site == NULL || l->role == NULL)
		return refuse(r, "lesion ID SITE ROLE");
	l->nodal = strcmp(l->site->extra, "node") == 0;
	return ERR_OK;
}

/* DATE, DATE+DAYSxCOUNT or DATE..DATE. */
static bool
read_when(struct reader *r, char *w, const struct cohort_dose *like)
{
	char *plus = strchr(w, '+'), *dots = strstr(w, "..");
	long step = 0, count = 1;
	int32_t day, last;

	if (plus != NULL) {
		char *end;

		*plus = '\0';
		step = strtol(plus + 1, &end, 10);
		count = *end == 'x' ? strtol(end + 1, NULL, 10) : 0;
	}
	if (dots != NULL)
		*dots = '\0';
	day = day_parse(w);
	last = dots == NULL ? day : day_parse(dots + 2);
	if (day == DAY_NONE || last == DAY_NONE || count < 1)
		return false;
	for (long i = 0; i < count; i++) {
		struct cohort_dose *d = ARENA_PUSH(r->a, &r->p->doses);

		*d = *like;
		d->day = day + (int32_t)(i * step);
		d->last_day = last + (int32_t)(i * step);
	}
	return true;
}

static enum err_code
read_drug(struct reader *r)
{
	struct cohort_dose like = {0};
	size_t before = r->p->doses.n;
	char *w;

	like.drug = cohort_code(CODE_DRUG, word(r));
	like.mg = word(r);
	if (like.drug == NULL || like.mg == NULL)
		return refuse(r, "drug NAME MG DATE...");
	while ((w = word(r)) != NULL) {
		if (strcmp(w, "as-medication") == 0)
			like.by_reference = true;
		else if (!read_when(r, w, &like))
			return refuse(r, "not a date or series of dates");
	}
	return r->p->doses.n > before ? ERR_OK : refuse(r, "no date");
}

/* A positive decimal of at most `scale` places, scaled. */
static bool
scaled(const char *text, int scale, int32_t *ret)
{
	struct decimal d;
	int64_t v;

	if (decimal_parse(text, &d, NULL) != ERR_OK ||
	    decimal_scaled(&d, 1, 1, scale, &v, NULL) != ERR_OK || v <= 0 ||
	    v > 1000000)
		return false;
	*ret = (int32_t)v;
	return true;
}

/* LONGEST[xOTHER][@SUVMAX/SULPEAK][:unit], taken apart from behind. */
static bool
read_numbers(char *w, struct cohort_cell *c)
{
	char *colon = strchr(w, ':'), *at = strchr(w, '@');
	char *x, *slash;

	if (colon != NULL) {
		*colon = '\0';
		c->unit = colon + 1;
	}
	if (at != NULL) {
		*at = '\0';
		slash = strchr(at + 1, '/');
		if (slash == NULL)
			return false;
		*slash = '\0';
		if (!scaled(at + 1, 2, &c->suvmax) ||
		    !scaled(slash + 1, 2, &c->sulpeak))
			return false;
	}
	x = strchr(w, 'x');
	if (x != NULL)
		*x++ = '\0';
	return scaled(w, 1, &c->longest) &&
	       (x == NULL || scaled(x, 1, &c->other));
}

static enum err_code
read_cell(struct reader *r, struct cohort_reading *v, char *w)
{
	char *eq = strchr(w, '=');
	struct cohort_cell *c = ARENA_PUSH(r->a, &v->cells);

	if (eq == NULL)
		return refuse(r, "LESION=VALUE");
	*eq = '\0';
	while (c->lesion < r->p->lesions.n &&
	       strcmp(r->p->lesions.items[c->lesion].id, w) != 0)
		c->lesion++;
	if (c->lesion == r->p->lesions.n)
		return refuse(r, "no such lesion");
	c->state = cohort_code(CODE_STATE, eq + 1);
	if (c->state == NULL && !read_numbers(eq + 1, c))
		return refuse(r, "neither a size nor a state");
	return ERR_OK;
}

static enum err_code
read_cells(struct reader *r, struct cohort_reading *v)
{
	enum err_code code = ERR_OK;
	char *w;

	while (code == ERR_OK && (w = word(r)) != NULL) {
		if (strcmp(w, "by") == 0)
			v->reader = word(r);
		else if (strcmp(w, "unscheduled") == 0)
			v->unscheduled = true;
		else
			code = read_cell(r, v, w);
	}
	return code;
}

static enum err_code
read_visit(struct reader *r)
{
	struct cohort_reading *v = ARENA_PUSH(r->a, &r->p->readings);

	v->reader = "a";
	if (!day_word(r, &v->day))
		return refuse(r, "visit DATE MODALITY");
	v->modality = cohort_code(CODE_MODALITY, word(r));
	return v->modality == NULL ? refuse(r, "no such modality")
				   : read_cells(r, v);
}

static enum err_code
read_again(struct reader *r)
{
	struct cohort_reading *v;

	if (r->p->readings.n == 0)
		return refuse(r, "no visit before");
	v = ARENA_PUSH(r->a, &r->p->readings);
	v->day = v[-1].day;
	v->modality = v[-1].modality;
	v->second = true;
	v->reader = word(r);
	return read_cells(r, v);
}

static enum err_code
read_fact(struct reader *r, enum cohort_fact_kind kind, enum code_group group)
{
	struct cohort_fact *f = ARENA_PUSH(r->a, &r->p->facts);
	struct decimal number;

	f->kind = kind;
	if (!day_word(r, &f->day))
		return refuse(r, "not a date");
	if (kind != FACT_ECOG &&
	    (f->code = cohort_code(group, word(r))) == NULL)
		return refuse(r, "no such name");
	if (kind == FACT_STATEMENT &&
	    (f->answer = cohort_code(CODE_ANSWER, word(r))) == NULL)
		return refuse(r, "no such answer");
	if ((kind == FACT_LAB || kind == FACT_ECOG) &&
	    ((f->value = word(r)) == NULL ||
		decimal_parse(f->value, &number, NULL) != ERR_OK))
		return refuse(r, "no number");
	return ERR_OK;
}

static enum err_code
read_say(struct reader *r)
{
	return read_fact(r, FACT_STATEMENT, CODE_QUESTION);
}

static enum err_code
read_lab(struct reader *r)
{
	return read_fact(r, FACT_LAB, CODE_LAB);
}

static enum err_code
read_finding(struct reader *r)
{
	return read_fact(r, FACT_FINDING, CODE_FINDING);
}

static enum err_code
read_dx(struct reader *r)
{
	return read_fact(r, FACT_DX, CODE_DX);
}

static enum err_code
read_ecog(struct reader *r)
{
	return read_fact(r, FACT_ECOG, CODE_LAB);
}

static const struct {
	const char *word;
	enum err_code (*read)(struct reader *r);
} lines[] = {
    {"patient", read_patient},
    {"shows", read_shows},
    {"shape", read_shape},
    {"cancer", read_cancer},
    {"was", read_was},
    {"lesion", read_lesion},
    {"drug", read_drug},
    {"visit", read_visit},
    {"again", read_again},
    {"say", read_say},
    {"lab", read_lab},
    {"finding", read_finding},
    {"dx", read_dx},
    {"ecog", read_ecog},
};

static enum err_code
read_line(struct reader *r, char *line)
{
	const char *w;

	r->rest = line;
	if (*line == '#' || (w = word(r)) == NULL)
		return ERR_OK;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (strcmp(lines[i].word, w) != 0)
			continue;
		if (r->p == NULL && i > 0)
			return refuse(r, "no patient yet");
		return lines[i].read(r);
	}
	return refuse(r, "no such word");
}

enum err_code
cohort_read(
    const char *text, struct arena *a, struct cohort *ret, struct err *e)
{
	struct cohort c = {0};
	struct reader r = {a, &c, NULL, NULL, 0, e};
	enum err_code code = ERR_OK;

	while (code == ERR_OK && *text != '\0') {
		size_t n = strcspn(text, "\n");

		r.line++;
		code = read_line(&r, arena_strndup(a, text, n));
		text += text[n] == '\n' ? n + 1 : n;
	}
	if (code == ERR_OK)
		*ret = c;
	return code;
}

enum err_code
cohort_bundle(const char *path, struct strbuf *out, struct err *e)
{
	struct arena *a = arena_new();
	enum err_code code = ERR_OK;
	struct cohort c = {0};
	struct strbuf text;
	char buf[4096];
	size_t n;
	FILE *f;

	strbuf_init(&text, 1 << 20);
	f = fopen(path, "r");
	if (f == NULL) {
		code = err_set(e, ERR_IO, "cannot read %s", path);
		goto out;
	}
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_add(&text, buf, n);
	fclose(f);
	if ((code = cohort_read(text.s, a, &c, e)) == ERR_OK)
		cohort_write(&c, out);
out:
	strbuf_done(&text);
	arena_free(a);
	return code;
}
