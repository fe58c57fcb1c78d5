/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fhir/util/strbuf.h"
#include "mappings/codemap.h"
#include "tests/support/check_main.h"

#define BUILTIN "mappings/maps"
#define GOLDEN  "tests/golden/codemaps.txt"

#define SCT  "http://snomed.info/sct"
#define LN   "http://loinc.org"
#define NCIT "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
#define RX   "http://www.nlm.nih.gov/research/umls/rxnorm"
#define OWN  "https://rescan.example/fhir/CodeSystem/"

static struct codemap *maps;

static void
setup(void)
{
	static const char *const dirs[] = {BUILTIN};
	struct err e = ERR_INIT;

	ck_assert_msg(codemap_load(dirs, 1, &maps, &e) == ERR_OK, "%s", e.text);
}

static void
teardown(void)
{
	codemap_free(maps);
	maps = NULL;
}

static const struct {
	const char *map, *system, *code, *concept;
} rows[] = {
    {"lesion-measurement", LN, "33728-7", "longest_diameter"},
    {"lesion-measurement", LN, "21889-1", "tumor_size_panel"},
    {"lesion-measurement", SCT, "103340004", "short_axis"},
    {"lesion-measurement", "http://snomed.info/srt", "G-A186", "short_axis"},
    {"lesion-measurement", NCIT, "C95012", "suvmax"},
    {"lesion-role", NCIT, "C94520", "target"},
    {"lesion-role", NCIT, "C103443", "target"},
    {"lesion-role", NCIT, "C94522", "new"},
    {"lesion-role", NCIT, "C139126", "new_non_target"},
    {"lesion-state", LN, "LA9634-2", "absent"},
    {"lesion-state", SCT, "2667000", "absent"},
    {"lesion-state", NCIT, "C73432", "increased"},
    {"lesion-state", NCIT, "C123645", "unequivocal"},
    {"lesion-state", OWN "lesion-state", "too_small", "too_small"},
    {"lesion-question", NCIT, "C96643", "q_tumor_state"},
    {"visit-question", NCIT, "C94535", "q_non_target_response"},
    {"visit-question", LN, "88040-1", "q_overall_response"},
    {"visit-question", LN, "97509-4", "q_cancer_disease_status"},
    {"visit-question", NCIT, "C124434", "symptomatic_deterioration"},
    {"response", NCIT, "C4870", "CR"},
    {"response", NCIT, "C18058", "PR"},
    {"response", NCIT, "C18213", "SD"},
    {"response", NCIT, "C96700", "NON-CR/NON-PD"},
    {"response", NCIT, "C142360", "iUPD"},
    {"visit-question", SCT, "708895006", "q_deauville_score"},
    {"deauville", NCIT, "C99728", "deauville_1"},
    {"deauville", NCIT, "C99747", "deauville_2"},
    {"deauville", NCIT, "C99748", "deauville_3"},
    {"deauville", NCIT, "C99749", "deauville_4"},
    {"deauville", NCIT, "C99750", "deauville_5"},
    {"deauville", NCIT, "C136879", "deauville_x"},
    {"yes-no", NCIT, "C49488", "yes"},
    {"yes-no", NCIT, "C49487", "no"},
    {"yes-no", SCT, "373067005", "no"},
    {"body-site", SCT, "39607008", "lung"},
    {"site-organ", OWN "body-site", "left_lung", "lung"},
    {"site-organ", OWN "body-site", "axillary_lymph_node", "lymph_node"},
    {"nodal-site", OWN "body-site", "axillary_lymph_node", "nodal"},
    {"nodal-site", OWN "body-site", "lung", NULL},
    {"ici-drug", RX, "1547545", "ici_pembrolizumab"},
    {"ici-drug", RX, "1547550", "ici_pembrolizumab"},
    {"ici-drug", "http://www.whocc.no/atc", "L01XC17", "ici_nivolumab"},
    {"ici-drug", "http://www.whocc.no/atc", "L01FF", NULL},
    {"ici-class", OWN "ici-drug", "ici_ipilimumab", "CTLA-4"},
    {"ici-class", OWN "ici-drug", "ici_nivolumab_relatlimab", "PD-1/LAG-3"},
    {"ici-name", OWN "ici-drug", "ici_pembrolizumab", "pembrolizumab"},
    {"method", SCT, "77477000", "ct"},
    {"modality", "http://dicom.nema.org/resources/ontology/DCM", "PT", "PT"},
    /* other spellings of a system */
    {"lesion-measurement", "urn:oid:2.16.840.1.113883.6.1", "33728-7",
	"longest_diameter"},
    {"body-site", "http://snomed.info/sct/", "39607008", "lung"},
    {"lesion-role", "urn:oid:2.16.840.1.113883.3.26.1.1", "C94520", "target"},
    {"ici-drug", "http://rxnorm.info/", "1547545", "ici_pembrolizumab"},
    {"modality", "urn:oid:1.2.840.10008.2.16.4", "CT", "CT"},
    /* versions and editions */
    {"body-site", SCT "|http://snomed.info/sct/11000274103/version/20231115",
	"39607008", "lung"},
    {"body-site", "http://snomed.info/sct/731000124108", "39607008", "lung"},
    {"body-site", "http://snomed.info/sct/731000124108/version/20230901",
	"39607008", "lung"},
    {"lesion-measurement", "http://loinc.org/|2.74", "33728-7",
	"longest_diameter"},
    {"body-site", "http://snomed.info/sctid", "39607008", NULL},
    {"body-site", "|" SCT, "39607008", NULL},
    /* never by the code alone, nor by what only looks alike */
    {"lesion-role", NULL, "C94520", NULL},
    {"lesion-role", "", "C94520", NULL},
    {"lesion-role", LN, "C94520", NULL},
    {"lesion-role", NCIT, "c94520", NULL},
    {"lesion-role", NCIT, NULL, NULL},
    {"lesion-role", NCIT, "", NULL},
    {"no-such-map", NCIT, "C94520", NULL},
};

/* Words for people, with what they name. */
static const struct {
	const char *map, *text, *concept;
} names[] = {
    {"body-site", "Liver", "liver"},
    {"body-site", "LIVER", "liver"},
    {"body-site", "Liver structure", "liver"},
    {"body-site", "Liver structure (body structure)", "liver"},
    {"body-site", "left_lung", "left_lung"},
    {"body-site", "Left  lung", "left_lung"},
    {"body-site", "Structure of lymph node", "lymph_node"},
    {"body-site", "Mediastinal lymph node", "mediastinal_lymph_node"},
    /* whole, and of this map */
    {"body-site", "near the liver", NULL},
    {"body-site", "live", NULL},
    {"body-site", "", NULL},
    {"body-site", "of the", NULL},
    {"body-site", "(liver)", NULL},
    {"body-site", NULL, NULL},
    {"lesion-role", "Liver", NULL},
};

START_TEST(names_are_found)
{
	const char *got = codemap_named(maps, names[_i].map, names[_i].text);

	if (names[_i].concept == NULL)
		ck_assert_msg(got == NULL, "%s: %s", names[_i].text, got);
	else
		ck_assert_str_eq(
		    got == NULL ? "(none)" : got, names[_i].concept);
}
END_TEST

START_TEST(name_too_long_is_none)
{
	char text[5000];

	memset(text, 'l', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_ptr_null(codemap_named(maps, "body-site", text));
	for (size_t i = 1; i < sizeof(text) - 1; i += 2)
		text[i] = ' ';
	ck_assert_ptr_null(codemap_named(maps, "body-site", text));
}
END_TEST

START_TEST(codes_are_found)
{
	const char *got =
	    codemap_lookup(maps, rows[_i].map, rows[_i].system, rows[_i].code);

	if (rows[_i].concept == NULL)
		ck_assert_ptr_null(got);
	else
		ck_assert_str_eq(
		    got == NULL ? "(none)" : got, rows[_i].concept);
}
END_TEST

START_TEST(codes_to_write)
{
	ck_assert_str_eq(codemap_code(maps, "response", "PR", NCIT), "C18058");
	ck_assert_str_eq(codemap_code(maps, "response", "SD", NCIT), "C18213");
	ck_assert_str_eq(
	    codemap_code(maps, "response", "iUPD", NCIT), "C142360");
	ck_assert_str_eq(
	    codemap_code(maps, "output", "dr_code_response", LN), "88040-1");
	ck_assert_ptr_null(codemap_code(maps, "response", "imPD", NCIT));
	ck_assert_ptr_null(codemap_code(maps, "response", "PR", "http://x"));
}
END_TEST

START_TEST(first_known_coding_counts)
{
	static const char text[] =
	    "{\"coding\":[{\"code\":\"C94521\"},"
	    "{\"system\":\"http://site\",\"code\":\"X\"},"
	    "{\"system\":\"" NCIT "\",\"code\":\"C94520\"},"
	    "{\"system\":\"" NCIT "\",\"code\":\"C94521\"}]}";
	struct err e = ERR_INIT;
	struct json_doc *doc = NULL;

	ck_assert_int_eq(json_parse(text, sizeof(text) - 1, &doc, &e), ERR_OK);
	ck_assert_str_eq(
	    codemap_codeable(maps, "lesion-role", json_root(doc)), "target");
	ck_assert_ptr_null(
	    codemap_codeable(maps, "lesion-state", json_root(doc)));
	ck_assert_ptr_null(codemap_codeable(maps, "lesion-role", NULL));
	json_free(doc);
}
END_TEST

START_TEST(sources_are_named)
{
	const struct codemap_source *s;
	size_t n = codemap_sources(maps, &s);

	ck_assert_uint_eq(n, 26);
	for (size_t i = 0; i < n; i++) {
		ck_assert_msg(
		    strncmp(s[i].url, "https://rescan.example/fhir/ConceptMap/",
			39) == 0,
		    "%s", s[i].url);
		ck_assert_uint_eq(strlen(s[i].sha256), 64);
		ck_assert_ptr_nonnull(strstr(s[i].file, BUILTIN "/"));
	}
}
END_TEST

/* The whole judgement of the maps.  After a wanted change:
 * RESCAN_GOLDEN=write build/check_codemap, then read the diff. */
START_TEST(snapshot_is_unchanged)
{
	const char *how = getenv("RESCAN_GOLDEN");
	struct strbuf out;
	char *want;
	FILE *f;

	strbuf_init(&out, 1 << 20);
	codemap_print(maps, &out);
	ck_assert(!out.overflow);
	if (how != NULL && strcmp(how, "write") == 0) {
		f = fopen(GOLDEN, "w");
		ck_assert_ptr_nonnull(f);
		fputs(out.s, f);
		fclose(f);
	}
	want = check_read_file(GOLDEN, NULL);
	ck_assert_msg(
	    strcmp(out.s, want) == 0, "code maps differ from " GOLDEN);
	free(want);
	strbuf_done(&out);
}
END_TEST

/* A site's folder with one file of the given text; removed by site_done. */
static char site_dir[64], site_file[96];

static void
site_make(const char *text)
{
	FILE *f;

	snprintf(site_dir, sizeof(site_dir), "build/codemap.XXXXXX");
	mkdir("build", 0777);
	ck_assert_ptr_nonnull(mkdtemp(site_dir));
	snprintf(site_file, sizeof(site_file), "%s/site.json", site_dir);
	f = fopen(site_file, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void
site_done(void)
{
	unlink(site_file);
	rmdir(site_dir);
}

#define MAP(target, source, code, concept, equivalence)                        \
	"{\"resourceType\":\"ConceptMap\",\"url\":\"http://site/m\","          \
	"\"version\":\"7\",\"group\":[{\"source\":\"" source                   \
	"\",\"target\":\"" OWN target "\",\"element\":[{\"code\":\"" code      \
	"\",\"target\":[{\"code\":\"" concept "\",\"equivalence\":"            \
					      "\"" equivalence "\"}]}]}]}"

static const struct {
	const char *text, *says; /* NULL: accepted */
} sites[] = {
    {MAP("lesion-role", "http://site/cs", "T", "target", "equivalent"), NULL},
    {MAP("lesion-role", "http://site/cs", "T", "target", "wider"), NULL},
    /* the same again, also by another spelling of the system */
    {MAP("lesion-role", NCIT, "C94520", "target", "equal"), NULL},
    {MAP("lesion-role", "urn:oid:2.16.840.1.113883.3.26.1.1", "C94520",
	 "target", "equal"),
	NULL},
    {MAP("lesion-role", NCIT, "C94520", "benign", "equivalent"), "'C94520'"},
    {MAP("lesion-role", "urn:oid:2.16.840.1.113883.3.26.1.1", "C94520",
	 "benign", "equivalent"),
	"'C94520'"},
    {MAP("lesion-role", "http://site/cs", "T", "tarqet", "equivalent"),
	"no concept 'tarqet'"},
    {MAP("lesion-rôle", "http://site/cs", "T", "target", "equivalent"),
	"unknown map"},
    {MAP("lesion-role", "http://site/cs", "T", "target", "narrower"),
	"equivalence"},
    {MAP("lesion-role", "http://site/cs", "", "target", "equivalent"),
	"without code"},
    {MAP("lesion-role", "", "T", "target", "equivalent"), "without source"},
    {"{\"resourceType\":\"ConceptMap\",\"url\":\"u\",\"version\":\"1\","
     "\"group\":[{\"source\":\"http://s\",\"element\":[]}]}",
	"without a target"},
    {"{\"resourceType\":\"ConceptMap\",\"version\":\"1\"}", "url"},
    {"{\"resourceType\":\"ValueSet\"}", "not a ConceptMap"},
    {"[]", "not a ConceptMap"},
    {"{\"resourceType\":", "site.json"},
    {"", "site.json"},
};

START_TEST(site_files)
{
	const char *dirs[] = {BUILTIN, site_dir};
	struct codemap *m = NULL;
	struct err e = ERR_INIT;
	enum err_code code;

	site_make(sites[_i].text);
	code = codemap_load(dirs, 2, &m, &e);
	site_done();
	if (sites[_i].says == NULL) {
		ck_assert_msg(code == ERR_OK, "%s", e.text);
		codemap_free(m);
		return;
	}
	ck_assert_int_eq(code, ERR_MAP);
	ck_assert_int_eq(e.code, ERR_MAP);
	ck_assert_ptr_null(m);
	ck_assert_msg(strstr(e.text, sites[_i].says) != NULL, "%s", e.text);
	ck_assert_msg(
	    strstr(e.text, site_file) != NULL, "file not named: %s", e.text);
}
END_TEST

START_TEST(site_adds_codes)
{
	const char *dirs[] = {BUILTIN, site_dir};
	struct codemap *m = NULL;
	struct err e = ERR_INIT;

	site_make(MAP("response", NCIT, "C0", "PR", "equivalent"));
	ck_assert_msg(codemap_load(dirs, 2, &m, &e) == ERR_OK, "%s", e.text);
	site_done();
	ck_assert_str_eq(codemap_lookup(m, "response", NCIT, "C0"), "PR");
	/* what we write stays what it was */
	ck_assert_str_eq(codemap_code(m, "response", "PR", NCIT), "C18058");
	codemap_free(m);
}
END_TEST

START_TEST(missing_folder)
{
	const char *dirs[] = {"build/no/such/folder"};
	struct codemap *m = NULL;
	struct err e = ERR_INIT;

	ck_assert_int_eq(codemap_load(dirs, 1, &m, &e), ERR_MAP);
	ck_assert_ptr_nonnull(strstr(e.text, "build/no/such/folder"));
	ck_assert_ptr_null(m);
	codemap_free(NULL);
}
END_TEST

static Suite *
suite_codemap(void)
{
	Suite *s = suite_create("codemap");
	TCase *t = tcase_create("built-in"), *site = tcase_create("site");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(
	    t, codes_are_found, 0, (int)(sizeof(rows) / sizeof(*rows)));
	tcase_add_loop_test(
	    t, names_are_found, 0, (int)(sizeof(names) / sizeof(*names)));
	tcase_add_test(t, name_too_long_is_none);
	tcase_add_test(t, codes_to_write);
	tcase_add_test(t, first_known_coding_counts);
	tcase_add_test(t, sources_are_named);
	tcase_add_test(t, snapshot_is_unchanged);
	suite_add_tcase(s, t);
	tcase_add_loop_test(
	    site, site_files, 0, (int)(sizeof(sites) / sizeof(*sites)));
	tcase_add_test(site, site_adds_codes);
	tcase_add_test(site, missing_folder);
	suite_add_tcase(s, site);
	return s;
}

CHECK_MAIN(suite_codemap())
