/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/proxy.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/support/scripted.h"
#include "tests/support/certs.h"

struct proxy {
	struct proxy_options o;
	SSL_CTX *ctx;
	int listener, wake[2];
	char url[64];
	pthread_t thread;
	unsigned tunnels, leaks;
};

/* The client's side, plain or TLS. */
struct side {
	int fd;
	SSL *ssl;
};

static int
side_read(struct side *s, char *buf, int n)
{
	return s->ssl != NULL ? SSL_read(s->ssl, buf, n)
			      : (int)read(s->fd, buf, (size_t)n);
}

static bool
side_write(struct side *s, const char *buf, int n)
{
	while (n > 0) {
		int w = s->ssl != NULL ? SSL_write(s->ssl, buf, n)
				       : (int)write(s->fd, buf, (size_t)n);

		if (w <= 0)
			return false;
		buf += w;
		n -= w;
	}
	return true;
}

static int
connect_locally(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)port);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
relay(struct proxy *p, struct side *c, int server)
{
	char buf[16384];

	for (;;) {
		struct pollfd f[] = {{p->wake[0], POLLIN, 0},
		    {c->fd, POLLIN, 0}, {server, POLLIN, 0}};
		bool pending = c->ssl != NULL && SSL_pending(c->ssl) > 0;
		int n;

		if (poll(f, 3, pending ? 0 : -1) < 0 || f[0].revents != 0)
			return;
		if (pending || f[1].revents != 0) {
			n = side_read(c, buf, sizeof(buf));
			if (n <= 0 || write(server, buf, (size_t)n) != n)
				return;
		}
		if (f[2].revents != 0) {
			n = (int)read(server, buf, sizeof(buf));
			if (n <= 0 || !side_write(c, buf, n))
				return;
		}
	}
}

static int
judge(struct proxy *p, const char *head)
{
	const char *auth = strcasestr(head, "\r\nProxy-Authorization: ");

	if (strcasestr(head, "\r\nAuthorization:") != NULL ||
	    strstr(head, "planted") != NULL)
		p->leaks++;
	if (p->o.status != 0)
		return p->o.status;
	if (p->o.auth == NULL)
		return 200;
	if (auth == NULL)
		return 407;
	auth += strlen("\r\nProxy-Authorization: ");
	return strncmp(auth, p->o.auth, strlen(p->o.auth)) == 0 ? 200 : 407;
}

static void
serve(struct proxy *p, struct side *c)
{
	static const char page[] = "<html>\xe4</html>";
	char head[4096] = "", reply[256];
	int n = 0, r, port = 0, status, server;

	while (strstr(head, "\r\n\r\n") == NULL) {
		r = side_read(c, head + n, (int)sizeof(head) - 1 - n);
		if (r <= 0)
			return;
		head[n += r] = '\0';
	}
	status = judge(p, head);
	if (sscanf(head, "CONNECT %*[^:]:%d ", &port) != 1)
		status = 400;
	if (status == 200) {
		side_write(c, "HTTP/1.1 200 Established\r\n\r\n", 28);
		server = connect_locally(port);
		p->tunnels++;
		if (server >= 0)
			relay(p, c, server);
		close(server);
		return;
	}
	n = snprintf(reply, sizeof(reply),
	    "HTTP/1.1 %d No\r\nContent-Type: text/html; charset=iso-8859-1\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
	    status, strlen(page), page);
	side_write(c, reply, n);
}

static void *
run(void *ctx)
{
	struct proxy *p = ctx;

	for (;;) {
		struct pollfd f[] = {
		    {p->wake[0], POLLIN, 0}, {p->listener, POLLIN, 0}};
		struct side c = {-1, NULL};

		if (poll(f, 2, -1) < 0 || f[0].revents != 0)
			return NULL;
		c.fd = accept(p->listener, NULL, NULL);
		if (p->ctx != NULL) {
			c.ssl = SSL_new(p->ctx);
			SSL_set_fd(c.ssl, c.fd);
		}
		if (c.ssl == NULL || SSL_accept(c.ssl) == 1)
			serve(p, &c);
		ERR_clear_error();
		SSL_free(c.ssl);
		close(c.fd);
	}
}

struct proxy *
proxy_start(const struct proxy_options *o)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);
	struct proxy *p = calloc(1, sizeof(*p));

	ck_assert_ptr_nonnull(p);
	p->o = *o;
	if (o->tls) {
		certs_make();
		p->ctx = SSL_CTX_new(TLS_server_method());
		ck_assert_int_eq(
		    SSL_CTX_use_certificate_file(
			p->ctx, SCRIPTED_CERTS "/server.pem", SSL_FILETYPE_PEM),
		    1);
		ck_assert_int_eq(
		    SSL_CTX_use_PrivateKey_file(p->ctx,
			SCRIPTED_CERTS "/server.key.pem", SSL_FILETYPE_PEM),
		    1);
	}
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
	    bind(p->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(p->listener, 16), 0);
	ck_assert_int_eq(
	    getsockname(p->listener, (struct sockaddr *)&a, &len), 0);
	snprintf(p->url, sizeof(p->url), "http%s://localhost:%d",
	    o->tls ? "s" : "", ntohs(a.sin_port));
	ck_assert_int_eq(pipe(p->wake), 0);
	ck_assert_int_eq(pthread_create(&p->thread, NULL, run, p), 0);
	return p;
}

const char *
proxy_url(const struct proxy *p)
{
	return p->url;
}

unsigned
proxy_end(struct proxy *p)
{
	unsigned tunnels;

	ck_assert_int_eq((int)write(p->wake[1], "x", 1), 1);
	pthread_join(p->thread, NULL);
	ck_assert_uint_eq(p->leaks, 0);
	tunnels = p->tunnels;
	close(p->wake[0]);
	close(p->wake[1]);
	close(p->listener);
	SSL_CTX_free(p->ctx);
	free(p);
	return tunnels;
}
