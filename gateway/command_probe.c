/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rescan probe`: what a FHIR server can and cannot do for us.
 */
#include "fhir/http.h"
#include "fhir/util/clock.h"
#include "gateway/command.h"
#include "gateway/probe.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_MAX ((size_t)16 << 20)

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"server", required_argument, NULL, 's'},
    {"ca-file", required_argument, NULL, 'a'},
    {"token-file", required_argument, NULL, 't'},
    {"patient", required_argument, NULL, 'p'},
    {"write", no_argument, NULL, 'w'},
    {"json", no_argument, NULL, 'j'},
    {"out", required_argument, NULL, 'o'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct request {
	const char *config, *server, *url;
	const char *ca_file, *token_file, *patient, *out;
	bool write, json;
};

static void
usage(FILE *out)
{
	fputs("usage: rescan probe URL | -c FILE [OPTION]...\n\n"
	      "What a FHIR R4 server can and cannot do for us: what it says "
	      "against what it does.\nReads only, unless --write is given.\n\n"
	      "  URL                the base, https://host/fhir\n"
	      "  -c FILE            the server of this configuration\n"
	      "  --server NAME      which of several [server] sections\n"
	      "  --ca-file FILE     PEM of a private certificate authority\n"
	      "  --token-file FILE  bearer token\n"
	      "  --patient ID       ask for this patient's data only\n"
	      "  --write            try writing, too: on resources of its own, "
	      "tagged as a test,\n"
	      "                     deleted again\n"
	      "  --json             JSON instead of the table\n"
	      "  --out FILE         write the profile that `[server] profile "
	      "= FILE` uses\n\n"
	      "Exit status: 0 fit; 1 no FHIR R4 server answers; 2 wrong usage; "
	      "3 something we\nneed is not to be had.\n",
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
		case 'a':
			r->ca_file = optarg;
			break;
		case 't':
			r->token_file = optarg;
			break;
		case 'p':
			r->patient = optarg;
			break;
		case 'w':
			r->write = true;
			break;
		case 'j':
			r->json = true;
			break;
		case 'o':
			r->out = optarg;
			break;
		case 'h':
			usage(stdout);
			return -1;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		r->url = argv[optind++];
	if (optind != argc || (r->url == NULL) == (r->config == NULL)) {
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

/* A line that overwrites itself, for whoever is looking. */
static void
show_progress(void *ctx, int n, const char *what)
{
	(void)ctx;
	fprintf(stderr, "\r\x1b[Kprobe: %d  %.60s", n, what);
	fflush(stderr);
}

/* The configuration, or the defaults with the server of the command line. */
static enum err_code
find_server(const struct request *r, struct config **ret_config,
    const struct config_server **ret, struct err *e)
{
	enum err_code rc;

	if (r->url != NULL)
		rc = config_for_url(r->url, ret_config, e);
	else
		rc = config_load(r->config, ret_config, e);
	if (rc == ERR_OK)
		rc = config_server(*ret_config, r->server, ret, e);
	return rc;
}

static enum err_code
write_profile(const char *path, const struct profile *p, struct err *e)
{
	struct strbuf text;
	FILE *f = fopen(path, "we");
	enum err_code rc = ERR_OK;

	if (f == NULL)
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	strbuf_init(&text, OUTPUT_MAX);
	profile_write(p, &text);
	if (fwrite(text.s, 1, text.len, f) != text.len)
		rc = err_set(e, ERR_IO, "%s: cannot be written", path);
	if (fclose(f) != 0 && rc == ERR_OK)
		rc = err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	strbuf_done(&text);
	return rc;
}

static void
print(const struct request *r, const struct probe_report *report)
{
	struct strbuf text;

	if (!r->json) {
		probe_print(report, stdout);
		return;
	}
	strbuf_init(&text, OUTPUT_MAX);
	probe_json(report, &text);
	fputs(text.s, stdout);
	strbuf_done(&text);
}

static enum err_code
probe(const struct request *r, const struct config *c,
    const struct config_server *server, int *ret_status, struct err *e)
{
	struct config_server copy = *server;
	struct probe_options o = {.config = c,
	    .server = &copy,
	    .patient = r->patient,
	    .write = r->write,
	    .progress = isatty(STDERR_FILENO) ? show_progress : NULL};
	struct probe_report report;
	enum err_code rc;

	if (r->ca_file != NULL)
		copy.ca_file = r->ca_file;
	if (r->token_file != NULL) {
		copy.token_file = r->token_file;
		copy.auth = "bearer";
	}
	rc = probe_run(&o, &report, e);
	if (o.progress != NULL)
		fputs("\r\x1b[K", stderr);
	/* What was found and left behind is said even when it broke off. */
	if (report.findings.n > 0)
		print(r, &report);
	if (rc == ERR_OK && r->out != NULL)
		rc = write_profile(r->out, &report.profile, e);
	if (rc == ERR_OK)
		*ret_status = probe_is_fit(&report) ? EXIT_DONE : EXIT_PROBLEMS;
	probe_done(&report);
	return rc;
}

int
command_probe(int argc, char **argv)
{
	struct request r = {0};
	struct sigaction a = {.sa_handler = on_signal};
	const struct config_server *server;
	struct config *c = NULL;
	struct err e = ERR_INIT;
	int status = parse(argc, argv, &r);

	if (status != EXIT_DONE)
		return status == -1 ? EXIT_DONE : status;
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (find_server(&r, &c, &server, &e) != ERR_OK ||
	    probe(&r, c, server, &status, &e) != ERR_OK) {
		command_complain(&e);
		status = EXIT_FAILED;
	}
	config_free(c);
	return status;
}
