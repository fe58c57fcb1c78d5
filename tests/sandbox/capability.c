/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metadata: what the sandbox can do, from its own tables.
 */
#include <string.h>

#include "tests/sandbox/internal.h"

static const char *const kind_names[] = {
    [PARAM_TOKEN] = "token",
    [PARAM_REFERENCE] = "reference",
    [PARAM_DATE] = "date",
    [PARAM_STRING] = "uri",
};

static void
put_codes(struct json_writer *w, const char *name, const char *const *codes)
{
	json_begin_array(w, name);
	for (; *codes != NULL; codes++) {
		json_begin_object(w, NULL);
		json_put_string(w, "code", *codes);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
put_param(struct json_writer *w, const char *name, const char *type)
{
	json_begin_object(w, NULL);
	json_put_string(w, "name", name);
	json_put_string(w, "type", type);
	json_end_object(w);
}

static void
put_params(
    const struct sandbox_habits *h, struct json_writer *w, const char *type)
{
	json_begin_array(w, "searchParam");
	put_param(w, "_id", "token");
	if (!h->refuse_last_updated)
		put_param(w, "_lastUpdated", "date");
	for (size_t i = 0; i < n_params; i++)
		if ((params[i].type == NULL ||
			strcmp(params[i].type, type) == 0) &&
		    param_find(type, params[i].name) == (int)i)
			put_param(
			    w, params[i].name, kind_names[params[i].kind]);
	json_end_array(w);
}

static void
put_resource(
    const struct sandbox_habits *h, struct json_writer *w, const char *type)
{
	static const char *const can[] = {"read", "vread", "update", "delete",
	    "history-instance", "create", "search-type", "history-type", NULL};
	static const char *const no_history[] = {"read", "vread", "update",
	    "delete", "history-instance", "create", "search-type", NULL};

	json_begin_object(w, NULL);
	json_put_string(w, "type", type);
	put_codes(w, "interaction", h->no_history ? no_history : can);
	json_put_string(w, "versioning", "versioned-update");
	json_put_bool(w, "readHistory", true);
	json_put_bool(w, "updateCreate", true);
	json_put_bool(w, "conditionalCreate", true);
	json_put_bool(w, "conditionalUpdate", true);
	put_params(h, w, type);
	json_end_object(w);
}

static void
put_operations(struct json_writer *w)
{
	json_begin_array(w, "operation");
	json_begin_object(w, NULL);
	json_put_string(w, "name", "export");
	json_put_string(w, "definition",
	    "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export");
	json_end_object(w);
	json_end_array(w);
}

static void
put_rest(struct exchange *x, struct json_writer *w)
{
	static const char *const can[] = {"transaction", "batch", NULL};

	json_begin_array(w, "rest");
	json_begin_object(w, NULL);
	json_put_string(w, "mode", "server");
	json_begin_array(w, "resource");
	for (size_t i = 0; i < x->s->store.n_types; i++)
		put_resource(
		    &x->s->options.habits, w, x->s->store.types[i].name);
	json_end_array(w);
	put_codes(w, "interaction", can);
	put_operations(w);
	json_end_object(w);
	json_end_array(w);
}

void
handle_metadata(struct exchange *x)
{
	struct json_writer w;

	json_writer_init(&w, &x->out, false);
	json_begin_object(&w, NULL);
	json_put_string(&w, "resourceType", "CapabilityStatement");
	json_put_string(&w, "status", "active");
	json_put_string(&w, "date", "2026-11-25");
	json_put_string(&w, "kind", "instance");
	if (x->s->software != NULL) {
		json_begin_object(&w, "software");
		json_put_string(&w, "name", x->s->software);
		json_put_string(&w, "version", RESCAN_VERSION);
		json_end_object(&w);
	}
	json_begin_object(&w, "implementation");
	json_put_string(
	    &w, "description", "In-memory server for tests; synthetic data");
	json_put_string(&w, "url", x->base);
	json_end_object(&w);
	json_put_string(&w, "fhirVersion", "4.0.1");
	json_begin_array(&w, "format");
	json_put_string(&w, NULL, "application/fhir+json");
	json_put_string(&w, NULL, "json");
	json_end_array(&w);
	put_rest(x, &w);
	json_end_object(&w);
	x->status = 200;
}
