/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links that go on for ever, or in a circle.
 */
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/hostile.h"

#define LONG 60

static struct hostile h;

static void
setup(void)
{
	hostile_begin(&h);
}

static void
teardown(void)
{
	hostile_done(&h);
}

static void
add_merged(const char *from, int i, const char *to, int j)
{
	hostile_add(&h,
	    "{'resourceType':'Patient','id':'%s%02d','link':[{'type':"
	    "'replaced-by','other':{'reference':'Patient/%s%02d'}}]}",
	    from, i, to, j);
}

static const struct patient_facts *
find_patient(const char *key)
{
	for (size_t i = 0; i < h.mapped.n; i++) {
		if (strcmp(h.mapped.patients[i]->patient, key) == 0)
			return h.mapped.patients[i];
	}
	return NULL;
}

/* However long the circle: one patient, the smallest key. */
START_TEST(patients_in_a_circle)
{
	const struct patient_facts *f;

	for (int i = 0; i < LONG; i++)
		add_merged("c", i, "c", (i + 1) % LONG);
	add_merged("a", 1, "a", 2); /* leads into it; smaller, yet not of it */
	add_merged("a", 2, "c", 30);
	hostile_map(&h);
	ck_assert_uint_eq(h.mapped.n, 2); /* Patient/p and these */
	f = find_patient("Patient/c00");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(f->aliases.n, LONG - 1 + 2);
	ck_assert_str_eq(f->aliases.items[0], "Patient/a01");
}
END_TEST

START_TEST(patients_in_a_chain)
{
	const struct patient_facts *f;

	for (int i = 0; i < LONG; i++)
		add_merged("c", i, "c", i + 1);
	hostile_map(&h);
	ck_assert_uint_eq(h.mapped.n, 2);
	f = find_patient("Patient/c60");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(f->aliases.n, LONG);
}
END_TEST

/* Lesion part is said to be a fragment of lesion whole. */
static void
add_part(int serial, const char *part, const char *whole, int day)
{
	hostile_add(&h,
	    "{'resourceType':'Observation','id':'f%03d','status':'final',"
	    "'code':{'coding':[{'system':'http://loinc.org',"
	    "'code':'21889-1'}]},'subject':{'reference':'Patient/p'},"
	    "'effectiveDateTime':'2024-02-%02d','focus':[{'reference':"
	    "'BodyStructure/%s'},{'reference':'BodyStructure/%s'}],"
	    "'valueQuantity':{'value':20,'unit':'mm','system':"
	    "'http://unitsofmeasure.org','code':'mm'}}",
	    serial, day, part, whole);
}

START_TEST(fragments_in_a_chain)
{
	const struct assessment *x;

	hostile_lesion(&h, "f00", NULL);
	hostile_measure(&h, "f00", -5, 40);
	for (int i = 1; i <= LONG; i++) {
		char part[8], whole[8];

		snprintf(part, sizeof(part), "f%02d", i);
		snprintf(whole, sizeof(whole), "f%02d", i - 1);
		hostile_lesion(&h, part, NULL);
		add_part(i, part, whole, 20);
	}
	hostile_map(&h);
	x = hostile_assess(&h, 0);
	ck_assert_uint_eq(x->timeline->lesions.n, 1);
	ck_assert_int_eq(
	    x->timeline->lesions.items[0].at[1]->n_fragments, LONG);
	ck_assert_int_eq(
	    x->timeline->lesions.items[0].at[1]->longest_tmm, 200 * LONG);
	ck_assert_uint_eq(hostile_problems(x, "fragment_circle"), 0);
}
END_TEST

/* In a circle nobody is the whole: each is, and it is said. */
START_TEST(fragments_in_a_circle)
{
	const struct assessment *x;

	hostile_lesion(&h, "a", NULL);
	hostile_lesion(&h, "b", NULL);
	hostile_lesion(&h, "c", NULL);
	hostile_lesion(&h, "d", NULL);
	add_part(1, "a", "b", 20); /* leads into it */
	add_part(2, "b", "c", 20);
	add_part(3, "c", "d", 20);
	add_part(4, "d", "b", 20);
	hostile_map(&h);
	x = hostile_assess(&h, 0);
	ck_assert_uint_eq(hostile_problems(x, "fragment_circle"), 1);
	ck_assert_uint_eq(x->timeline->lesions.n, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct lesion *l = &x->timeline->lesions.items[i];

		ck_assert_int_eq(l->key[strlen(l->key) - 1], "bcd"[i]);
		ck_assert_int_eq(l->at[0]->longest_tmm, i == 0 ? 400 : 200);
	}
}
END_TEST

/* One lesion by a chain of shared identifiers, told from its far end. */
START_TEST(bodies_in_a_chain)
{
	const struct assessment *x;

	for (int i = 0; i < LONG; i++) {
		hostile_add(&h,
		    "{'resourceType':'BodyStructure','id':'b%02d','patient':"
		    "{'reference':'Patient/p'},'identifier':["
		    "{'system':'urn:l','value':'%d'},"
		    "{'system':'urn:l','value':'%d'}]}",
		    i * 37 % LONG, i, i + 1);
	}
	hostile_measure(&h, "b17", -5, 20);
	hostile_measure(&h, "b59", 50, 30);
	hostile_map(&h);
	x = hostile_assess(&h, 0);
	ck_assert_uint_eq(x->timeline->lesions.n, 1);
	ck_assert_str_eq(
	    x->timeline->lesions.items[0].key, "BodyStructure/b00");
}
END_TEST

/* A member of many groups takes its place from the first of them. */
START_TEST(member_of_many_groups)
{
	const struct assessment *x;

	hostile_lesion(&h, "a", NULL);
	hostile_add(&h,
	    "{'resourceType':'Observation','id':'member','status':'final',"
	    "'code':{'coding':[{'system':'http://loinc.org',"
	    "'code':'21889-1'}]},'subject':{'reference':'Patient/p'},"
	    "'effectiveDateTime':'2023-12-27','valueQuantity':{'value':20,"
	    "'unit':'mm','system':'http://unitsofmeasure.org','code':'mm'}}");
	for (int i = LONG; i > 0; i--) {
		hostile_add(&h,
		    "{'resourceType':'Observation','id':'g%02d','status':"
		    "'final','code':{'text':'panel'},'subject':{'reference':"
		    "'Patient/p'},'effectiveDateTime':'2023-12-27',"
		    "'hasMember':[{'reference':'Observation/member'}],'focus':"
		    "[{'reference':'BodyStructure/%s'}]}",
		    i, i == 1 ? "a" : "z");
	}
	hostile_map(&h);
	x = hostile_assess(&h, 0);
	ck_assert_uint_eq(x->timeline->lesions.n, 1);
	ck_assert_str_eq(x->timeline->lesions.items[0].key, "BodyStructure/a");
}
END_TEST

static Suite *
suite_hostile_shape(void)
{
	Suite *s = suite_create("hostile_shape");
	TCase *t = tcase_create("links");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, patients_in_a_circle);
	tcase_add_test(t, patients_in_a_chain);
	tcase_add_test(t, fragments_in_a_chain);
	tcase_add_test(t, fragments_in_a_circle);
	tcase_add_test(t, bodies_in_a_chain);
	tcase_add_test(t, member_of_many_groups);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_hostile_shape())
