/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rescan check`: is the configuration sound, are the code maps?  Reads files
 * and nothing else: no network, no store, no side effects.
 */
#include "gateway/command.h"
#include "gateway/connect.h"
#include "gateway/offline.h"

#include <getopt.h>
#include <string.h>

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"print-defaults", no_argument, NULL, 'p'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void
usage(FILE *out)
{
	fputs("usage: rescan check [-c FILE] [--print-defaults]\n\n"
	      "  -c FILE           check this configuration and the code maps "
	      "it names\n"
	      "  --print-defaults  print a configuration of all options at "
	      "their defaults\n",
	    out);
}

static void
report(const struct offline *o)
{
	const struct codemap_source *maps;
	size_t n = codemap_sources(o->maps, &maps);

	for (size_t i = 0; i < o->config->servers.n; i++) {
		const struct config_server *s = &o->config->servers.items[i];

		printf("server %s: %s\n", s->name, s->base_url);
	}
	for (size_t i = 0; i < n; i++) {
		printf("map %s|%s sha256 %.16s…\n", maps[i].url,
		    maps[i].version, maps[i].sha256);
	}
	puts("sound");
}

int
command_check(int argc, char **argv)
{
	const char *path = NULL;
	struct offline o;
	struct err e = ERR_INIT;
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			path = optarg;
			break;
		case 'p':
			config_print_defaults(stdout);
			return EXIT_DONE;
		case 'h':
			usage(stdout);
			return EXIT_DONE;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind != argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (offline_open(&o, path, &e) != ERR_OK ||
	    connect_check(o.config, &e) != ERR_OK) {
		command_complain(&e);
		offline_close(&o);
		return EXIT_FAILED;
	}
	report(&o);
	offline_close(&o);
	return EXIT_DONE;
}
