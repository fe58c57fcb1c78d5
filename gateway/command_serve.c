/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rescan serve`: take notifications, nudge the gateway.
 */
#include "gateway/command.h"
#include "gateway/web.h"

#include <getopt.h>
#include <signal.h>
#include <string.h>

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static struct web *running;

static void
usage(FILE *out)
{
	fputs("usage: rescan serve -c FILE\n"
	      "\n"
	      "  -c FILE  configuration; sections [serve] and [poll] "
	      "nudge_file\n"
	      "\nTakes POST https://HOST:PORT/notify/SECRET, as an R4 "
	      "Subscription of type\nrest-hook without payload sends it, and "
	      "touches nudge_file: `rescan run` on the\nsame file then looks "
	      "at once.  What is sent is not read; nothing is stored.\n",
	    out);
}

static void
on_signal(int signal)
{
	(void)signal;
	web_stop(running);
}

static void
catch_signals(void)
{
	struct sigaction a = {.sa_handler = on_signal};

	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

static enum err_code
serve(const char *path, struct err *e)
{
	struct config *c = NULL;
	enum err_code rc = config_load(path, &c, e);

	if (rc == ERR_OK)
		rc = web_new(&c->serve, c->poll_nudge_file, &running, e);
	if (rc == ERR_OK) {
		catch_signals();
		web_run(running);
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		web_free(running);
	}
	config_free(c);
	return rc;
}

int
command_serve(int argc, char **argv)
{
	const char *path = NULL;
	struct err e = ERR_INIT;
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (opt == 'h') {
			usage(stdout);
			return EXIT_DONE;
		}
		if (opt != 'c') {
			usage(stderr);
			return EXIT_USAGE;
		}
		path = optarg;
	}
	if (path == NULL || optind != argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (serve(path, &e) == ERR_OK)
		return EXIT_DONE;
	command_complain(&e);
	return EXIT_FAILED;
}
