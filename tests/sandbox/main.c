/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rescan-sandbox: a FHIR R4 server over TLS on loopback, for demonstrations
 * and for integration engineers.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sandbox/sandbox.h"

static const char usage[] =
    "usage: rescan-sandbox [options]\n"
    "A FHIR R4 server in memory, over TLS, on loopback.  Synthetic data only.\n"
    "  --port N         listen there (default: any free port)\n"
    "  --certs DIR      server.pem and server.key.pem (default build/certs,\n"
    "                   made by certs/make.sh)\n"
    "  --token-file F   ask for the bearer token in F\n"
    "  --port-file F    write the port to F when ready\n"
    "  --faults         answer POST /$fault\n"
    "  --quiet          do not print the address\n";

enum {
	OPT_PORT = 256,
	OPT_CERTS,
	OPT_TOKEN,
	OPT_PORT_FILE,
	OPT_FAULTS,
	OPT_QUIET,
	OPT_HELP
};

static const struct option long_options[] = {
    {"port", required_argument, NULL, OPT_PORT},
    {"certs", required_argument, NULL, OPT_CERTS},
    {"token-file", required_argument, NULL, OPT_TOKEN},
    {"port-file", required_argument, NULL, OPT_PORT_FILE},
    {"faults", no_argument, NULL, OPT_FAULTS},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

struct arguments {
	struct sandbox_options options;
	const char *port_file;
	bool own_certs, quiet;
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

/* -1: go on; else the exit status. */
static int
take_option(int c, struct arguments *a)
{
	long n;

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

int
main(int argc, char **argv)
{
	struct arguments a = {.options = SANDBOX_DEFAULTS};
	struct sandbox *s = NULL;
	struct err e = ERR_INIT;
	int c, status;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if ((status = take_option(c, &a)) >= 0)
			return status;
	if (optind < argc)
		return take_option('?', &a);
	if (!a.own_certs &&
	    sandbox_make_certs(a.options.cert_dir, &e) != ERR_OK)
		return fail(&e);
	if (sandbox_new(&a.options, &s, &e) != ERR_OK)
		return fail(&e);
	if (write_port(&a, s, &e) != ERR_OK) {
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
