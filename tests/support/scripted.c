/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/scripted.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "fhir/util/strbuf.h"
#include "tests/support/certs.h"

#define MAX_CONNECTIONS 32
#define MAX_MESSAGE     ((size_t)4 << 20)

struct connection {
	int fd;
	SSL *ssl;
	bool held; /* stalled: kept open, not served */
};

struct scripted {
	const struct scripted_exchange *x;
	size_t n, next;
	SSL_CTX *ctx;
	int listener, wake[2];
	pthread_t thread;
	char origin[64], other[64];
	struct connection c[MAX_CONNECTIONS];
	size_t n_c;
	struct strbuf notes; /* read after the thread's end only */
	atomic_uint requests, connections;
};

struct request {
	struct strbuf text; /* head and body */
	char method[16], path[8192];
	char *headers; /* inside text, lines */
	char *body;    /* inside text */
	size_t body_len;
};

const char *
scripted_origin(const struct scripted *s)
{
	return s->origin;
}

const char *
scripted_other(const struct scripted *s)
{
	return s->other;
}

unsigned
scripted_requests(struct scripted *s)
{
	return atomic_load(&s->requests);
}

unsigned
scripted_connections(struct scripted *s)
{
	return atomic_load(&s->connections);
}

/* Text with {origin} and {other} filled in. */
static void
add_filled(
    const struct scripted *s, struct strbuf *out, const char *t, size_t n)
{
	static const char a[] = "{origin}", b[] = "{other}";
	size_t i = 0;

	while (i < n) {
		if (n - i >= sizeof(a) - 1 &&
		    memcmp(t + i, a, sizeof(a) - 1) == 0) {
			strbuf_adds(out, s->origin);
			i += sizeof(a) - 1;
		} else if (n - i >= sizeof(b) - 1 &&
			   memcmp(t + i, b, sizeof(b) - 1) == 0) {
			strbuf_adds(out, s->other);
			i += sizeof(b) - 1;
		} else {
			strbuf_addc(out, t[i++]);
		}
	}
}

/* Reading a request */

static bool
read_more(SSL *ssl, struct strbuf *b)
{
	char buf[4096];
	int n = SSL_read(ssl, buf, sizeof(buf));

	if (n <= 0)
		return false;
	strbuf_add(b, buf, (size_t)n);
	return !b->overflow;
}

static const char *
find_header(const char *headers, const char *name, size_t name_len)
{
	for (const char *l = headers; *l != '\0';) {
		const char *end = strstr(l, "\r\n");

		if (strncasecmp(l, name, name_len) == 0 && l[name_len] == ':')
			return l + name_len + 1 + strspn(l + name_len + 1, " ");
		if (end == NULL)
			break;
		l = end + 2;
	}
	return NULL;
}

/* false: the peer closed, or sent what is no request. */
static bool
read_request(SSL *ssl, struct request *r)
{
	const char *length;
	char *end;
	size_t head, want = 0;

	while ((end = strstr(r->text.s, "\r\n\r\n")) == NULL)
		if (!read_more(ssl, &r->text))
			return false;
	head = (size_t)(end - r->text.s) + 4;
	length = strcasestr(r->text.s, "\r\nContent-Length:");
	if (length != NULL && length < end)
		want =
		    strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
	while (r->text.len < head + want)
		if (!read_more(ssl, &r->text))
			return false;
	r->text.s[head - 2] = '\0';
	r->body = r->text.s + head;
	r->body_len = want;
	r->headers = strstr(r->text.s, "\r\n");
	if (r->headers == NULL ||
	    sscanf(r->text.s, "%15s %8191s", r->method, r->path) != 2)
		return false;
	r->headers += 2;
	return true;
}

/* Comparing it */

static bool
header_matches(struct scripted *s, const struct request *r, const char *want)
{
	struct strbuf filled;
	const char *colon, *value, *found;
	bool ok;

	if (want[0] == '!')
		return find_header(r->headers, want + 1, strlen(want + 1)) ==
		       NULL;
	strbuf_init(&filled, 8192);
	add_filled(s, &filled, want, strlen(want));
	colon = strchr(filled.s, ':');
	ck_assert_ptr_nonnull(colon);
	value = colon + 1 + strspn(colon + 1, " ");
	found = find_header(r->headers, filled.s, (size_t)(colon - filled.s));
	ok = found != NULL && strncmp(found, value, strlen(value)) == 0 &&
	     strncmp(found + strlen(value), "\r\n", 2) == 0;
	strbuf_done(&filled);
	return ok;
}

static bool
matches(struct scripted *s, const struct request *r,
    const struct scripted_exchange *x)
{
	struct strbuf path;
	bool ok = true;

	if (x->method != NULL && strcmp(x->method, r->method) != 0)
		ok = false;
	if (x->path != NULL) {
		strbuf_init(&path, 8192);
		add_filled(s, &path, x->path, strlen(x->path));
		if (strcmp(path.s, r->path) != 0)
			ok = false;
		strbuf_done(&path);
	}
	for (size_t i = 0; i < SCRIPTED_HEADERS && x->headers[i] != NULL; i++)
		if (!header_matches(s, r, x->headers[i])) {
			strbuf_addf(
			    &s->notes, "header \"%s\": ", x->headers[i]);
			ok = false;
		}
	if (x->body_has != NULL && strstr(r->body, x->body_has) == NULL) {
		strbuf_addf(&s->notes, "body without \"%s\": ", x->body_has);
		ok = false;
	}
	if (x->judge != NULL) {
		const char *wrong = x->judge(s, r->headers, r->body);

		if (wrong != NULL) {
			strbuf_addf(&s->notes, "%s: ", wrong);
			ok = false;
		}
	}
	if (!ok)
		strbuf_addf(&s->notes, "request %zu is %s %s, expected %s %s\n",
		    s->next, r->method, r->path,
		    x->method == NULL ? "any" : x->method,
		    x->path == NULL ? "any" : x->path);
	return ok;
}

/* Answering */

static const char *
reason(int status)
{
	return status < 300 ? "Fine" : status < 400 ? "Elsewhere" : "Refused";
}

static void
build_answer(
    struct scripted *s, const struct scripted_exchange *x, struct strbuf *out)
{
	int status = x->status == 0 ? 200 : x->status;
	struct strbuf body;
	bool typed = false;
	size_t sent;

	strbuf_init(&body, MAX_MESSAGE);
	if (x->body != NULL && x->body_len > 0)
		strbuf_add(&body, x->body, x->body_len);
	else if (x->body != NULL)
		add_filled(s, &body, x->body, strlen(x->body));
	strbuf_addf(out, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n", status,
	    reason(status), body.len);
	for (size_t i = 0; i < SCRIPTED_HEADERS && x->reply[i] != NULL; i++) {
		typed |= strncasecmp(x->reply[i], "Content-Type:", 13) == 0;
		if (strcmp(x->reply[i], "Content-Type:") == 0)
			continue;
		add_filled(s, out, x->reply[i], strlen(x->reply[i]));
		strbuf_adds(out, "\r\n");
	}
	if (!typed && body.len > 0)
		strbuf_adds(out, "Content-Type: application/fhir+json\r\n");
	strbuf_adds(out, "\r\n");
	sent = body.len;
	if ((x->fault == FAULT_CUT || x->fault == FAULT_STALL) && x->at < sent)
		sent = x->at;
	strbuf_add(out, body.s, sent);
	strbuf_done(&body);
}

static void
write_all(SSL *ssl, const char *p, size_t n)
{
	while (n > 0) {
		int w = SSL_write(ssl, p, n > 16384 ? 16384 : (int)n);

		if (w <= 0)
			return;
		p += w;
		n -= (size_t)w;
	}
}

/* false: the connection is to be closed. */
static bool
answer(
    struct scripted *s, struct connection *c, const struct scripted_exchange *x)
{
	struct strbuf out;

	if (x->fault == FAULT_CLOSE)
		return false;
	if (x->fault == FAULT_HANG) {
		c->held = true;
		return true;
	}
	strbuf_init(&out, MAX_MESSAGE);
	build_answer(s, x, &out);
	write_all(c->ssl, out.s, out.len);
	strbuf_done(&out);
	c->held = x->fault == FAULT_STALL;
	return x->fault == FAULT_NONE || x->fault == FAULT_STALL;
}

static bool
serve(struct scripted *s, struct connection *c)
{
	static const struct scripted_exchange unexpected = {
	    .status = 500, .body = "not in the script"};
	struct request r = {0};
	const struct scripted_exchange *x = &unexpected;
	bool keep = false;

	strbuf_init(&r.text, MAX_MESSAGE);
	if (!read_request(c->ssl, &r))
		goto out;
	if (s->next >= s->n)
		strbuf_addf(&s->notes, "request %zu is one too many: %s %s\n",
		    s->next, r.method, r.path);
	else if (matches(s, &r, &s->x[s->next]))
		x = &s->x[s->next];
	s->next++;
	atomic_fetch_add(&s->requests, 1);
	keep = answer(s, c, x);
out:
	strbuf_done(&r.text);
	return keep;
}

/* Connections */

static void
drop(struct scripted *s, size_t i)
{
	struct connection *c = &s->c[i];

	SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	close(c->fd);
	s->c[i] = s->c[--s->n_c];
}

static void
welcome(struct scripted *s)
{
	struct timeval limit = {5, 0};
	int fd = accept(s->listener, NULL, NULL);
	char waste[512];
	SSL *ssl;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	ssl = SSL_new(s->ctx);
	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 || SSL_accept(ssl) != 1 ||
	    s->n_c == MAX_CONNECTIONS) {
		ERR_clear_error();
		SSL_free(ssl);
		/* Closed with bytes unread, the alert might be lost. */
		shutdown(fd, SHUT_WR);
		while (read(fd, waste, sizeof(waste)) > 0)
			;
		close(fd);
		return;
	}
	atomic_fetch_add(&s->connections, 1);
	s->c[s->n_c++] = (struct connection){fd, ssl, false};
}

static void *
run(void *ctx)
{
	struct scripted *s = ctx;
	struct pollfd p[MAX_CONNECTIONS + 2];
	size_t n;

	for (;;) {
		n = s->n_c;
		p[0] = (struct pollfd){s->wake[0], POLLIN, 0};
		p[1] = (struct pollfd){s->listener, POLLIN, 0};
		for (size_t i = 0; i < n; i++)
			p[i + 2] = (struct pollfd){
			    s->c[i].held ? -1 : s->c[i].fd, POLLIN, 0};
		if (poll(p, n + 2, -1) < 0)
			continue;
		if (p[0].revents != 0)
			break;
		/* From the end: drop() moves the last one down. */
		for (size_t i = n; i-- > 0;)
			if (p[i + 2].revents != 0 && !serve(s, &s->c[i]))
				drop(s, i);
		if (p[1].revents != 0)
			welcome(s);
	}
	while (s->n_c > 0)
		drop(s, s->n_c - 1);
	return NULL;
}

/* Start and end */

static void
listen_locally(struct scripted *s)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(s->listener, 0);
	ck_assert_int_eq(
	    bind(s->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(s->listener, 16), 0);
	ck_assert_int_eq(
	    getsockname(s->listener, (struct sockaddr *)&a, &len), 0);
	snprintf(s->origin, sizeof(s->origin), "https://localhost:%d",
	    ntohs(a.sin_port));
	snprintf(s->other, sizeof(s->other), "https://127.0.0.1:%d",
	    ntohs(a.sin_port));
}

static SSL_CTX *
make_context(const struct scripted_options *o)
{
	const char *name = "server", *dir = SCRIPTED_CERTS;
	char cert[128], key[128];
	SSL_CTX *ctx;

	if (o != NULL && o->certificate != NULL)
		name = o->certificate;
	certs_make();
	if (o != NULL && o->dir != NULL)
		dir = o->dir;
	snprintf(cert, sizeof(cert), "%s/%s.pem", dir, name);
	snprintf(key, sizeof(key), "%s/%s.key.pem", dir, name);
	ctx = SSL_CTX_new(TLS_server_method());
	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(
	    SSL_CTX_use_certificate_file(ctx, cert, SSL_FILETYPE_PEM), 1);
	ck_assert_int_eq(
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM), 1);
	if (o != NULL && o->ask) {
		ck_assert_int_eq(
		    SSL_CTX_load_verify_locations(ctx, SCRIPTED_CA, NULL), 1);
		SSL_CTX_set_verify(ctx,
		    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	if (o != NULL && o->tls12)
		ck_assert_int_eq(
		    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION), 1);
	if (o != NULL && o->old_tls) {
		/* What it takes to offer TLS 1.1 from OpenSSL 3. */
		SSL_CTX_set_security_level(ctx, 0);
		ck_assert_int_eq(
		    SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
		ck_assert_int_eq(
		    SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION), 1);
	}
	return ctx;
}

struct scripted *
scripted_start(const struct scripted_options *o,
    const struct scripted_exchange *x, size_t n)
{
	struct scripted *s = calloc(1, sizeof(*s));

	ck_assert_ptr_nonnull(s);
	signal(SIGPIPE, SIG_IGN);
	setenv("no_proxy", "*", 1);
	s->x = x;
	s->n = n;
	strbuf_init(&s->notes, 65536);
	s->ctx = make_context(o);
	listen_locally(s);
	ck_assert_int_eq(pipe(s->wake), 0);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, run, s), 0);
	return s;
}

void
scripted_end(struct scripted *s)
{
	ck_assert_int_eq((int)write(s->wake[1], "x", 1), 1);
	pthread_join(s->thread, NULL);
	if (s->next < s->n)
		strbuf_addf(&s->notes, "%zu of %zu exchanges were used\n",
		    s->next, s->n);
	ck_assert_msg(s->notes.len == 0, "%s", s->notes.s);
	close(s->wake[0]);
	close(s->wake[1]);
	close(s->listener);
	SSL_CTX_free(s->ctx);
	strbuf_done(&s->notes);
	free(s);
}
