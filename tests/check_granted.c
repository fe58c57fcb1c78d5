/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole cycles of a gateway that was granted less than it asked for.
 */
#include "tests/support/bench.h"
#include "tests/support/check_main.h"
#include "tests/support/scripted.h"
#include "tests/support/shell.h"

#include <stdlib.h>
#include <string.h>

#define CERTS "build/test-certs"
#define KEY   "build/check_granted.pem"

static struct bench b;
static struct arena *arena;
static struct scripted *issuer;

#define GRANT(scopes)                                                          \
	"{\"access_token\":\"t\",\"token_type\":\"bearer\","                   \
	"\"expires_in\":300,\"scope\":\"" scopes                               \
	" system/ImagingStudy.rs system/Observation.crus system/Patient.rs "   \
	"system/Condition.rs system/BodyStructure.rs system/Medication.rs "    \
	"system/Device.crus system/DiagnosticReport.crus "                     \
	"system/Provenance.crus\"}"

static struct scripted_exchange token = {.method = "POST",
    .path = "/token",
    .body_has = "system%2FMedicationAdministration.rs",
    .reply = {"Content-Type: application/json"}};

/* A gateway whose token is for this. */
static void
begin(const char *grant)
{
	struct scripted_options o = {.dir = CERTS};
	char more[256];

	arena = arena_new();
	bench_begin(&b, NULL);
	shell_run("test -s " KEY " || (umask 077; openssl ecparam -name "
		  "secp384r1 -genkey -noout -out " KEY ")");
	token.body = grant;
	issuer = scripted_start(&o, &token, 1);
	snprintf(more, sizeof(more),
	    "auth = smart\nclient_id = c\nkey_file = " KEY "\n"
	    "token_url = %s/token\n",
	    scripted_origin(issuer));
	bench_close(&b);
	bench_open(&b, more);
	bench_seed(&b, "1");
	bench_cycle(&b);
}

static void
teardown(void)
{
	bench_end(&b);
	scripted_end(issuer);
	arena_free(arena);
}

/*= interop D-35: not asked for, and "not granted" is not "not given" */
START_TEST(type_not_granted_is_a_gap)
{
	begin(GRANT("system/Flag.crus"));
	ck_assert_uint_eq(
	    sandbox_requests(b.sandbox, "MedicationAdministration").searches,
	    0);
	ck_assert_uint_gt(
	    sandbox_requests(b.sandbox, "Observation").searches, 0);
	ck_assert_ptr_nonnull(
	    strstr(bench_document(&b, "Patient/1", arena), "coverage_missing"));
}
END_TEST

START_TEST(what_may_not_be_written_is_refused)
{
	const struct store_output *flag;

	begin(GRANT("system/Flag.rs system/MedicationAdministration.rs"));
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Flag"), 0);
	ck_assert_uint_eq(sandbox_requests(b.sandbox, "Flag").creates, 0);
	ck_assert_uint_ge(sandbox_count(b.sandbox, "DiagnosticReport"), 1);
	flag = bench_output(&b, "Patient/1", "Flag", arena);
	ck_assert_ptr_nonnull(flag);
	ck_assert_int_eq(flag->state, OUTPUT_REFUSED);
	ck_assert_ptr_nonnull(strstr(flag->error, "did not grant"));
}
END_TEST

static Suite *
suite_granted(void)
{
	Suite *s = suite_create("granted");
	TCase *t = tcase_create("granted");

	tcase_set_timeout(t, 20);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, type_not_granted_is_a_gap);
	tcase_add_test(t, what_may_not_be_written_is_refused);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_granted())
