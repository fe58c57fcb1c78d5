/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/offline.h"

#include "fhir/util/printable.h"
#include "fhir/util/strbuf.h"
#include "gateway/command.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One input file at most; it is read whole, its entries are not. */
#define INPUT_MAX ((size_t)1 << 30)

bool
command_maps_dir(char *buf, size_t size)
{
	char self[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n > 0) {
		self[n] = '\0';
		/* build/rescan, build/san/rescan: the tree is above. */
		while ((slash = strrchr(self, '/')) != NULL && slash != self) {
			*slash = '\0';
			snprintf(buf, size, "%s/mappings/maps", self);
			if (access(buf, R_OK) == 0)
				return true;
			snprintf(buf, size, "%s/share/rescan/maps", self);
			if (access(buf, R_OK) == 0)
				return true;
		}
	}
	return false;
}

void
command_complain(const struct err *e)
{
	/* A file or the journal is a log; a terminal is the operator. */
	const char *text =
	    e->foreign && !isatty(STDERR_FILENO) ? err_text(e->code) : e->text;

	printable_print(
	    stderr, "rescan: %s%s%s", e->path, e->path[0] ? ": " : "", text);
}

enum err_code
offline_open(struct offline *o, const char *config_path, struct err *e)
{
	char builtin[PATH_MAX];
	const char *dirs[2];
	size_t n = 0;
	enum err_code rc;

	memset(o, 0, sizeof(*o));
	rc = config_load(config_path, &o->config, e);
	if (rc != ERR_OK)
		return rc;
	if (o->config->maps_dir[0] != '\0') {
		dirs[n++] = o->config->maps_dir;
	} else if (command_maps_dir(builtin, sizeof(builtin))) {
		dirs[n++] = builtin;
	} else {
		return err_set(e, ERR_CONFIG,
		    "no code maps found; name them in [maps] dir");
	}
	if (o->config->maps_extra_dir[0] != '\0')
		dirs[n++] = o->config->maps_extra_dir;
	rc = codemap_load(dirs, n, &o->maps, e);
	if (rc != ERR_OK)
		return rc;
	o->intake = intake_new(o->maps, &o->config->mapping);
	return ERR_OK;
}

static enum err_code
slurp(const char *path, struct strbuf *out, struct err *e)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	char chunk[65536];
	size_t n;
	enum err_code rc = ERR_OK;

	if (f == NULL)
		return err_set(e, ERR_IO, "%s", strerror(errno));
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0) {
		strbuf_add(out, chunk, n);
		if (out->overflow) {
			rc = err_set(e, ERR_LIMIT, "larger than %zu MiB",
			    INPUT_MAX >> 20);
			goto out;
		}
	}
	if (ferror(f))
		rc = err_set(e, ERR_IO, "%s", strerror(errno));
out:
	if (f != stdin)
		fclose(f);
	return rc;
}

static enum err_code
take(void *ctx, const struct bundle_entry *entry, struct err *e)
{
	return intake_add(ctx, entry, e);
}

enum err_code
offline_read(struct offline *o, const char *path, struct err *e)
{
	struct arena *scratch = arena_new();
	struct strbuf text;
	enum err_code rc;

	strbuf_init(&text, INPUT_MAX);
	rc = slurp(path, &text, e);
	if (rc == ERR_OK) {
		rc = resources_read(
		    text.s, text.len, scratch, take, o->intake, e);
	}
	if (rc != ERR_OK) {
		err_context(
		    e, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
	}
	strbuf_done(&text);
	arena_free(scratch);
	return rc;
}

enum err_code
offline_assess(struct offline *o, offline_fn fn, void *ctx, struct err *e)
{
	struct patient_facts *const *facts;
	size_t n;
	enum err_code rc;

	rc =
	    intake_finish(o->intake, &facts, &n, &o->orphans, &o->n_orphans, e);
	for (size_t i = 0; rc == ERR_OK && i < n; i++) {
		struct arena *one = arena_new();
		struct timeline *t =
		    timeline_build(facts[i], &o->config->timeline, one);
		struct assessment *a = assess_run(t, &o->config->assess, one);

		if (a->problems.n > 0)
			o->problems = true;
		fn(ctx, a, one);
		arena_free(one);
	}
	return rc;
}

int
offline_status(const struct offline *o)
{
	return o->n_orphans > 0 || o->problems ? EXIT_PROBLEMS : EXIT_DONE;
}

void
offline_close(struct offline *o)
{
	intake_free(o->intake);
	codemap_free(o->maps);
	config_free(o->config);
	memset(o, 0, sizeof(*o));
}
