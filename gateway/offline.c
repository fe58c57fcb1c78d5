/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/offline.h"

#include "fhir/util/printable.h"
#include "gateway/command.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	o->input = input_new(o->intake);
	return ERR_OK;
}

enum err_code
offline_read(struct offline *o, const char *path, struct err *e)
{
	return input_read(o->input, path, e);
}

enum err_code
offline_assess(struct offline *o, offline_fn fn, void *ctx, struct err *e)
{
	struct patient_facts *const *facts;
	size_t n;
	enum err_code rc;

	input_finish(o->input);
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
	input_free(o->input);
	intake_free(o->intake);
	codemap_free(o->maps);
	config_free(o->config);
	memset(o, 0, sizeof(*o));
}
