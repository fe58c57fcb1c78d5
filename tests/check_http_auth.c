/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the other side is and who we are: pins, client certificates, proxies,
 * days left, HTTP/2.
 */
#include "fhir/http.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "fhir/util/clock.h"
#include "tests/support/check_main.h"
#include "tests/support/h2.h"
#include "tests/support/proxy.h"
#include "tests/support/scripted.h"
#include "tests/support/shell.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CERT(n)  SCRIPTED_CERTS "/" n ".pem"
#define KEY(n)   SCRIPTED_CERTS "/" n ".key.pem"

static struct http_options
quick(void)
{
	struct http_options o = HTTP_DEFAULTS;

	o.ca_file = SCRIPTED_CA;
	o.total_timeout_ms = 5000;
	return o;
}

static enum err_code
get_with(struct http *h, const char *origin, long *ret_status, struct err *e)
{
	static const char *const headers[] = {
	    "Authorization: Bearer planted-token"};
	char url[512];
	struct http_request r = {
	    .method = "GET", .url = url, .headers = headers, .n_headers = 1};
	struct http_response got;
	enum err_code code;

	snprintf(url, sizeof(url), "%s/fhir", origin);
	code = http_exchange(h, &r, &got, e);
	if (code == ERR_OK) {
		*ret_status = got.status;
		http_response_done(&got);
	}
	return code;
}

static enum err_code
get(const struct http_options *o, const char *origin, struct err *e)
{
	struct http *h = NULL;
	long status = 0;
	enum err_code code = http_new(o, &h, e);

	if (code == ERR_OK)
		code = get_with(h, origin, &status, e);
	if (code == ERR_OK)
		ck_assert_int_eq(status, 200);
	http_free(h);
	return code;
}

/* Pins */

static void
pin_of(const char *file, char pin[64])
{
	unsigned char *der = NULL, sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	FILE *f = fopen(file, "r");
	X509 *cert = PEM_read_X509(f, NULL, NULL, NULL);
	int len = i2d_PUBKEY(X509_get0_pubkey(cert), &der);

	fclose(f);
	ck_assert_int_gt(len, 0);
	EVP_Digest(der, (size_t)len, sum, &n, EVP_sha256(), NULL);
	EVP_EncodeBlock((unsigned char *)pin, sum, 32);
	OPENSSL_free(der);
	X509_free(cert);
}

static const struct {
	const char *pattern; /* R is the right pin, W a wrong one */
	enum err_code code;
} pins[] = {
    {"R", ERR_OK},
    {"sha256//R", ERR_OK},
    {"W, R", ERR_OK},
    {"W;R", ERR_OK},
    {"W", ERR_TLS},
    {"", ERR_CONFIG},
    {"RA", ERR_CONFIG},
    {"R, x", ERR_CONFIG},
    {"sha1//R", ERR_CONFIG},
    {"*******************************************=", ERR_CONFIG},
};

static void
fill_in(const char *pattern, char *out, size_t size)
{
	char right[64], wrong[64];
	size_t n = 0;

	pin_of(CERT("server"), right);
	pin_of(CERT("ca"), wrong);
	out[0] = '\0';
	for (; *pattern != '\0'; pattern++) {
		char one[2] = {*pattern, '\0'};

		n += (size_t)snprintf(out + n, size - n, "%s",
		    *pattern == 'R'   ? right
		    : *pattern == 'W' ? wrong
				      : one);
	}
}

START_TEST(pinned_key)
{
	static const struct scripted_exchange x[] = {{.path = "/fhir"}};
	struct scripted *s =
	    scripted_start(NULL, x, pins[_i].code == ERR_OK ? 1 : 0);
	struct http_options o = quick();
	char pin[256];
	struct err e = ERR_INIT;

	fill_in(pins[_i].pattern, pin, sizeof(pin));
	o.pin_sha256 = pin;
	ck_assert_msg(get(&o, scripted_origin(s), &e) == pins[_i].code,
	    "row %d: %s", _i, e.text);
	if (pins[_i].code == ERR_TLS)
		ck_assert_ptr_nonnull(strstr(e.text, "not the pinned one"));
	scripted_end(s);
}
END_TEST

/* A pin comes on top of verification and replaces none of it. */
START_TEST(pin_does_not_excuse)
{
	struct scripted_options so = {.certificate = "selfsigned"};
	struct scripted *s = scripted_start(&so, NULL, 0);
	struct http_options o = quick();
	char pin[64];
	struct err e = ERR_INIT;

	pin_of(CERT("selfsigned"), pin);
	o.pin_sha256 = pin;
	ck_assert_int_eq(get(&o, scripted_origin(s), &e), ERR_TLS);
	ck_assert_ptr_nonnull(strstr(e.text, "self-signed"));
	scripted_end(s);
}
END_TEST

/* Our certificate */

static const struct {
	bool tls12;
	const char *cert, *key, *says;
} ours[] = {
    {false, CERT("client"), KEY("client"), NULL},
    {true, CERT("client"), KEY("client"), NULL},
    {false, NULL, NULL, "none is configured"},
    {true, NULL, NULL, "none is configured"},
    {false, CERT("selfsigned"), KEY("selfsigned"), "refuses our client"},
    {true, CERT("selfsigned"), KEY("selfsigned"), "refuses our client"},
};

START_TEST(client_certificate)
{
	static const struct scripted_exchange x[] = {{.path = "/fhir"}};
	struct scripted_options so = {.ask = true, .tls12 = ours[_i].tls12};
	struct scripted *s =
	    scripted_start(&so, x, ours[_i].says == NULL ? 1 : 0);
	struct http_options o = quick();
	struct err e = ERR_INIT;
	enum err_code code;

	o.client_cert_file = ours[_i].cert;
	o.client_key_file = ours[_i].key;
	code = get(&o, scripted_origin(s), &e);
	ck_assert_msg(code == (ours[_i].says == NULL ? ERR_OK : ERR_TLS),
	    "row %d: %s %s", _i, err_name(code), e.text);
	if (ours[_i].says != NULL)
		ck_assert_msg(
		    strstr(e.text, ours[_i].says) != NULL, "%s", e.text);
	scripted_end(s);
}
END_TEST

static const struct {
	const char *cert, *key, *says;
} bad_ours[] = {
    {CERT("client"), NULL, "go together"},
    {NULL, KEY("client"), "go together"},
    {CERT("missing"), KEY("client"), "no PEM certificate"},
    {KEY("client"), KEY("client"), "no PEM certificate"},
    {CERT("client"), KEY("missing"), "No such file"},
    {CERT("client"), CERT("client"), "chmod 600"},
    {CERT("client"), KEY("server"), "is not the key of"},
    {CERT("client"), "build/check_http_auth.locked", "without passphrase"},
    {CERT("client"), "build/check_http_auth.open", "chmod 600"},
};

START_TEST(unusable_client_certificate)
{
	struct http_options o = quick();
	struct http *h = NULL;
	struct err e = ERR_INIT;

	shell_run("sh certs/make.sh " SCRIPTED_CERTS " && cp " KEY(
	    "client") " build/check_http_auth.open"
		      " && chmod 640 build/check_http_auth.open"
		      " && openssl ec -aes128 -passout pass:x -in " KEY(
			  "client") " -out build/check_http_auth.locked "
				    "2>/dev/null"
				    " && chmod 600 "
				    "build/check_http_auth.locked");
	o.client_cert_file = bad_ours[_i].cert;
	o.client_key_file = bad_ours[_i].key;
	ck_assert_int_eq(http_new(&o, &h, &e), ERR_CONFIG);
	ck_assert_ptr_null(h);
	ck_assert_msg(strstr(e.text, bad_ours[_i].says) != NULL, "row %d: %s",
	    _i, e.text);
	unlink("build/check_http_auth.open");
	unlink("build/check_http_auth.locked");
}
END_TEST

/* Days left */

static int64_t now;

static int64_t
fixed_now(void)
{
	return now;
}

static void
no_sleep(int64_t ms)
{
	(void)ms;
}

static int64_t
no_jitter(int64_t max)
{
	(void)max;
	return 0;
}

static const struct clock_ops fixed = {
    fixed_now, fixed_now, no_sleep, no_jitter};

START_TEST(days_left)
{
	static const struct scripted_exchange x[] = {
	    {.path = "/fhir"}, {.path = "/fhir"}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct http_options o = quick();
	int64_t real = clock_now_ms();
	struct http *h;
	struct err e = ERR_INIT;
	long status;
	int left;

	now = real;
	o.client_cert_file = CERT("client");
	o.client_key_file = KEY("client");
	ck_assert_int_eq(http_new(&o, &h, &e), ERR_OK);
	clock_replace(&fixed);
	ck_assert_int_eq(http_certificate_days_left(h), INT_MAX);
	left = http_own_certificate_days_left(h);
	ck_assert_int_le(left, 730);
	ck_assert_int_gt(left, 700);
	ck_assert_int_eq(get_with(h, scripted_origin(s), &status, &e), ERR_OK);
	left = http_certificate_days_left(h);
	ck_assert_int_le(left, 730);
	ck_assert_int_gt(left, 700);
	/* Known still when no handshake happened for the request. */
	ck_assert_int_eq(get_with(h, scripted_origin(s), &status, &e), ERR_OK);
	ck_assert_uint_eq(scripted_connections(s), 1);
	now = real + INT64_C(86400000) * (left - 7);
	ck_assert_int_eq(http_certificate_days_left(h), 7);
	now = real + INT64_C(86400000) * 731;
	ck_assert_int_eq(http_certificate_days_left(h), -1);
	clock_replace(NULL);
	http_free(h);
	scripted_end(s);
}
END_TEST

/* Proxies */

#define AUTH_FILE "build/check_http_auth.proxy"

static const struct {
	struct proxy_options o;
	const char *auth; /* content of the file, or NULL */
	enum err_code code;
	const char *says;
} proxies[] = {
    {{0, NULL, false}, NULL, ERR_OK, NULL},
    {{0, NULL, true}, NULL, ERR_OK, NULL},
    {{0, "Basic dXNlcjpwOnc=\r\n", false}, "user:p:w\n", ERR_OK, NULL},
    {{0, "Basic dXNlcjpwOnc=\r\n", false}, NULL, ERR_CONNECT, "proxy said 407"},
    {{0, "Basic dXNlcjpwOnc=\r\n", false}, "user:planted", ERR_CONNECT,
	"proxy said 407"},
    {{502, NULL, false}, NULL, ERR_CONNECT, "proxy said 502"},
    {{403, NULL, true}, NULL, ERR_CONNECT, "proxy said 403"},
};

START_TEST(through_a_proxy)
{
	static const struct scripted_exchange x[] = {
	    {.headers = {"Authorization: Bearer planted-token",
		 "!Proxy-Authorization"}}};
	bool fine = proxies[_i].code == ERR_OK;
	struct scripted *s = scripted_start(NULL, x, fine ? 1 : 0);
	struct proxy *p = proxy_start(&proxies[_i].o);
	struct http_options o = quick();
	struct err e = ERR_INIT;
	enum err_code code;

	if (proxies[_i].auth != NULL) {
		FILE *f = fopen(AUTH_FILE, "w");

		fputs(proxies[_i].auth, f);
		fclose(f);
		chmod(AUTH_FILE, 0600);
		o.proxy_auth_file = AUTH_FILE;
	}
	o.proxy = proxy_url(p);
	code = get(&o, scripted_origin(s), &e);
	ck_assert_msg(code == proxies[_i].code, "row %d: %s", _i, e.text);
	if (proxies[_i].says != NULL)
		ck_assert_msg(
		    strstr(e.text, proxies[_i].says) != NULL, "%s", e.text);
	ck_assert_ptr_null(strstr(e.text, "planted"));
	ck_assert_uint_eq(proxy_end(p), fine);
	scripted_end(s);
	unlink(AUTH_FILE);
}
END_TEST

START_TEST(proxy_out_of_reach)
{
	struct http_options o = quick();
	struct err e = ERR_INIT;

	o.proxy = "http://localhost:1";
	ck_assert_int_eq(get(&o, "https://localhost:2", &e), ERR_CONNECT);
	ck_assert_msg(strstr(e.text, "the proxy: ") != NULL, "%s", e.text);
}
END_TEST

/* A proxy whose certificate does not verify is not spoken to. */
START_TEST(proxy_is_verified)
{
	struct proxy_options po = {.tls = true};
	struct proxy *p = proxy_start(&po);
	struct http_options o = quick();
	struct err e = ERR_INIT;

	o.ca_file = CERT("otherca");
	o.proxy = proxy_url(p);
	ck_assert_int_eq(get(&o, "https://localhost:2", &e), ERR_TLS);
	ck_assert_msg(strstr(e.text, "the proxy: ") != NULL, "%s", e.text);
	ck_assert_uint_eq(proxy_end(p), 0);
}
END_TEST

START_TEST(bad_proxies)
{
	static const char *const bad[] = {"", "localhost:3128",
	    "socks5://localhost", "http://u:p@localhost", "http://h/path",
	    "http://h?x", "http://", "http://u@h"};
	struct http_options o = quick();
	struct http *h = NULL;
	struct err e = ERR_INIT;

	o.ca_file = NULL;
	for (size_t i = 0; i < COUNT(bad); i++) {
		o.proxy = bad[i];
		ck_assert_msg(http_new(&o, &h, &e) == ERR_CONFIG, "%s", bad[i]);
	}
	o.proxy = NULL;
	o.proxy_auth_file = CERT("ca");
	ck_assert_int_eq(http_new(&o, &h, &e), ERR_CONFIG);
	ck_assert_ptr_null(h);
	ck_assert(http_proxy_valid("http://proxy.example:3128/"));
	ck_assert(http_proxy_valid("https://[::1]:3128"));
}
END_TEST

/* HTTP/2 */

static const struct {
	bool wanted;
	enum h2_manner manner;
	enum err_code first;
	unsigned connections, fallbacks; /* after two requests */
} h2s[] = {
    {true, H2_ANSWERS, ERR_OK, 2, 0},
    {false, H2_ANSWERS, ERR_OK, 0, 2},
    {true, H2_CALM, ERR_CONNECT, 1, 1},
    {true, H2_REFUSES, ERR_CONNECT, 0, 1},
};

/*= interop D-04: what is refused is tried again a few times at most, and from
 * then on as HTTP/1.1 */
START_TEST(http2)
{
	struct h2 *server = h2_start(h2s[_i].manner);
	struct http_options o = quick();
	struct http *h;
	struct err e = ERR_INIT;
	enum err_code code;
	long status = 0;

	o.http2 = h2s[_i].wanted;
	ck_assert_int_eq(http_new(&o, &h, &e), ERR_OK);
	code = get_with(h, h2_origin(server), &status, &e);
	ck_assert_msg(
	    code == h2s[_i].first, "row %d: %s %s", _i, err_name(code), e.text);
	code = get_with(h, h2_origin(server), &status, &e);
	ck_assert_msg(code == ERR_OK, "row %d: %s", _i, e.text);
	ck_assert_int_eq(status, 200);
	if (h2s[_i].manner == H2_REFUSES)
		ck_assert_uint_le(h2_connections(server), 6);
	else if (h2s[_i].first != ERR_OK)
		ck_assert_uint_eq(h2_connections(server), h2s[_i].connections);
	ck_assert_uint_eq(h2_fallbacks(server), h2s[_i].fallbacks);
	http_free(h);
	h2_end(server);
}
END_TEST

static Suite *
suite_http_auth(void)
{
	Suite *s = suite_create("http_auth");
	TCase *t = tcase_create("identity");

	tcase_add_loop_test(t, pinned_key, 0, COUNT(pins));
	tcase_add_test(t, pin_does_not_excuse);
	tcase_add_loop_test(t, client_certificate, 0, COUNT(ours));
	tcase_add_loop_test(t, unusable_client_certificate, 0, COUNT(bad_ours));
	tcase_add_test(t, days_left);
	suite_add_tcase(s, t);
	t = tcase_create("proxy");
	tcase_add_loop_test(t, through_a_proxy, 0, COUNT(proxies));
	tcase_add_test(t, proxy_out_of_reach);
	tcase_add_test(t, proxy_is_verified);
	tcase_add_test(t, bad_proxies);
	suite_add_tcase(s, t);
	t = tcase_create("http2");
	tcase_set_timeout(t, 15);
	tcase_add_loop_test(t, http2, 0, COUNT(h2s));
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_http_auth())
