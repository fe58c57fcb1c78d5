/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rescan replay`: a captured run once more, without a network.
 */
#include "gateway/command.h"
#include "gateway/offline.h"
#include "gateway/pipeline.h"
#include "gateway/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"store", required_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct request {
	const char *config, *dir, *store;
};

static void
usage(FILE *out)
{
	fputs("usage: rescan replay DIR -c FILE [--store FILE]\n\n"
	      "Run what `rescan run --capture DIR` recorded once more: the "
	      "record answers instead\nof the network, with the clock of "
	      "then.\n\n"
	      "  -c FILE       configuration of then; secrets and addresses "
	      "in it are not used\n"
	      "  --store FILE  keep the store there (it must not exist); "
	      "else it is thrown away\n\n"
	      "Exit status: 0 the same requests were made; 1 failed; 2 wrong "
	      "usage; 3 this\nprogram asked or wrote something else than "
	      "the one that was recorded.\n",
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
			r->store = optarg;
			break;
		case 'h':
			usage(stdout);
			return -1;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind + 1 != argc || r->config == NULL) {
		usage(stderr);
		return EXIT_USAGE;
	}
	r->dir = argv[optind];
	return EXIT_DONE;
}

/* --- the store --- */

static enum err_code
copy_file(const char *from, const char *to, struct err *e)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char chunk[65536];
	ssize_t n = -1;
	enum err_code rc = ERR_OK;

	while (
	    in >= 0 && out >= 0 && (n = read(in, chunk, sizeof(chunk))) > 0) {
		if (write(out, chunk, (size_t)n) != n) {
			n = -1;
			break;
		}
	}
	if (in < 0 || out < 0 || n < 0)
		rc = err_set(
		    e, ERR_IO, "%s to %s: %s", from, to, strerror(errno));
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return rc;
}

/* A place of its own for the store, unless one was named. */
struct place {
	char dir[PATH_MAX], path[PATH_MAX + 16];
};

static enum err_code
choose_store(const struct request *r, const struct record *record,
    struct place *p, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct stat st;

	if (r->store == NULL) {
		snprintf(p->dir, sizeof(p->dir), "%s/rescan-replay.XXXXXX",
		    tmp == NULL ? "/tmp" : tmp);
		if (mkdtemp(p->dir) == NULL)
			return err_set(
			    e, ERR_IO, "%s: %s", p->dir, strerror(errno));
		snprintf(p->path, sizeof(p->path), "%s/store.db", p->dir);
	} else {
		snprintf(p->path, sizeof(p->path), "%s", r->store);
		if (stat(p->path, &st) == 0)
			return err_set(e, ERR_IO, "%s exists", p->path);
	}
	if (!record->meta.has_store)
		return ERR_OK;
	return copy_file(
	    record_path(record->arena, record->dir, RECORD_STORE), p->path, e);
}

static void
remove_store(const struct place *p)
{
	static const char *const suffix[] = {"", "-wal", "-shm", ".lock"};
	char name[PATH_MAX + 32];

	if (p->dir[0] == '\0')
		return;
	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s%s", p->path, suffix[i]);
		unlink(name);
	}
	rmdir(p->dir);
}

/* --- the run --- */

/* The server of then, and nobody's secrets: nothing is sent anywhere. */
static enum err_code
prepare(struct config *c, const struct record *record,
    const struct config_server **ret, struct err *e)
{
	struct config_server *found = NULL;

	for (size_t i = 0; i < c->servers.n; i++) {
		struct config_server *s = &c->servers.items[i];

		s->auth = "none";
		s->token_file = s->basic_file = s->key_file = NULL;
		s->ca_file = s->client_cert_file = s->client_key_file = NULL;
		s->proxy = s->proxy_auth_file = s->pin_sha256 = NULL;
		if (c->servers.n == 1 ||
		    strcmp(s->name, record->meta.server) == 0)
			found = s;
	}
	if (found == NULL)
		return err_set(e, ERR_CONFIG,
		    "no server \"%.60s\" is configured", record->meta.server);
	found->name = record->meta.server;
	found->base_url = record->meta.base_url;
	*ret = found;
	return ERR_OK;
}

static enum err_code
run(const struct offline *o, struct replay *replay, struct store *store,
    struct err *e)
{
	struct pipeline_options po = {.config = o->config,
	    .maps = o->maps,
	    .store = store,
	    .transport = &replay->transport};
	struct pipeline *p = NULL;
	int cycles = replay->record.cycles > 0 ? replay->record.cycles : 1;
	enum err_code rc = prepare(o->config, &replay->record, &po.server, e);

	if (rc == ERR_OK)
		rc = pipeline_new(&po, &p, e);
	for (int i = 0; rc == ERR_OK && i < cycles && !replay->ended; i++) {
		struct cycle_report report;
		struct err why = ERR_INIT;

		/* As then: a cycle that failed is followed by the next. */
		if (pipeline_cycle(p, &report, &why) != ERR_OK &&
		    !replay->ended)
			command_complain(&why);
		pipeline_print(&report, stdout);
		report_done(&report);
	}
	pipeline_free(p);
	return rc;
}

static int
compare(const struct replay *r)
{
	size_t unused = replay_unused(r);

	fprintf(stderr,
	    "replayed: %zu of %zu exchanges; %zu requests not in the record, "
	    "%zu with another body\n",
	    r->record.exchanges.n - unused, r->record.exchanges.n, r->missing,
	    r->differing);
	if (r->ended)
		fputs("the record ends within a cycle, and so does this\n",
		    stderr);
	if (r->first[0] != '\0')
		fprintf(stderr, "first: %s\n", r->first);
	return unused + r->missing + r->differing == 0 ? EXIT_DONE
						       : EXIT_PROBLEMS;
}

int
command_replay(int argc, char **argv)
{
	struct request r = {NULL, NULL, NULL};
	struct place place = {"", ""};
	struct replay replay = {0};
	struct store *store = NULL;
	struct err e = ERR_INIT;
	struct offline o;
	int status = parse(argc, argv, &r);
	enum err_code rc;

	if (status != EXIT_DONE)
		return status == -1 ? EXIT_DONE : status;
	rc = offline_open(&o, r.config, &e);
	if (rc == ERR_OK)
		rc = replay_begin(r.dir, &replay, &e);
	if (rc == ERR_OK)
		rc = choose_store(&r, &replay.record, &place, &e);
	if (rc == ERR_OK)
		rc = store_sqlite.open(place.path, STORE_WRITER, &store, &e);
	if (rc == ERR_OK)
		rc = run(&o, &replay, store, &e);
	if (rc == ERR_OK) {
		status = compare(&replay);
	} else {
		command_complain(&e);
		status = EXIT_FAILED;
	}
	store_sqlite.close(store);
	remove_store(&place);
	replay_end(&replay);
	offline_close(&o);
	return status;
}
