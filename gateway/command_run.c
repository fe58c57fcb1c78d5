/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rescan run`: the gateway.
 */
#include "fhir/http.h"
#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "gateway/command.h"
#include "gateway/offline.h"
#include "gateway/schedule.h"

#include <getopt.h>
#include <signal.h>
#include <string.h>

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"server", required_argument, NULL, 's'},
    {"once", no_argument, NULL, 'o'},
    {"dry-run", no_argument, NULL, 'n'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct request {
	const char *config, *server;
	bool once, dry_run;
};

static void
usage(FILE *out)
{
	fputs("usage: rescan run -c FILE [--once] [--dry-run] [--server NAME]\n"
	      "\n"
	      "  -c FILE        configuration; `rescan check "
	      "--print-defaults` prints one\n"
	      "  --once         one cycle, then exit\n"
	      "  --dry-run      write nothing; print what would change\n"
	      "  --server NAME  which of several [server] sections\n"
	      "\nConclusions go to standard output, the log to standard "
	      "error.  SIGINT and SIGTERM\nend it after the step at hand; "
	      "nothing is lost.\n",
	    out);
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
		case 'n':
			r->dry_run = r->once = true;
			break;
		case 'h':
			usage(stdout);
			return -1;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind != argc || r->config == NULL) {
		usage(stderr);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

static void
on_signal(int signal)
{
	(void)signal;
	clock_stop();
	http_stop();
}

static void
catch_signals(void)
{
	struct sigaction a = {.sa_handler = on_signal};

	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* What the end of a cycle needs. */
struct running {
	bool once;
	struct metrics *metrics;
	const char *metrics_file; /* or NULL */
};

static void
end_cycle(void *ctx, const struct cycle_report *r, const struct err *e)
{
	const struct running *running = ctx;
	struct err failed = ERR_INIT;

	metrics_cycle(running->metrics, r, e);
	if (running->metrics_file != NULL &&
	    metrics_write(running->metrics, running->metrics_file, &failed) !=
		ERR_OK)
		log_event(LOG_METRICS_FAILED, log_err(&failed));
	pipeline_print(r, stdout);
	if (e != NULL && !running->once) /* a single cycle returns it */
		command_complain(e);
	fflush(stdout);
}

static enum err_code
run(const struct request *r, const struct offline *o, struct err *e)
{
	struct pipeline_options po = {
	    .config = o->config,
	    .maps = o->maps,
	    .dry_run = r->dry_run,
	    .diff = r->dry_run ? stdout : NULL,
	};
	struct metrics metrics;
	struct running running = {r->once, &metrics, o->config->metrics_file};
	struct pipeline *p = NULL;
	enum err_code rc;

	rc = config_server(o->config, r->server, &po.server, e);
	if (rc != ERR_OK)
		return rc;
	rc = store_sqlite.open(
	    o->config->store_path, STORE_WRITER, &po.store, e);
	if (rc != ERR_OK)
		goto out;
	log_event(LOG_START, log_word("version", RESCAN_VERSION),
	    log_word("server", po.server->name));
	metrics_init(&metrics, po.server->name);
	po.metrics = &metrics;
	rc = pipeline_new(&po, &p, e);
	if (rc != ERR_OK)
		goto out;
	rc = schedule_run(p, o->config, r->once, end_cycle, &running, e);
	log_event(LOG_STOP, log_word("server", po.server->name));
out:
	pipeline_free(p);
	store_sqlite.close(po.store);
	return rc;
}

int
command_run(int argc, char **argv)
{
	struct request r = {NULL, NULL, false, false};
	struct err e = ERR_INIT;
	struct offline o;
	int status = parse(argc, argv, &r);

	if (status != EXIT_DONE)
		return status == -1 ? EXIT_DONE : status;
	catch_signals();
	if (offline_open(&o, r.config, &e) != ERR_OK ||
	    run(&r, &o, &e) != ERR_OK) {
		command_complain(&e);
		status = EXIT_FAILED;
	}
	offline_close(&o);
	return status;
}
