/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rescan rules`: what the program judges by.
 */
#include "gateway/command.h"

#include <stdio.h>
#include <string.h>

#include "gateway/rulebook.h"

static void
usage(FILE *out)
{
	fputs("usage: rescan rules [--ids]\n\n"
	      "Print every criterion's thresholds, tables and options, and "
	      "every rule id with its\ncitation; --ids: the rule ids alone, "
	      "as a Markdown table.\n",
	    out);
}

int
command_rules(int argc, char **argv)
{
	struct strbuf out;
	bool ids = argc == 2 && strcmp(argv[1], "--ids") == 0;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return EXIT_DONE;
	}
	if (argc > 1 && !ids) {
		usage(stderr);
		return EXIT_USAGE;
	}
	strbuf_init(&out, (size_t)1 << 20);
	if (ids)
		rulebook_write_ids(&out);
	else
		rulebook_write(&out);
	fputs(out.s, stdout);
	strbuf_done(&out);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}
