/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rescan run`: the gateway.
 */
#include "fhir/http.h"
#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "gateway/capture.h"
#include "gateway/command.h"
#include "gateway/connect.h"
#include "gateway/fleet.h"
#include "gateway/offline.h"
#include "gateway/schedule.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"server", required_argument, NULL, 's'},
    {"once", no_argument, NULL, 'o'},
    {"dry-run", no_argument, NULL, 'n'},
    {"capture", required_argument, NULL, 'C'},
    {"redact", no_argument, NULL, 'R'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct request {
	const char *config, *server;
	const char *capture; /* or NULL: as configured */
	bool once, dry_run, redact;
	bool for_capture; /* `rescan capture` */
};

static void
usage(FILE *out)
{
	fputs("usage: rescan run -c FILE [--once] [--dry-run] [--server NAME]\n"
	      "                  [--capture DIR [--redact]]\n"
	      "\n"
	      "  -c FILE        configuration; `rescan check "
	      "--print-defaults` prints one\n"
	      "  --once         one cycle, then exit\n"
	      "  --dry-run      write nothing; print what would change\n"
	      "  --server NAME  this one of several [server] sections; "
	      "without it all of them,\n"
	      "                 each in a process of its own\n"
	      "  --capture DIR  record everything that goes over the wire, for "
	      "`rescan replay`;\n"
	      "                 the folder holds patients' data then\n"
	      "  --redact       replace names and identifiers in it\n"
	      "\nConclusions go to standard output, the log to standard "
	      "error.  SIGINT and SIGTERM\nend it after the step at hand; "
	      "nothing is lost.  SIGHUP reads the configuration\nagain; one "
	      "that is not sound is refused and the old goes on.\n",
	    out);
}

static void
usage_capture(FILE *out)
{
	fputs("usage: rescan capture DIR -c FILE [--redact] [--server NAME] "
	      "[--dry-run]\n"
	      "\n"
	      "Record everything that goes over the wire in one cycle, for "
	      "`rescan replay`; the\nfolder holds patients' data then.\n"
	      "\n"
	      "  -c FILE        configuration\n"
	      "  --redact       replace names and identifiers in it\n"
	      "  --server NAME  this one of several [server] sections\n"
	      "  --dry-run      write nothing to the server\n",
	    out);
}

static void
usage_for(const struct request *r, FILE *out)
{
	if (r->for_capture)
		usage_capture(out);
	else
		usage(out);
}

/* EXIT_DONE to go on, else the status to leave with; -1 for --help. */
static int
parse(int argc, char **argv, struct request *r)
{
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			r->config = optarg;
			break;
		case 's':
			r->server = optarg;
			break;
		case 'o':
			r->once = true;
			break;
		case 'C':
			r->capture = optarg;
			break;
		case 'R':
			r->redact = true;
			break;
		case 'n':
			r->dry_run = r->once = true;
			break;
		case 'h':
			usage_for(r, stdout);
			return -1;
		default:
			usage_for(r, stderr);
			return EXIT_USAGE;
		}
	}
	if (r->config == NULL) {
		usage_for(r, stderr);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

static void
on_stop(int signal)
{
	(void)signal;
	clock_stop();
	http_stop();
}

static void
on_ask(int signal)
{
	(void)signal;
	schedule_ask();
}

static void
catch_signals(void)
{
	struct sigaction stop = {.sa_handler = on_stop};
	struct sigaction ask = {.sa_handler = on_ask};

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &ask, NULL);
	sigaction(SIGUSR1, &ask, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* The command while it runs. */
struct running {
	const struct request *request;
	struct offline o;    /* the configuration in use */
	struct offline next; /* a sound one that waits for its turn */
	bool has_next;
	bool many; /* processes on one store */
	struct metrics metrics;
	char *metrics_file;      /* or NULL */
	struct capture *capture; /* or NULL */
	bool capture_lost;       /* and that was said */
};

/* --- one server --- */

static void
begin_cycle(void *ctx)
{
	struct running *r = ctx;

	if (r->capture != NULL)
		capture_cycle(r->capture);
}

static void
end_cycle(void *ctx, const struct cycle_report *r, const struct err *e)
{
	struct running *running = ctx;
	struct err failed = ERR_INIT;

	if (running->capture != NULL && (e == NULL || e->code != ERR_STOPPED))
		capture_cycle_done(running->capture);
	if (running->capture != NULL && capture_failed(running->capture) &&
	    !running->capture_lost) {
		running->capture_lost = true;
		log_event(LOG_CAPTURE_FAILED, log_word("server", r->server));
	}
	metrics_cycle(&running->metrics, r, e);
	if (running->metrics_file != NULL &&
	    metrics_write(&running->metrics, running->metrics_file, &failed) !=
		ERR_OK)
		log_event(LOG_METRICS_FAILED, log_err(&failed));
	pipeline_print(r, stdout);
	if (e != NULL &&
	    !running->request->once) /* a single cycle returns it */
		command_complain(e);
	fflush(stdout);
}

/* Each process has a file of its own: /x/rescan.prom, /x/rescan-NAME.prom. */
static char *
metrics_file(const struct running *r, const char *server)
{
	const char *path = r->o.config->metrics_file, *dot;
	char *name = NULL;

	if (path == NULL || !r->many)
		return path == NULL ? NULL : strdup(path);
	dot = strrchr(path, '.');
	if (dot == NULL || strchr(dot, '/') != NULL)
		dot = path + strlen(path);
	if (asprintf(&name, "%.*s-%s%s", (int)(dot - path), path, server, dot) <
	    0)
		abort();
	return name;
}

/* Record from here on, if that is asked for; each process in a folder of its
 * own. */
static enum err_code
begin_capture(struct running *r, struct pipeline_options *po, struct err *e)
{
	const char *dir = r->request->capture;
	bool redact = r->request->redact || r->o.config->capture_redact;
	char path[4096];
	enum err_code rc;

	if (dir == NULL)
		dir = r->o.config->capture_dir;
	if (dir == NULL)
		return ERR_OK;
	snprintf(path, sizeof(path), "%s%s%s", dir, r->many ? "/" : "",
	    r->many ? po->server->name : "");
	rc = capture_begin(path, redact, po->server, po->store, &r->capture, e);
	if (rc == ERR_OK) {
		po->transport = capture_transport(r->capture);
		log_event(LOG_CAPTURE, log_word("server", po->server->name));
	} else if (!r->request->once) {
		/* Of a daemon it is no reason to stop: a folder that was
		 * filled before, a full disk. */
		command_complain(e);
		log_event(
		    LOG_CAPTURE_FAILED, log_word("server", po->server->name));
		rc = ERR_OK;
	}
	return rc;
}

/* Sound as `rescan check` has it, or NULL. */
static bool
load_next(struct running *r)
{
	struct err e = ERR_INIT;

	if (r->has_next)
		offline_close(&r->next);
	r->has_next =
	    offline_open(&r->next, r->request->config, &e) == ERR_OK &&
	    connect_check(r->next.config, &e) == ERR_OK;
	if (r->has_next)
		return true;
	offline_close(&r->next);
	command_complain(&e);
	log_event(LOG_CONFIG_REFUSED, log_err(&e));
	return false;
}

static void
use_next(struct running *r)
{
	offline_close(&r->o);
	r->o = r->next;
	memset(&r->next, 0, sizeof(r->next));
	r->has_next = false;
	log_event(LOG_CONFIG_RELOADED, log_word("version", RESCAN_VERSION));
}

/* A process of many is replaced by its parent. */
static bool
leave(void *ctx)
{
	struct running *r = ctx;

	return r->many || load_next(r);
}

static enum err_code
run_server(struct running *r, const struct config_server *server,
    int64_t phase_ms, struct err *e)
{
	const struct request *request = r->request;
	struct pipeline_options po = {
	    .config = r->o.config,
	    .server = server,
	    .maps = r->o.maps,
	    .metrics = &r->metrics,
	    .dry_run = request->dry_run,
	    .diff = request->dry_run ? stdout : NULL,
	};
	struct schedule how = {.once = request->once,
	    .phase_ms = phase_ms,
	    .begin = begin_cycle,
	    .fn = end_cycle,
	    .leave = leave,
	    .ctx = r};
	struct pipeline *p = NULL;
	enum err_code rc = store_sqlite.open(r->o.config->store_path,
	    r->many ? STORE_MEMBER : STORE_WRITER, &po.store, e);

	if (rc == ERR_OK)
		rc = po.store->ops->leases_end(po.store, server->name, e);
	if (rc != ERR_OK)
		goto out;
	log_event(LOG_START, log_word("version", RESCAN_VERSION),
	    log_word("server", server->name));
	metrics_init(&r->metrics, server->name);
	r->metrics_file = metrics_file(r, server->name);
	rc = begin_capture(r, &po, e);
	if (rc == ERR_OK)
		rc = pipeline_new(&po, &p, e);
	if (rc != ERR_OK)
		goto out;
	rc = schedule_run(p, r->o.config, &how, e);
	log_event(LOG_STOP, log_word("server", server->name));
out:
	free(r->metrics_file);
	r->metrics_file = NULL;
	pipeline_free(p);
	capture_end(r->capture);
	r->capture = NULL;
	store_sqlite.close(po.store);
	return rc;
}

/* The server that was named, or the only one that is polled. */
static enum err_code
find_server(const struct config *c, const char *name,
    const struct config_server **ret, struct err *e)
{
	for (size_t i = 0; name == NULL && i < c->servers.n; i++) {
		if (c->servers.items[i].poll)
			name = c->servers.items[i].name;
	}
	return config_server(c, name, ret, e);
}

/* --- all of them --- */

static int
run_member(void *ctx, const struct config_server *server, int64_t phase_ms)
{
	struct running *r = ctx;
	struct err e = ERR_INIT;

	catch_signals();
	signal(SIGHUP, SIG_IGN);
	/* A report is written at once, so that those of two servers do not
	 * get mixed. */
	setvbuf(stdout, NULL, _IOFBF, (size_t)1 << 20);
	if (run_server(r, server, phase_ms, &e) == ERR_OK)
		return EXIT_DONE;
	err_context(&e, "%s", server->name);
	command_complain(&e);
	return EXIT_FAILED;
}

static const struct config *
reload(void *ctx)
{
	struct running *r = ctx;

	if (!load_next(r))
		return NULL;
	use_next(r);
	return r->o.config;
}

/* The parent makes the store, ends old leases, and lets go of it. */
static enum err_code
run_all(struct running *r, int *ret_status, struct err *e)
{
	struct fleet f = {r->request->once, run_member, reload, r};
	const char *dir = r->request->capture != NULL
			      ? r->request->capture
			      : r->o.config->capture_dir;
	struct store *s = NULL;
	enum err_code rc =
	    store_sqlite.open(r->o.config->store_path, STORE_WRITER, &s, e);

	store_sqlite.close(s);
	if (rc != ERR_OK)
		return rc;
	if (dir != NULL && mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_set(e, ERR_IO, "%s: %s", dir, strerror(errno));
	r->many = true;
	*ret_status = fleet_run(r->o.config, &f);
	return ERR_OK;
}

static size_t
count_polled(const struct config *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->servers.n; i++)
		n += c->servers.items[i].poll;
	return n;
}

/* With each configuration in turn, as long as there is a next one. */
static enum err_code
run(struct running *r, int *ret_status, struct err *e)
{
	const struct config_server *server;
	enum err_code rc;

	for (;;) {
		if (r->request->server == NULL && count_polled(r->o.config) > 1)
			return run_all(r, ret_status, e);
		rc = find_server(r->o.config, r->request->server, &server, e);
		if (rc == ERR_OK)
			rc = run_server(r, server, 0, e);
		if (rc != ERR_OK || !r->has_next)
			return rc;
		use_next(r);
	}
}

static int
execute(const struct request *request)
{
	struct running r = {.request = request};
	struct err e = ERR_INIT;
	int status = EXIT_DONE;
	enum err_code rc;

	catch_signals();
	rc = offline_open(&r.o, request->config, &e);
	if (rc == ERR_OK)
		rc = run(&r, &status, &e);
	if (rc != ERR_OK) {
		command_complain(&e);
		status = EXIT_FAILED;
	}
	if (r.has_next)
		offline_close(&r.next);
	offline_close(&r.o);
	return status;
}

int
command_run(int argc, char **argv)
{
	struct request request = {0};
	int status = parse(argc, argv, &request);

	if (status == EXIT_DONE && optind != argc) {
		usage(stderr);
		status = EXIT_USAGE;
	}
	if (status != EXIT_DONE)
		return status == -1 ? EXIT_DONE : status;
	return execute(&request);
}

/* `rescan capture DIR …` is `rescan run --once --capture DIR …`. */
int
command_capture(int argc, char **argv)
{
	struct request request = {.for_capture = true};
	int status = parse(argc, argv, &request);

	if (status == -1)
		return EXIT_DONE;
	if (status == EXIT_DONE && optind + 1 == argc &&
	    request.capture == NULL) {
		request.capture = argv[optind];
		request.once = true;
		return execute(&request);
	}
	if (status == EXIT_DONE)
		usage_capture(stderr);
	return EXIT_USAGE;
}
