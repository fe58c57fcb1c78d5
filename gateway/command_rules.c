/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rescan rules`: what the program judges by.
 */
#include "gateway/command.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "gateway/rulebook.h"
#include "mappings/codemap.h"

static void
usage(FILE *out)
{
	fputs("usage: rescan rules [--ids | --maps]\n\n"
	      "Print every criterion's thresholds, tables and options, and "
	      "every rule id with its\ncitation; --ids: the rule ids alone, "
	      "as a Markdown table; --maps: the code maps.\n",
	    out);
}

static int
print_maps(void)
{
	char dir[PATH_MAX];
	const char *dirs[1] = {dir};
	struct codemap *maps = NULL;
	struct strbuf out;
	struct err e = ERR_INIT;

	if (!command_maps_dir(dir, sizeof(dir)))
		err_set(&e, ERR_CONFIG, "no code maps found");
	else if (codemap_load(dirs, 1, &maps, &e) != ERR_OK)
		maps = NULL;
	if (maps == NULL) {
		command_complain(&e);
		return EXIT_FAILED;
	}
	strbuf_init(&out, (size_t)1 << 24);
	codemap_print(maps, &out);
	fputs(out.s, stdout);
	strbuf_done(&out);
	codemap_free(maps);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
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
	if (argc == 2 && strcmp(argv[1], "--maps") == 0)
		return print_maps();
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
