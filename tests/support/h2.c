/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/h2.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/support/scripted.h"
#include "tests/support/certs.h"

/* rfc9113 §4.1: length (3), type, flags, stream (4), payload. */
#define SETTINGS     "\0\0\0\4\0\0\0\0\0"
#define SETTINGS_ACK "\0\0\0\4\1\0\0\0\0"
#define HEADERS_200  "\0\0\1\1\4\0\0\0\1\x88"
#define DATA         "\0\0\2\0\1\0\0\0\1{}"
#define LAST         "\0\0\x8\7\0\0\0\0\0\0\0\0\1\0\0\0\0"
#define REFUSED      "\0\0\4\3\0\0\0\0\1\0\0\0\7"
#define CALM         "\0\0\x8\7\0\0\0\0\0\0\0\0\0\0\0\0\xb"

struct h2 {
	enum h2_manner manner;
	SSL_CTX *ctx;
	int listener, wake[2];
	char origin[64];
	pthread_t thread;
	atomic_uint connections, fallbacks;
};

static int
pick(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *ctx)
{
	(void)ssl, (void)ctx;
	for (unsigned i = 0; i + 2 < in_len; i += in[i] + 1U)
		if (in[i] == 2 && memcmp(in + i + 1, "h2", 2) == 0) {
			*out = in + i + 1;
			*out_len = 2;
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_NOACK;
}

static void
serve_h2(struct h2 *h, SSL *ssl)
{
	static const struct {
		const char *s;
		int n;
	} answers[] = {
	    [H2_ANSWERS] = {SETTINGS SETTINGS_ACK HEADERS_200 DATA LAST, 56},
	    [H2_REFUSES] = {SETTINGS SETTINGS_ACK REFUSED, 31},
	    [H2_CALM] = {SETTINGS CALM, 26},
	};
	char buf[4096];
	int n = 0;

	atomic_fetch_add(&h->connections, 1);
	/* The preface (24 bytes) and frames up to the request's. */
	while (n < 60) {
		int r = SSL_read(ssl, buf, sizeof(buf));

		if (r <= 0)
			return;
		n += r;
	}
	SSL_write(ssl, answers[h->manner].s, answers[h->manner].n);
	while (SSL_read(ssl, buf, sizeof(buf)) > 0)
		;
}

static void
serve_h1(struct h2 *h, SSL *ssl)
{
	static const char reply[] =
	    "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n"
	    "Content-Length: 2\r\nConnection: close\r\n\r\n{}";
	char buf[8192];

	if (SSL_read(ssl, buf, sizeof(buf)) <= 0)
		return;
	atomic_fetch_add(&h->fallbacks, 1);
	SSL_write(ssl, reply, sizeof(reply) - 1);
}

static void *
run(void *ctx)
{
	struct h2 *h = ctx;
	struct timeval limit = {1, 0};

	for (;;) {
		struct pollfd f[] = {
		    {h->wake[0], POLLIN, 0}, {h->listener, POLLIN, 0}};
		const unsigned char *alpn;
		unsigned len;
		int fd;
		SSL *ssl;

		if (poll(f, 2, -1) < 0 || f[0].revents != 0)
			return NULL;
		fd = accept(h->listener, NULL, NULL);
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		ssl = SSL_new(h->ctx);
		SSL_set_fd(ssl, fd);
		if (SSL_accept(ssl) == 1) {
			SSL_get0_alpn_selected(ssl, &alpn, &len);
			if (len == 2)
				serve_h2(h, ssl);
			else
				serve_h1(h, ssl);
			SSL_shutdown(ssl);
		}
		ERR_clear_error();
		SSL_free(ssl);
		close(fd);
	}
}

struct h2 *
h2_start(enum h2_manner manner)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);
	struct h2 *h = calloc(1, sizeof(*h));

	ck_assert_ptr_nonnull(h);
	signal(SIGPIPE, SIG_IGN);
	setenv("no_proxy", "*", 1);
	certs_make();
	h->manner = manner;
	h->ctx = SSL_CTX_new(TLS_server_method());
	ck_assert_int_eq(SSL_CTX_use_certificate_file(h->ctx,
			     SCRIPTED_CERTS "/server.pem", SSL_FILETYPE_PEM),
	    1);
	ck_assert_int_eq(
	    SSL_CTX_use_PrivateKey_file(
		h->ctx, SCRIPTED_CERTS "/server.key.pem", SSL_FILETYPE_PEM),
	    1);
	SSL_CTX_set_alpn_select_cb(h->ctx, pick, NULL);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	h->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
	    bind(h->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(h->listener, 16), 0);
	ck_assert_int_eq(
	    getsockname(h->listener, (struct sockaddr *)&a, &len), 0);
	snprintf(h->origin, sizeof(h->origin), "https://localhost:%d",
	    ntohs(a.sin_port));
	ck_assert_int_eq(pipe(h->wake), 0);
	ck_assert_int_eq(pthread_create(&h->thread, NULL, run, h), 0);
	return h;
}

const char *
h2_origin(const struct h2 *h)
{
	return h->origin;
}

unsigned
h2_connections(struct h2 *h)
{
	return atomic_load(&h->connections);
}

unsigned
h2_fallbacks(struct h2 *h)
{
	return atomic_load(&h->fallbacks);
}

void
h2_end(struct h2 *h)
{
	ck_assert_int_eq((int)write(h->wake[1], "x", 1), 1);
	pthread_join(h->thread, NULL);
	close(h->wake[0]);
	close(h->wake[1]);
	close(h->listener);
	SSL_CTX_free(h->ctx);
	free(h);
}
