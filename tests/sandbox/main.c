/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rescan-sandbox: a FHIR R4 server over TLS on loopback, for demonstrations
 * and for integration engineers.
 */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sandbox/cohort.h"
#include "tests/sandbox/sandbox.h"

static const char usage[] =
    "usage: rescan-sandbox [options]\n"
    "A FHIR R4 server in memory, over TLS, on loopback.  Synthetic data only.\n"
    "  --port N         listen there (default: any free port)\n"
    "  --certs DIR      server.pem and server.key.pem (default build/certs,\n"
    "                   made by certs/make.sh)\n"
    "  --cohort         load the synthetic patients of --cohort-file\n"
    "  --cohort-file F  (default " COHORT_FILE ")\n"
    "  --print-cohort   print them as one transaction Bundle, and end\n"
    "  --bulk N         load N made-up patients more\n"
    "  --seed N         of the made-up patients (default 1)\n"
    "  --token-file F   ask for the bearer token in F\n"
    "  --port-file F    write the port to F when ready\n"
    "  --require-patient      clinical types are searched by patient only\n"
    "  --require-category     Observation by category or code, too\n"
    "  --refuse-last-updated  there is no such parameter\n"
    "  --no-history           of a type\n"
    "  --offset-paging        pages of a search that moves\n"
    "  --faults         answer POST /$fault\n"
    "  --quiet          do not print the address\n";

enum {
	OPT_PORT = 256,
	OPT_CERTS,
	OPT_COHORT,
	OPT_COHORT_FILE,
	OPT_PRINT,
	OPT_BULK,
	OPT_SEED,
	OPT_TOKEN,
	OPT_PORT_FILE,
	OPT_FAULTS,
	OPT_QUIET,
	OPT_REQUIRE_PATIENT,
	OPT_REQUIRE_CATEGORY,
	OPT_REFUSE_LAST_UPDATED,
	OPT_NO_HISTORY,
	OPT_OFFSET_PAGING,
	OPT_HELP
};

static const struct option long_options[] = {
    {"port", required_argument, NULL, OPT_PORT},
    {"certs", required_argument, NULL, OPT_CERTS},
    {"cohort", no_argument, NULL, OPT_COHORT},
    {"cohort-file", required_argument, NULL, OPT_COHORT_FILE},
    {"print-cohort", no_argument, NULL, OPT_PRINT},
    {"bulk", required_argument, NULL, OPT_BULK},
    {"seed", required_argument, NULL, OPT_SEED},
    {"token-file", required_argument, NULL, OPT_TOKEN},
    {"port-file", required_argument, NULL, OPT_PORT_FILE},
    {"faults", no_argument, NULL, OPT_FAULTS},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"require-patient", no_argument, NULL, OPT_REQUIRE_PATIENT},
    {"require-category", no_argument, NULL, OPT_REQUIRE_CATEGORY},
    {"refuse-last-updated", no_argument, NULL, OPT_REFUSE_LAST_UPDATED},
    {"no-history", no_argument, NULL, OPT_NO_HISTORY},
    {"offset-paging", no_argument, NULL, OPT_OFFSET_PAGING},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

struct arguments {
	struct sandbox_options options;
	const char *port_file;
	const char *cohort_file;
	long bulk, seed;
	bool own_certs, quiet, cohort, print;
};

static bool
read_number(const char *text, long max, long *ret)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end != '\0' || n < 0 || n > max)
		return false;
	*ret = n;
	return true;
}

/* true when it was one of the server's habits. */
static bool
take_habit(int c, struct sandbox_habits *h)
{
	const struct {
		int option;
		bool *flag;
	} rows[] = {{OPT_REQUIRE_PATIENT, &h->require_patient},
	    {OPT_REQUIRE_CATEGORY, &h->require_category},
	    {OPT_REFUSE_LAST_UPDATED, &h->refuse_last_updated},
	    {OPT_NO_HISTORY, &h->no_history},
	    {OPT_OFFSET_PAGING, &h->offset_paging}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].option == c)
			return *rows[i].flag = true;
	}
	return false;
}

/* -1: go on; else the exit status. */
static int
take_option(int c, struct arguments *a)
{
	long n;

	if (take_habit(c, &a->options.habits))
		return -1;
	switch (c) {
	case OPT_PORT:
		if (!read_number(optarg, UINT16_MAX, &n))
			break;
		a->options.port = (uint16_t)n;
		return -1;
	case OPT_CERTS:
		a->options.cert_dir = optarg;
		a->own_certs = true;
		return -1;
	case OPT_COHORT:
		a->cohort = true;
		return -1;
	case OPT_COHORT_FILE:
		a->cohort_file = optarg;
		return -1;
	case OPT_PRINT:
		a->print = true;
		return -1;
	case OPT_BULK:
		if (!read_number(optarg, 1000000, &a->bulk))
			break;
		return -1;
	case OPT_SEED:
		if (!read_number(optarg, LONG_MAX, &a->seed))
			break;
		return -1;
	case OPT_TOKEN:
		a->options.token_file = optarg;
		return -1;
	case OPT_PORT_FILE:
		a->port_file = optarg;
		return -1;
	case OPT_FAULTS:
		a->options.admin = true;
		return -1;
	case OPT_QUIET:
		a->quiet = true;
		return -1;
	case OPT_HELP:
		fputs(usage, stdout);
		return 0;
	default:
		break;
	}
	fputs(usage, stderr);
	return 2;
}

static int
fail(const struct err *e)
{
	fprintf(stderr, "rescan-sandbox: %s\n", e->text);
	return 1;
}

static enum err_code
write_port(const struct arguments *a, struct sandbox *s, struct err *e)
{
	FILE *f;

	if (a->port_file == NULL)
		return ERR_OK;
	f = fopen(a->port_file, "w");
	if (f == NULL)
		return err_set(e, ERR_IO, "cannot write %s", a->port_file);
	fprintf(f, "%u\n", (unsigned)sandbox_port(s));
	fclose(f);
	return ERR_OK;
}

static int
print_cohort(const struct arguments *a)
{
	struct err e = ERR_INIT;
	struct strbuf out;
	int status = 0;

	strbuf_init(&out, COHORT_MAX);
	if (cohort_bundle(a->cohort_file, &out, &e) != ERR_OK)
		status = fail(&e);
	else
		puts(out.s);
	strbuf_done(&out);
	return status;
}

static enum err_code
load(const struct arguments *a, struct sandbox *s, struct err *e)
{
	enum err_code code = ERR_OK;
	struct strbuf out;

	strbuf_init(&out, COHORT_MAX);
	if (a->cohort &&
	    (code = cohort_bundle(a->cohort_file, &out, e)) == ERR_OK)
		code = sandbox_load_bundle(s, out.s, e);
	for (long i = 0; i < a->bulk && code == ERR_OK; i++) {
		strbuf_reset(&out);
		cohort_bulk_bundle((uint64_t)a->seed, (unsigned)i, &out);
		code = sandbox_load_bundle(s, out.s, e);
	}
	strbuf_done(&out);
	return code;
}

int
main(int argc, char **argv)
{
	struct arguments a = {
	    .options = SANDBOX_DEFAULTS, .cohort_file = COHORT_FILE, .seed = 1};
	struct sandbox *s = NULL;
	struct err e = ERR_INIT;
	int c, status;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if ((status = take_option(c, &a)) >= 0)
			return status;
	if (optind < argc)
		return take_option('?', &a);
	if (a.print)
		return print_cohort(&a);
	if (!a.own_certs &&
	    sandbox_make_certs(a.options.cert_dir, &e) != ERR_OK)
		return fail(&e);
	if (sandbox_new(&a.options, &s, &e) != ERR_OK)
		return fail(&e);
	if (load(&a, s, &e) != ERR_OK || write_port(&a, s, &e) != ERR_OK) {
		sandbox_stop(s);
		return fail(&e);
	}
	if (!a.quiet) {
		puts(sandbox_url(s));
		fflush(stdout);
	}
	sandbox_run(s);
	sandbox_stop(s);
	return 0;
}
