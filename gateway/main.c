/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command table.
 */
#include "gateway/command.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Run the sandbox server that is built beside this program. */
static int
command_sandbox(int argc, char **argv)
{
	char self[PATH_MAX], path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)argc;
	if (n > 0) {
		self[n] = '\0';
		snprintf(
		    path, sizeof(path), "%s/rescan-sandbox", dirname(self));
		execv(path, argv);
	}
	perror("rescan: rescan-sandbox");
	return EXIT_FAILED;
}

static const struct command {
	const char *name, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
    {"assess", "assess FHIR files offline and print the assessment",
	command_assess},
    {"explain", "the same as prose, with every rule and its citation",
	command_explain},
    {"run", "poll a FHIR server, assess, write back", command_run},
    {"serve", "take notifications, so that run looks at once", command_serve},
    {"check", "configuration and code maps are sound", command_check},
    {"probe", "what a FHIR server can and cannot do for us", command_probe},
    {"keys", "make a signing key for SMART, print the public JWKS",
	command_keys},
    {"capture", "record one cycle's traffic, for a bug report",
	command_capture},
    {"replay", "run a recorded cycle once more, without a network",
	command_replay},
    {"quarantine", "what could not be read, mapped or written",
	command_quarantine},
    {"rules", "every rule, threshold and option, with citations",
	command_rules},
    {"sandbox", "a FHIR R4 server over TLS to try it on", command_sandbox},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
usage(FILE *out)
{
	fputs("usage: rescan COMMAND [OPTION]... [FILE]...\n\n", out);
	for (size_t i = 0; i < N_COMMANDS; i++) {
		fprintf(out, "  rescan %-10s %s\n", commands[i].name,
		    commands[i].help);
	}
	fputs("\n`rescan COMMAND --help` tells more.  Exit status: 0 done, "
	      "1 failed,\n2 wrong usage, 3 done with problems.\n"
	      "Decision support for clinicians; not a medical device.\n",
	    out);
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(stdout);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("rescan " RESCAN_VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "rescan: no command '%s'\n", argv[1]);
	usage(stderr);
	return EXIT_USAGE;
}
