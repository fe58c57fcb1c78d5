/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire: evhttp over OpenSSL bufferevents, one event loop, one mutex.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <openssl/ssl.h>

#include "tests/sandbox/internal.h"

#define BASE_PATH "/fhir"

/* A connection that shall be closed later. */
struct closing {
	LIST_ENTRY(closing) link;
	struct server *server;
	struct evhttp_request *request;
	struct event *timer;
};

struct server {
	pthread_mutex_t mutex;
	pthread_t thread;
	bool running;
	SSL_CTX *tls;
	struct event_base *base;
	struct evhttp *http;
	struct event *wake, *sigint, *sigterm;
	int pipe[2];
	uint16_t port;
	LIST_HEAD(, closing) closing;
};

void
sandbox_lock(struct sandbox *s)
{
	pthread_mutex_lock(&s->server->mutex);
}

void
sandbox_unlock(struct sandbox *s)
{
	pthread_mutex_unlock(&s->server->mutex);
}

static void
closing_free(struct closing *c)
{
	LIST_REMOVE(c, link);
	event_free(c->timer);
	free(c);
}

static void
on_close(evutil_socket_t fd, short what, void *arg)
{
	struct closing *c = arg;
	struct evhttp_connection *conn =
	    evhttp_request_get_connection(c->request);

	(void)fd;
	(void)what;
	/* Without a connection the request is ours alone. */
	if (conn != NULL)
		evhttp_connection_free(conn);
	else
		evhttp_request_free(c->request);
	closing_free(c);
}

/* Close the request's connection after ms, from the loop: not safe inside
 * the request's own callback. */
static void
close_later(struct server *sv, struct evhttp_request *request, int ms)
{
	struct closing *c = calloc(1, sizeof(*c));
	struct timeval t = {ms / 1000, ms % 1000 * 1000};

	if (c == NULL)
		abort();
	c->server = sv;
	c->request = request;
	c->timer = evtimer_new(sv->base, on_close, c);
	LIST_INSERT_HEAD(&sv->closing, c, link);
	evtimer_add(c->timer, &t);
}

static const char *
header(struct evhttp_request *request, const char *name)
{
	const char *v =
	    evhttp_find_header(evhttp_request_get_input_headers(request), name);

	return v == NULL ? "" : v;
}

static const char *
method_name(struct evhttp_request *request)
{
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_GET:
	case EVHTTP_REQ_HEAD:
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	case EVHTTP_REQ_PATCH:
		return "PATCH";
	default:
		return "OTHER";
	}
}

/* Links carry the name the client called us by. */
static const char *
base_url(struct exchange *x, struct evhttp_request *request)
{
	const char *host = header(request, "Host");
	size_t n = strlen(host);

	if (n == 0 || n > 200)
		return x->base;
	for (const char *p = host; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr(".-:[]", *p) == NULL)
			return x->base;
	return arena_printf(x->a, "https://%s%s", host, BASE_PATH);
}

static void
fill_exchange(struct exchange *x, struct evhttp_request *request)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(request);
	const char *uri = evhttp_request_get_uri(request);
	size_t n = strcspn(uri, "?");

	x->method = method_name(request);
	x->base = base_url(x, request);
	x->path = query_decode(x->a, uri, n, false);
	x->query = uri[n] == '?' ? uri + n + 1 : "";
	x->body_len = evbuffer_get_length(in);
	x->body = x->body_len == 0 ? "" : (char *)evbuffer_pullup(in, -1);
	x->content_type = header(request, "Content-Type");
	x->accept = header(request, "Accept");
	x->prefer = header(request, "Prefer");
	x->authorization = header(request, "Authorization");
	x->if_match = header(request, "If-Match");
	x->if_none_match = header(request, "If-None-Match");
	x->if_none_exist = header(request, "If-None-Exist");
}

static void
carry_out(struct exchange *x)
{
	size_t n = strlen(BASE_PATH);

	COUNT(x, NULL, requests);
	if (x->s->options.admin && strcmp(x->path, "/$fault") == 0 &&
	    strcmp(x->method, "POST") == 0) {
		handle_fault_request(x);
		return;
	}
	fault_pick(x, *x->query == '\0'
			  ? x->path
			  : arena_printf(x->a, "%s?%s", x->path, x->query));
	if (fault_before(x))
		return;
	if (strncmp(x->path, BASE_PATH, n) != 0 ||
	    (x->path[n] != '\0' && x->path[n] != '/')) {
		exchange_fail(x, 404, "not-found", "the base is " BASE_PATH);
		return;
	}
	x->path += n;
	exchange_handle(x);
}

static void
format_time(int64_t ms, char buf[64])
{
	time_t t = ms / 1000;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(buf, 64, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static void
add_headers(struct exchange *x, struct evkeyvalq *out)
{
	char date[64];

	if (x->out.len > 0)
		evhttp_add_header(out, "Content-Type", x->out_type);
	if (x->etag != NULL)
		evhttp_add_header(out, "ETag", x->etag);
	if (x->location != NULL)
		evhttp_add_header(out, "Location", x->location);
	if (x->content_location != NULL)
		evhttp_add_header(out, "Content-Location", x->content_location);
	format_time(store_now_ms(&x->s->store), date);
	evhttp_add_header(out, "Date", date);
	if (x->retry_after != NULL)
		evhttp_add_header(out, "Retry-After", x->retry_after);
	if (x->status == 401)
		evhttp_add_header(out, "WWW-Authenticate", "Bearer");
	if (x->modified_ms != INT64_MIN) {
		format_time(x->modified_ms, date);
		evhttp_add_header(out, "Last-Modified", date);
	}
}

static void
send_half(struct server *sv, struct exchange *x, struct evhttp_request *request)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(request);
	struct evbuffer *body = evbuffer_new();
	char length[24];

	snprintf(length, sizeof(length), "%zu", x->out.len + 1);
	evhttp_add_header(out, "Content-Length", length);
	evbuffer_add(body, x->out.s, x->out.len / 2);
	evhttp_send_reply_start(request, x->status, NULL);
	evhttp_send_reply_chunk(request, body);
	evbuffer_free(body);
	close_later(sv, request, 100);
}

static void
send_answer(
    struct server *sv, struct exchange *x, struct evhttp_request *request)
{
	struct evbuffer *body;

	switch (x->fault) {
	case SANDBOX_FAULT_CLOSE:
	case SANDBOX_FAULT_LOST:
		close_later(sv, request, 0);
		return;
	case SANDBOX_FAULT_STALL:
		close_later(sv, request, x->fault_ms);
		return;
	default:
		break;
	}
	if (x->out.overflow)
		exchange_fail(x, 413, "too-costly", "the answer is too large");
	add_headers(x, evhttp_request_get_output_headers(request));
	if (x->fault == SANDBOX_FAULT_TRUNCATE) {
		send_half(sv, x, request);
		return;
	}
	if (x->fault == SANDBOX_FAULT_GARBLE)
		x->out.len /= 2;
	body = evbuffer_new();
	if (evhttp_request_get_command(request) != EVHTTP_REQ_HEAD)
		evbuffer_add(body, x->out.s, x->out.len);
	evhttp_send_reply(request, x->status, NULL, body);
	evbuffer_free(body);
}

static void
on_request(struct evhttp_request *request, void *arg)
{
	struct sandbox *s = arg;
	struct arena *a = arena_new();
	struct exchange *x;

	sandbox_lock(s);
	x = exchange_new(s, a);
	fill_exchange(x, request);
	carry_out(x);
	send_answer(s->server, x, request);
	exchange_done(x);
	sandbox_unlock(s);
	arena_free(a);
}

static struct bufferevent *
new_connection(struct event_base *base, void *arg)
{
	struct server *sv = arg;
	struct bufferevent *b = bufferevent_openssl_socket_new(base, -1,
	    SSL_new(sv->tls), BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);

	if (b != NULL)
		bufferevent_openssl_set_allow_dirty_shutdown(b, 1);
	return b;
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct server *sv = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(sv->base);
}

static enum err_code
listen_on(struct sandbox *s, struct err *e)
{
	struct server *sv = s->server;
	struct evhttp_bound_socket *bound;
	struct sockaddr_in at = {0};
	socklen_t n = sizeof(at);
	int on = 1;

	evhttp_set_bevcb(sv->http, new_connection, sv);
	evhttp_set_gencb(sv->http, on_request, s);
	evhttp_set_max_body_size(sv->http, (ev_ssize_t)SANDBOX_BODY_MAX);
	evhttp_set_max_headers_size(sv->http, 64 * 1024);
	evhttp_set_timeout(sv->http, 120);
	evhttp_set_default_content_type(sv->http, NULL);
	evhttp_set_allowed_methods(sv->http,
	    EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
		EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_PATCH);
	bound = evhttp_bind_socket_with_handle(
	    sv->http, "127.0.0.1", s->options.port);
	if (bound == NULL)
		return err_set(e, ERR_IO, "port %u: %s",
		    (unsigned)s->options.port, strerror(errno));
	/* Connections inherit it; without, Nagle's algorithm and delayed
	 * acknowledgement cost 40 ms an answer. */
	setsockopt(evhttp_bound_socket_get_fd(bound), IPPROTO_TCP, TCP_NODELAY,
	    &on, sizeof(on));
	if (getsockname(evhttp_bound_socket_get_fd(bound),
		(struct sockaddr *)&at, &n) != 0)
		return err_set(e, ERR_IO, "%s", strerror(errno));
	sv->port = ntohs(at.sin_port);
	snprintf(s->url, sizeof(s->url), "https://localhost:%u" BASE_PATH,
	    (unsigned)sv->port);
	return ERR_OK;
}

static enum err_code
server_new(struct sandbox *s, struct err *e)
{
	struct server *sv = calloc(1, sizeof(*sv));
	enum err_code code;

	if (sv == NULL)
		abort();
	s->server = sv;
	pthread_mutex_init(&sv->mutex, NULL);
	LIST_INIT(&sv->closing);
	sv->pipe[0] = sv->pipe[1] = -1;
	/* A client that goes away must not end the process. */
	signal(SIGPIPE, SIG_IGN);
	if ((code = tls_server_new(s->options.cert_dir, &sv->tls, e)) != ERR_OK)
		return code;
	sv->base = event_base_new();
	sv->http = sv->base == NULL ? NULL : evhttp_new(sv->base);
	if (sv->http == NULL || pipe(sv->pipe) != 0)
		return err_set(e, ERR_IO, "no event loop");
	sv->wake =
	    event_new(sv->base, sv->pipe[0], EV_READ | EV_PERSIST, on_wake, sv);
	event_add(sv->wake, NULL);
	return listen_on(s, e);
}

static void
server_free(struct server *sv)
{
	struct closing *c;

	if (sv == NULL)
		return;
	while ((c = LIST_FIRST(&sv->closing)) != NULL) {
		if (evhttp_request_get_connection(c->request) == NULL)
			evhttp_request_free(c->request);
		closing_free(c);
	}
	if (sv->http != NULL)
		evhttp_free(sv->http);
	if (sv->wake != NULL)
		event_free(sv->wake);
	if (sv->base != NULL)
		event_base_free(sv->base);
	for (int i = 0; i < 2; i++)
		if (sv->pipe[i] >= 0)
			close(sv->pipe[i]);
	SSL_CTX_free(sv->tls);
	pthread_mutex_destroy(&sv->mutex);
	free(sv);
}

/* The token's first line. */
static enum err_code
read_token(struct sandbox *s, struct err *e)
{
	char line[4096];
	FILE *f;

	if (s->options.token_file == NULL)
		return ERR_OK;
	f = fopen(s->options.token_file, "r");
	if (f == NULL)
		return err_set(e, ERR_IO, "token file: %s", strerror(errno));
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0')
		return err_set(e, ERR_CONFIG, "the token file is empty");
	s->token = strdup(line);
	return ERR_OK;
}

static void
sandbox_free(struct sandbox *s)
{
	if (s->server != NULL)
		server_free(s->server);
	fault_free_all(s);
	snapshots_free(s);
	exports_free(s);
	store_done(&s->store);
	free(s->token);
	free(s->software);
	free(s);
}

enum err_code
sandbox_new(
    const struct sandbox_options *o, struct sandbox **ret, struct err *e)
{
	struct sandbox *s = calloc(1, sizeof(*s));
	enum err_code code;

	if (s == NULL)
		abort();
	s->options = *o;
	if (s->options.max_snapshots < 1)
		s->options.max_snapshots = 1;
	s->snapshots =
	    calloc((size_t)s->options.max_snapshots, sizeof(*s->snapshots));
	if (s->snapshots == NULL)
		abort();
	s->snapshot_salt = (uint64_t)time(NULL);
	s->software = strdup("Rescan sandbox");
	store_init(&s->store);
	if ((code = read_token(s, e)) != ERR_OK ||
	    (code = server_new(s, e)) != ERR_OK) {
		sandbox_free(s);
		return code;
	}
	*ret = s;
	return ERR_OK;
}

static void *
thread_main(void *arg)
{
	struct server *sv = arg;

	event_base_dispatch(sv->base);
	return NULL;
}

enum err_code
sandbox_start(struct sandbox *s, struct err *e)
{
	struct server *sv = s->server;
	sigset_t all, old;
	int rc;

	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&sv->thread, NULL, thread_main, sv);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0)
		return err_set(e, ERR_IO, "thread: %s", strerror(rc));
	sv->running = true;
	return ERR_OK;
}

void
sandbox_run(struct sandbox *s)
{
	struct server *sv = s->server;

	sv->sigint = evsignal_new(sv->base, SIGINT, on_wake, sv);
	sv->sigterm = evsignal_new(sv->base, SIGTERM, on_wake, sv);
	event_add(sv->sigint, NULL);
	event_add(sv->sigterm, NULL);
	event_base_dispatch(sv->base);
	event_free(sv->sigint);
	event_free(sv->sigterm);
}

void
sandbox_stop(struct sandbox *s)
{
	if (s == NULL)
		return;
	if (s->server->running) {
		ssize_t n = write(s->server->pipe[1], "x", 1);

		(void)n;
		pthread_join(s->server->thread, NULL);
	}
	sandbox_free(s);
}

void
sandbox_set_software(struct sandbox *s, const char *name)
{
	sandbox_lock(s);
	free(s->software);
	s->software = name == NULL ? NULL : strdup(name);
	sandbox_unlock(s);
}

uint16_t
sandbox_port(const struct sandbox *s)
{
	return s->server->port;
}

const char *
sandbox_url(const struct sandbox *s)
{
	return s->url;
}
