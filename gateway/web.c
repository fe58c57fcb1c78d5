/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/web.h"

#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "fhir/util/secret.h"
#include "gateway/nudge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#define PATH        "/notify/"
#define SECRET_SIZE 512
#define SECRET_MIN  16
#define BODY_MAX    (64 * 1024) /* read and forgotten */
#define HEADERS_MAX (16 * 1024)
/* Refusals are counted; a line a minute tells how many. */
#define REFUSED_MS 60000

/* A slot for each connection there may be. */
struct guest {
	struct web *web;
	struct bufferevent *b; /* NULL: free */
	int64_t end_ms;
};

struct web {
	const char *nudge_file; /* borrowed */
	char secret[SECRET_SIZE];
	SSL_CTX *tls;
	struct event_base *base;
	struct evhttp *http;
	struct evconnlistener *listener;
	struct event *wake, *tick;
	int pipe[2], port;
	int connections, max_connections;
	int64_t timeout_ms;
	struct guest *guests; /* max_connections of them */
	int64_t refused, refused_told_ms;
};

/* --- requests --- */

static void
refuse(struct web *w, struct evhttp_request *request)
{
	int64_t now = clock_monotonic_ms();

	w->refused++;
	if (w->refused_told_ms == 0 || now - w->refused_told_ms >= REFUSED_MS) {
		log_event(LOG_SERVE_REFUSED, log_int("n", w->refused));
		w->refused_told_ms = now;
	}
	evhttp_send_reply(request, 404, NULL, NULL);
}

/* The path is compared in a time that tells nothing of the secret. */
static bool
is_ours(const struct web *w, const char *uri)
{
	size_t n = strlen(PATH), len = strlen(w->secret);

	if (strncmp(uri, PATH, n) != 0 || strlen(uri + n) != len)
		return false;
	return CRYPTO_memcmp(uri + n, w->secret, len) == 0;
}

static void
on_request(struct evhttp_request *request, void *arg)
{
	struct web *w = arg;
	struct err e = ERR_INIT;

	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	evhttp_add_header(headers, "Cache-Control", "no-store");
	/* One connection, one notification. */
	evhttp_add_header(headers, "Connection", "close");
	if (!is_ours(w, evhttp_request_get_uri(request))) {
		refuse(w, request);
		return;
	}
	if (nudge_touch(w->nudge_file, &e) != ERR_OK) {
		log_event(LOG_SERVE_REFUSED, log_err(&e));
		evhttp_send_reply(request, 503, NULL, NULL);
		return;
	}
	evhttp_send_reply(request, 200, NULL, NULL);
}

/* --- connections --- */

/* OpenSSL tells when a connection's SSL goes. */
static void
on_ssl_free(
    void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	struct guest *v = ptr;
	struct web *w;

	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	if (v == NULL)
		return;
	w = v->web;
	v->b = NULL;
	if (w->connections-- == w->max_connections && w->listener != NULL)
		evconnlistener_enable(w->listener);
}

static int
ssl_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, on_ssl_free);
	return index;
}

static struct guest *
free_slot(struct web *w)
{
	for (int i = 0; i < w->max_connections; i++)
		if (w->guests[i].b == NULL)
			return &w->guests[i];
	return NULL;
}

static struct bufferevent *
new_connection(struct event_base *base, void *arg)
{
	struct web *w = arg;
	SSL *ssl = SSL_new(w->tls);
	struct guest *v = free_slot(w);
	struct bufferevent *b;

	/* Without one libevent would speak plain text. */
	if (v == NULL || ssl == NULL ||
	    SSL_set_ex_data(ssl, ssl_index(), v) != 1)
		abort();
	if (++w->connections == w->max_connections)
		evconnlistener_disable(w->listener);
	b = bufferevent_openssl_socket_new(
	    base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (b == NULL)
		abort();
	bufferevent_openssl_set_allow_dirty_shutdown(b, 1);
	v->b = b;
	v->end_ms = clock_monotonic_ms() + w->timeout_ms;
	return b;
}

/* Who sends a byte now and then is never idle, and yet it ends. */
static void
on_tick(evutil_socket_t unused, short what, void *arg)
{
	struct web *w = arg;
	int64_t now = clock_monotonic_ms();

	(void)unused;
	(void)what;
	for (int i = 0; i < w->max_connections; i++) {
		struct guest *v = &w->guests[i];

		if (v->b != NULL && now >= v->end_ms)
			shutdown(bufferevent_getfd(v->b), SHUT_RDWR);
	}
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct web *w = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(w->base);
}

/* --- setting up --- */

static enum err_code
tls_fail(const char *what, struct err *e)
{
	char why[120];

	ERR_error_string_n(ERR_get_error(), why, sizeof(why));
	ERR_clear_error();
	return err_set(e, ERR_CONFIG, "%s: %s", what, why);
}

/* Nobody else may read the key. */
static enum err_code
check_private(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return err_set(e, ERR_CONFIG, "%s: %s", path, strerror(errno));
	if ((st.st_mode & 077) != 0)
		return err_set(e, ERR_CONFIG,
		    "%s: others than its owner may read it (chmod 600)", path);
	return ERR_OK;
}

static enum err_code
set_tls(struct web *w, const struct config_serve *o, struct err *e)
{
	enum err_code rc = check_private(o->key_file, e);

	if (rc != ERR_OK)
		return rc;
	w->tls = SSL_CTX_new(TLS_server_method());
	if (w->tls == NULL)
		return tls_fail("TLS", e);
	SSL_CTX_set_min_proto_version(w->tls, TLS1_2_VERSION);
	SSL_CTX_set_options(w->tls, SSL_OP_NO_RENEGOTIATION |
					SSL_OP_NO_COMPRESSION |
					SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(w->tls, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_use_certificate_chain_file(w->tls, o->cert_file) != 1)
		return tls_fail(o->cert_file, e);
	if (SSL_CTX_use_PrivateKey_file(
		w->tls, o->key_file, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(w->tls) != 1)
		return tls_fail(o->key_file, e);
	return ERR_OK;
}

static void
set_bounds(struct evhttp *http, int timeout_s)
{
	evhttp_set_max_body_size(http, BODY_MAX);
	evhttp_set_max_headers_size(http, HEADERS_MAX);
	evhttp_set_timeout(http, timeout_s);
	evhttp_set_default_content_type(http, NULL);
	evhttp_set_allowed_methods(http, EVHTTP_REQ_POST);
}

static enum err_code
bind_to(struct web *w, const struct config_serve *o, struct err *e)
{
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(
	    w->http, o->listen, (ev_uint16_t)o->port);
	struct sockaddr_storage at;
	socklen_t n = sizeof(at);
	int on = 1, fd;

	if (bound == NULL)
		return err_set(e, ERR_IO, "%s port %d: %s", o->listen, o->port,
		    strerror(errno));
	w->listener = evhttp_bound_socket_get_listener(bound);
	fd = evhttp_bound_socket_get_fd(bound);
	/* Inherited by connections: no 40 ms an answer. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (getsockname(fd, (struct sockaddr *)&at, &n) != 0)
		return err_set(e, ERR_IO, "%s", strerror(errno));
	w->port = ntohs(at.ss_family == AF_INET6
			    ? ((struct sockaddr_in6 *)&at)->sin6_port
			    : ((struct sockaddr_in *)&at)->sin_port);
	return ERR_OK;
}

static enum err_code
set_up(struct web *w, const struct config_serve *o, struct err *e)
{
	static const struct timeval second = {1, 0};
	enum err_code rc =
	    secret_read_word(o->secret_file, w->secret, sizeof(w->secret), e);

	if (rc == ERR_OK && strlen(w->secret) < SECRET_MIN)
		rc = err_set(e, ERR_CONFIG,
		    "%s: the secret is shorter than %d characters",
		    o->secret_file, SECRET_MIN);
	if (rc == ERR_OK)
		rc = set_tls(w, o, e);
	/* Whether it can be touched shows now, not at the first notice. */
	if (rc == ERR_OK)
		rc = nudge_touch(w->nudge_file, e);
	if (rc != ERR_OK)
		return rc;
	w->base = event_base_new();
	w->http = w->base == NULL ? NULL : evhttp_new(w->base);
	if (w->http == NULL || pipe(w->pipe) != 0)
		return err_set(e, ERR_IO, "no event loop");
	w->wake =
	    event_new(w->base, w->pipe[0], EV_READ | EV_PERSIST, on_wake, w);
	event_add(w->wake, NULL);
	w->tick = event_new(w->base, -1, EV_PERSIST, on_tick, w);
	event_add(w->tick, &second);
	set_bounds(w->http, o->timeout_s);
	evhttp_set_bevcb(w->http, new_connection, w);
	evhttp_set_gencb(w->http, on_request, w);
	return bind_to(w, o, e);
}

enum err_code
web_new(const struct config_serve *o, const char *nudge_file, struct web **ret,
    struct err *e)
{
	struct web *w;
	enum err_code rc;

	if (o->cert_file == NULL || o->key_file == NULL ||
	    o->secret_file == NULL)
		return err_set(e, ERR_CONFIG,
		    "[serve] needs cert_file, key_file and secret_file");
	if (nudge_file == NULL)
		return err_set(e, ERR_CONFIG,
		    "[poll] nudge_file is not given: there is nobody to tell");
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		abort();
	/* A client that goes away must not end the process. */
	signal(SIGPIPE, SIG_IGN);
	w->nudge_file = nudge_file;
	w->pipe[0] = w->pipe[1] = -1;
	w->max_connections = o->max_connections;
	w->timeout_ms = o->timeout_s * INT64_C(1000);
	w->guests = calloc((size_t)o->max_connections, sizeof(*w->guests));
	if (w->guests == NULL)
		abort();
	for (int i = 0; i < o->max_connections; i++)
		w->guests[i].web = w;
	rc = set_up(w, o, e);
	if (rc != ERR_OK)
		web_free(w);
	else
		*ret = w;
	return rc;
}

void
web_free(struct web *w)
{
	if (w == NULL)
		return;
	w->listener = NULL;
	if (w->http != NULL)
		evhttp_free(w->http);
	if (w->wake != NULL)
		event_free(w->wake);
	if (w->tick != NULL)
		event_free(w->tick);
	if (w->base != NULL)
		event_base_free(w->base);
	for (int i = 0; i < 2; i++) {
		if (w->pipe[i] >= 0)
			close(w->pipe[i]);
	}
	SSL_CTX_free(w->tls);
	secret_wipe(w->secret, sizeof(w->secret));
	free(w->guests);
	free(w);
}

int
web_port(const struct web *w)
{
	return w->port;
}

void
web_run(struct web *w)
{
	log_event(LOG_SERVE, log_int("port", w->port));
	event_base_dispatch(w->base);
}

void
web_stop(struct web *w)
{
	ssize_t n = write(w->pipe[1], "x", 1);

	(void)n;
}
