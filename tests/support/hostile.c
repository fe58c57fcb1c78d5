/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/hostile.h"

#include <stdarg.h>
#include <string.h>

#include "fhir/datetime.h"
#include "tests/support/check_main.h"

#define NDJSON_MAX ((size_t)256 << 20)
#define START      19723 /* 2024-01-01 */

void
hostile_begin(struct hostile *h)
{
	memset(h, 0, sizeof(*h));
	h->timeline = (struct timeline_options)TIMELINE_DEFAULTS;
	h->options = (struct assess_options)ASSESS_DEFAULTS;
	h->arena = arena_new();
	strbuf_init(&h->text, NDJSON_MAX);
	hostile_add(h, "{'resourceType':'Patient','id':'p'}");
	hostile_add(h,
	    "{'resourceType':'MedicationAdministration','id':'dose',"
	    "'status':'completed','subject':{'reference':'Patient/p'},"
	    "'effectiveDateTime':'2024-01-01','medicationCodeableConcept':"
	    "{'coding':[{'system':"
	    "'http://www.nlm.nih.gov/research/umls/rxnorm',"
	    "'code':'1547545'}]}}");
}

/* Single quotes of what is added stand for double ones. */
void
hostile_add(struct hostile *h, const char *fmt, ...)
{
	size_t from = h->text.len;
	va_list ap;

	va_start(ap, fmt);
	strbuf_addv(&h->text, fmt, ap);
	va_end(ap);
	for (size_t i = from; i < h->text.len; i++) {
		if (h->text.s[i] == '\'')
			h->text.s[i] = '"';
	}
	strbuf_addc(&h->text, '\n');
}

void
hostile_lesion(struct hostile *h, const char *id, const char *role)
{
	struct strbuf morphology;

	strbuf_init(&morphology, 400);
	if (role != NULL)
		strbuf_addf(&morphology,
		    ",'morphology':{'coding':[{'system':'https://"
		    "rescan.example/fhir/CodeSystem/lesion-role',"
		    "'code':'%s'}]}",
		    role);
	hostile_add(h,
	    "{'resourceType':'BodyStructure','id':'%s','patient':"
	    "{'reference':'Patient/p'},'location':{'coding':[{'system':"
	    "'http://snomed.info/sct','code':'39607008'}]}%s}",
	    id, morphology.s);
	strbuf_done(&morphology);
}

void
hostile_measure(struct hostile *h, const char *lesion, int day, int mm)
{
	char text[DAY_SIZE];

	hostile_add(h,
	    "{'resourceType':'Observation','id':'o%d','status':'final',"
	    "'code':{'coding':[{'system':'http://loinc.org',"
	    "'code':'21889-1'}]},'subject':{'reference':'Patient/p'},"
	    "'effectiveDateTime':'%s','focus':[{'reference':"
	    "'BodyStructure/%s'}],'valueQuantity':{'value':%d,'unit':'mm',"
	    "'system':'http://unitsofmeasure.org','code':'mm'}}",
	    ++h->serial, day_format(START + day, text), lesion, mm);
}

void
hostile_map(struct hostile *h)
{
	ck_assert(!h->text.overflow);
	mapped_begin(&h->mapped);
	mapped_add(&h->mapped, h->text.s);
	mapped_finish(&h->mapped);
}

struct assessment *
hostile_assess(struct hostile *h, size_t i)
{
	ck_assert_uint_lt(i, h->mapped.n);
	return assess_run(
	    timeline_build(h->mapped.patients[i], &h->timeline, h->arena),
	    &h->options, h->arena);
}

void
hostile_done(struct hostile *h)
{
	mapped_done(&h->mapped);
	arena_free(h->arena);
	strbuf_done(&h->text);
}

size_t
hostile_problems(const struct assessment *x, const char *code)
{
	size_t n = 0;

	for (size_t i = 0; i < x->problems.n; i++)
		n += strcmp(x->problems.items[i].code, code) == 0;
	return n;
}
