/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/http.h"

#include <stdlib.h>

#include "tests/support/check_main.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

START_TEST(origins)
{
	static const struct {
		const char *url, *origin;
	} rows[] = {
	    {"https://h/fhir", "https://h:443"},
	    {"https://H.Example/x?y=https://other/", "https://h.example:443"},
	    {"HTTPS://h:8443", "https://h:8443"},
	    {"https://h:443:443/x", NULL},
	    {"https://[::1]:8443/x", "https://[::1]:8443"},
	    {"http://h/fhir", NULL},
	    {"https://user:pw@h/fhir", NULL},
	    {"https://good.example@evil.example/", NULL},
	    {"https://", NULL},
	    {"/Observation", NULL},
	    {"ftp://h/", NULL},
	    {"", NULL},
	};
	char buf[HTTP_ORIGIN_SIZE];

	for (size_t i = 0; i < COUNT(rows); i++) {
		bool ok = http_origin(rows[i].url, buf);

		ck_assert_msg(ok == (rows[i].origin != NULL), "%s: %s",
		    rows[i].url, ok ? buf : "refused");
		if (ok)
			ck_assert_str_eq(buf, rows[i].origin);
	}
}
END_TEST

START_TEST(resolving)
{
	/*= rfc3986 §5.4 */
	static const char rfc[] = "https://a/b/c/d;p?q";
	static const struct {
		const char *base, *link, *url;
	} rows[] = {
	    {rfc, "g", "https://a/b/c/g"},
	    {rfc, "./g", "https://a/b/c/g"},
	    {rfc, "g/", "https://a/b/c/g/"},
	    {rfc, "/g", "https://a/g"},
	    {rfc, "//g", "https://g"},
	    {rfc, "?y", "https://a/b/c/d;p?y"},
	    {rfc, "g?y", "https://a/b/c/g?y"},
	    {rfc, "#s", "https://a/b/c/d;p?q"},
	    {rfc, "", "https://a/b/c/d;p?q"},
	    {rfc, ".", "https://a/b/c/"},
	    {rfc, "..", "https://a/b/"},
	    {rfc, "../g", "https://a/b/g"},
	    {rfc, "../../../g", "https://a/g"},
	    {rfc, "/./g/../h", "https://a/h"},
	    {rfc, "g.", "https://a/b/c/g."},
	    {rfc, "g?y/../x", "https://a/b/c/g?y/../x"},
	    {rfc, "http://g/x", "http://g/x"},
	    {"https://a", "g", "https://a/g"},
	    {"https://a/fhir/Observation?x=1", "Observation?page=2",
		"https://a/fhir/Observation?page=2"},
	    {"https://a/fhir/Observation?x=1", "/Observation?_offset=10",
		"https://a/Observation?_offset=10"},
	    {"https://a/fhir/Observation?x=1", "https://b:1/n?c=a|b c",
		"https://b:1/n?c=a|b%20c"},
	    {"https://a/", "x\nHost: b", NULL},
	    {"a", "b", NULL},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *url = http_resolve(rows[i].base, rows[i].link);

		if (rows[i].url == NULL)
			ck_assert_ptr_null(url);
		else
			ck_assert_str_eq(url, rows[i].url);
		free(url);
	}
}
END_TEST

static Suite *
suite_http_url(void)
{
	Suite *s = suite_create("http_url");
	TCase *t = tcase_create("url");

	tcase_add_test(t, origins);
	tcase_add_test(t, resolving);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_http_url())
