/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fhir/client_bulk.h"
#include "fhir/datetime.h"

#define FILES_MAX 10000

static enum err_code
read_files(const struct json_value *list, struct arena *a,
    struct bulk_files *ret, struct err *e)
{
	for (size_t i = 0; i < json_length(list); i++) {
		const struct json_value *v = json_at(list, i);
		const char *url = json_string_at(v, "url");
		const char *type = json_string_at(v, "type");
		const char *count = json_number(json_get(v, "count"));
		struct bulk_file *f;

		if (ret->n >= FILES_MAX)
			return err_set(e, ERR_LIMIT,
			    "the export has more than %d files", FILES_MAX);
		if (url == NULL)
			return err_set(e, ERR_INVALID,
			    "the export's manifest has a file without url");
		f = ARENA_PUSH(a, ret);
		f->url = arena_strdup(a, url);
		f->type = type == NULL ? "" : arena_strdup(a, type);
		f->count = count == NULL ? -1 : strtoll(count, NULL, 10);
	}
	return ERR_OK;
}

enum err_code
bulk_manifest_read(const struct json_value *v, struct arena *a,
    struct bulk_manifest *ret, struct err *e)
{
	static const char *const names[] = {"output", "deleted", "error"};
	struct bulk_manifest m = {0};
	struct bulk_files *const lists[] = {&m.output, &m.deleted, &m.error};
	const char *time = json_string_at(v, "transactionTime");
	const struct json_value *token = json_get(v, "requiresAccessToken");
	struct datetime t;
	enum err_code code;

	if (time == NULL)
		return err_set(e, ERR_INVALID,
		    "the export's manifest has no transactionTime");
	code = datetime_parse(time, &t, e);
	if (code != ERR_OK)
		return code;
	for (size_t i = 0; i < 3 && code == ERR_OK; i++)
		code = read_files(json_get(v, names[i]), a, lists[i], e);
	if (code != ERR_OK)
		return code;
	m.time_ms = datetime_instant_ms(&t);
	m.requires_token =
	    token != NULL && strcmp(json_text(token), "true") == 0;
	*ret = m;
	return ERR_OK;
}
