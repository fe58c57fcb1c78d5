/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/jwk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fhir/json.h"
#include "fhir/json_pick.h"
#include "fhir/util/base64.h"
#include "tests/support/check_main.h"
#include "tests/support/oauth.h"
#include "tests/support/shell.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FILE_PEM "build/check_jwk.pem"
#define FILE_JWK "build/check_jwk.json"

/* Base64 */

/*= rfc4648 §10 */
static const struct {
	const char *bytes, *plain, *url;
} vectors[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "+//+", "-__-"},
};

START_TEST(base64)
{
	unsigned char back[16];
	char out[16];
	size_t n;

	for (size_t i = 0; i < COUNT(vectors); i++) {
		base64_encode(vectors[i].bytes, strlen(vectors[i].bytes), out);
		ck_assert_str_eq(out, vectors[i].plain);
		base64url_encode(
		    vectors[i].bytes, strlen(vectors[i].bytes), out);
		ck_assert_str_eq(out, vectors[i].url);
		ck_assert(
		    base64url_decode(out, strlen(out), back, sizeof(back), &n));
		ck_assert_uint_eq(n, strlen(vectors[i].bytes));
		ck_assert_int_eq(memcmp(back, vectors[i].bytes, n), 0);
	}
	ck_assert(!base64url_decode("Zm9vYmFy", 8, back, 5, &n));
}
END_TEST

START_TEST(bad_base64)
{
	static const char *const bad[] = {
	    "A", "Zg==", "Zh", "Zm9", "Zm+v", "Zm/v", "Zm 9", "AAAAA"};
	unsigned char back[16];
	size_t n;

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(
		    !base64url_decode(bad[i], strlen(bad[i]), back, 16, &n),
		    "%s", bad[i]);
}
END_TEST

/* Thumbprint */

/*= rfc7638 §3.1: the example */
START_TEST(published_thumbprint)
{
	static const char jwk[] =
	    "{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAF"
	    "bWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n"
	    "3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR"
	    "0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91Cb"
	    "OpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniI"
	    "qbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\","
	    "\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}";
	char buf[JWK_THUMBPRINT_SIZE];
	struct strbuf out;
	struct jwk *k;
	struct err e = ERR_INIT;

	ck_assert_msg(
	    jwk_parse(jwk, strlen(jwk), &k, &e) == ERR_OK, "%s", e.text);
	jwk_thumbprint(k, buf);
	ck_assert_str_eq(buf, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
	ck_assert_str_eq(jwk_kid(k), "2011-04-29");
	ck_assert(!jwk_is_private(k));
	strbuf_init(&out, 1000);
	ck_assert_int_eq(jwk_sign(k, "x", 1, &out, &e), ERR_CONFIG);
	strbuf_done(&out);
	jwk_free(k);
}
END_TEST

/* Made, written, read, signed, verified */

static const char *const algs[] = {"ES384", "RS384"};

START_TEST(round_trip)
{
	static const char text[] = "eyJh.eyJp";
	struct jwk *made, *k;
	struct strbuf jws;
	struct stat st;
	struct err e = ERR_INIT;
	char kid[JWK_THUMBPRINT_SIZE];

	unlink(FILE_PEM);
	ck_assert_int_eq(jwk_generate(algs[_i], &made, &e), ERR_OK);
	jwk_thumbprint(made, kid);
	ck_assert_str_eq(jwk_kid(made), kid);
	ck_assert_int_eq(jwk_write_pem(made, FILE_PEM, &e), ERR_OK);
	ck_assert_int_eq(stat(FILE_PEM, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	/* Never over an older key. */
	ck_assert_int_eq(jwk_write_pem(made, FILE_PEM, &e), ERR_IO);
	ck_assert_int_eq(jwk_read(FILE_PEM, "", "", &k, &e), ERR_OK);
	ck_assert_str_eq(jwk_alg(k), algs[_i]);
	ck_assert_str_eq(jwk_kid(k), kid);
	/* ES384: small r or s happen one time in 128. */
	for (int i = 0; i < (_i == 0 ? 300 : 2); i++) {
		strbuf_init(&jws, 4096);
		strbuf_addf(&jws, "%s.", text);
		ck_assert_int_eq(
		    jwk_sign(k, text, strlen(text), &jws, &e), ERR_OK);
		if (_i == 0)
			ck_assert_uint_eq(jws.len, strlen(text) + 1 + 128);
		ck_assert_ptr_null(oauth_verify(jws.s, FILE_PEM, algs[_i]));
		jws.s[2] ^= 1;
		ck_assert_ptr_nonnull(oauth_verify(jws.s, FILE_PEM, algs[_i]));
		strbuf_done(&jws);
	}
	jwk_free(made);
	jwk_free(k);
	unlink(FILE_PEM);
}
END_TEST

START_TEST(public_half_only)
{
	static const char *const secrets[] = {"d", "p", "q", "dp", "dq", "qi"};
	struct json_writer w;
	struct json_doc *doc;
	struct strbuf out;
	struct jwk *k, *back;
	struct err e = ERR_INIT;

	ck_assert_int_eq(jwk_generate(algs[_i], &k, &e), ERR_OK);
	strbuf_init(&out, 8192);
	json_writer_init(&w, &out, true);
	jwk_put_public(&w, NULL, k);
	ck_assert_int_eq(json_parse(out.s, out.len, &doc, &e), ERR_OK);
	ck_assert_str_eq(json_string_at(json_root(doc), "alg"), algs[_i]);
	ck_assert_str_eq(json_string_at(json_root(doc), "use"), "sig");
	ck_assert_str_eq(json_string_at(json_root(doc), "kid"), jwk_kid(k));
	for (size_t i = 0; i < COUNT(secrets); i++)
		ck_assert_ptr_null(json_get(json_root(doc), secrets[i]));
	ck_assert_int_eq(jwk_parse(out.s, out.len, &back, &e), ERR_OK);
	ck_assert(!jwk_is_private(back));
	json_free(doc);
	strbuf_done(&out);
	jwk_free(back);
	jwk_free(k);
}
END_TEST

/*= rfc7517 A.2's form with P-384, and RSA, made by OpenSSL on the command line:
 * the private JWK signs what the PEM of the same key verifies */
START_TEST(private_jwk)
{
	static const char *const make[] = {
	    "openssl ecparam -name secp384r1 -genkey -noout -out " FILE_PEM,
	    "openssl genrsa -out " FILE_PEM " 2048 2>/dev/null"};
	char command[512];
	struct strbuf jws;
	struct jwk *k;
	struct err e = ERR_INIT;

	unlink(FILE_PEM);
	shell_run(make[_i]);
	snprintf(command, sizeof(command),
	    "/usr/bin/python3 tests/support/jwk.py %s >%s && chmod 600 %s",
	    FILE_PEM, FILE_JWK, FILE_JWK);
	shell_run(command);
	ck_assert_msg(
	    jwk_read(FILE_JWK, algs[_i], "", &k, &e) == ERR_OK, "%s", e.text);
	ck_assert_str_eq(jwk_kid(k), "from-python");
	strbuf_init(&jws, 4096);
	strbuf_adds(&jws, "a.b.");
	ck_assert_int_eq(jwk_sign(k, "a.b", 3, &jws, &e), ERR_OK);
	ck_assert_ptr_null(oauth_verify(jws.s, FILE_PEM, algs[_i]));
	strbuf_done(&jws);
	jwk_free(k);
	ck_assert_int_eq(jwk_read(FILE_JWK, "", "mine", &k, &e), ERR_OK);
	ck_assert_str_eq(jwk_kid(k), "mine");
	jwk_free(k);
	unlink(FILE_PEM);
	unlink(FILE_JWK);
}
END_TEST

/* What is refused */

static const struct {
	const char *make, *alg, *says;
} refused[] = {
    {"openssl ecparam -name secp384r1 -genkey -noout -out " FILE_PEM
     "; chmod 640 " FILE_PEM,
	"", "chmod 600"},
    {"openssl ecparam -name secp384r1 -genkey -noout -out " FILE_PEM, "RS384",
	"is for ES384"},
    {"openssl ecparam -name prime256v1 -genkey -noout -out " FILE_PEM, "",
	"neither EC P-384"},
    {"openssl genrsa -out " FILE_PEM " 1024 2>/dev/null", "", "neither EC"},
    {"openssl genpkey -algorithm ed25519 -out " FILE_PEM, "", "neither EC"},
    {"openssl genrsa -aes128 -passout pass:x -out " FILE_PEM
     " 2048 2>/dev/null",
	"", "without passphrase"},
    {"openssl ecparam -name secp384r1 -genkey -noout | openssl ec -pubout "
     "-out " FILE_PEM " 2>/dev/null; chmod 600 " FILE_PEM,
	"", "neither a PEM private"},
    {"echo nothing >" FILE_PEM "; chmod 600 " FILE_PEM, "", "neither a PEM"},
    {"echo '{}' >" FILE_PEM "; chmod 600 " FILE_PEM, "", "no usable JWK"},
    {"echo '{\"kty\":\"oct\",\"k\":\"AAAA\"}' >" FILE_PEM
     "; chmod 600 " FILE_PEM,
	"", "no usable JWK"},
    {"true", "", "No such file"},
};

START_TEST(unusable_key)
{
	struct jwk *k = NULL;
	struct err e = ERR_INIT;

	unlink(FILE_PEM);
	shell_run(refused[_i].make);
	ck_assert_int_eq(
	    jwk_read(FILE_PEM, refused[_i].alg, "", &k, &e), ERR_CONFIG);
	ck_assert_ptr_null(k);
	ck_assert_msg(
	    strstr(e.text, refused[_i].says) != NULL, "row %d: %s", _i, e.text);
	ck_assert_ptr_nonnull(strstr(e.text, FILE_PEM));
	unlink(FILE_PEM);
}
END_TEST

/* d of one key with the point of another. */
START_TEST(halves_that_do_not_fit)
{
	static const char pair[] =
	    "/usr/bin/python3 tests/support/jwk.py --mismatch >" FILE_JWK
	    " && chmod 600 " FILE_JWK;
	struct jwk *k = NULL;
	struct err e = ERR_INIT;

	shell_run(pair);
	ck_assert_int_eq(jwk_read(FILE_JWK, "", "", &k, &e), ERR_CONFIG);
	ck_assert_ptr_null(k);
	unlink(FILE_JWK);
}
END_TEST

/* Values without a tree */

START_TEST(pick)
{
	static const char text[] =
	    " {\"a\":\"x\\u0041\\/\",\"n\":300,\"s\":\"570\",\"f\":1.5,"
	    "\"m\":-1,\"o\":{\"a\":\"inner\"},\"long\":\"0123456789ab\"} ";
	struct json_pick p;
	struct err e = ERR_INIT;
	char buf[12];
	int64_t n = 7;

	ck_assert_int_eq(json_pick_init(&p, text, strlen(text), &e), ERR_OK);
	ck_assert(json_pick_string(&p, "a", buf, sizeof(buf)));
	ck_assert_str_eq(buf, "xA/");
	ck_assert(!json_pick_string(&p, "long", buf, sizeof(buf)));
	ck_assert_str_eq(buf, "");
	ck_assert(!json_pick_string(&p, "n", buf, sizeof(buf)));
	ck_assert(!json_pick_string(&p, "none", buf, sizeof(buf)));
	ck_assert(!json_pick_int(&p, "f", &n));
	ck_assert(!json_pick_int(&p, "m", &n));
	ck_assert(!json_pick_int(&p, "o", &n));
	ck_assert(!json_pick_int(&p, "none", &n));
	ck_assert_int_eq(n, 7);
	ck_assert(json_pick_int(&p, "n", &n));
	ck_assert_int_eq(n, 300);
	ck_assert(json_pick_int(&p, "s", &n));
	ck_assert_int_eq(n, 570);
	ck_assert_int_eq(json_pick_init(&p, "[]", 2, &e), ERR_NOT_JSON);
	ck_assert_int_eq(json_pick_init(&p, "<html>", 6, &e), ERR_NOT_JSON);
}
END_TEST

static Suite *
suite_jwk(void)
{
	Suite *s = suite_create("jwk");
	TCase *t = tcase_create("jwk");

	tcase_set_timeout(t, 20);
	tcase_add_test(t, base64);
	tcase_add_test(t, bad_base64);
	tcase_add_test(t, published_thumbprint);
	tcase_add_loop_test(t, round_trip, 0, COUNT(algs));
	tcase_add_loop_test(t, public_half_only, 0, COUNT(algs));
	tcase_add_loop_test(t, private_jwk, 0, COUNT(algs));
	tcase_add_loop_test(t, unusable_key, 0, COUNT(refused));
	tcase_add_test(t, halves_that_do_not_fit);
	tcase_add_test(t, pick);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_jwk())
