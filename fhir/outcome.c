/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/outcome.h"

#include <string.h>

#include "fhir/json_writer.h"

static bool
is_word(const char *s, const char *word)
{
	return s != NULL && strcmp(s, word) == 0;
}

bool
outcome_read(const struct json_value *v, enum err_code code, struct err *e)
{
	const struct json_value *issues = json_get(v, "issue"), *issue;
	const char *severity, *type, *text;

	if (!is_word(json_string_at(v, "resourceType"), "OperationOutcome"))
		return false;
	issue = json_at(issues, 0);
	for (size_t i = 0; i < json_length(issues); i++) {
		const char *s = json_string_at(json_at(issues, i), "severity");

		if (is_word(s, "fatal") || is_word(s, "error")) {
			issue = json_at(issues, i);
			break;
		}
	}
	severity = json_string_at(issue, "severity");
	type = json_string_at(issue, "code");
	text = json_string_at(issue, "diagnostics");
	if (text == NULL)
		text = json_string_at(issue, "details.text");
	if (text == NULL)
		text = json_string_at(issue, "details.coding.display");
	err_set(e, code, "OperationOutcome %s %s: %.300s",
	    severity ? severity : "(no severity)", type ? type : "(no code)",
	    text ? text : "no diagnostics");
	if (e != NULL)
		e->foreign = true;
	return true;
}

void
outcome_write(const struct err *e, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out, false);
	json_begin_object(&w, NULL);
	json_put_string(&w, "resourceType", "OperationOutcome");
	json_begin_array(&w, "issue");
	json_begin_object(&w, NULL);
	json_put_string(&w, "severity", err_severity_name(e->severity));
	json_put_string(&w, "code", err_issue_type(e->code));
	json_put_string(&w, "diagnostics", e->text);
	if (e->path[0] != '\0') {
		json_begin_array(&w, "expression");
		json_put_string(&w, NULL, e->path);
		json_end_array(&w);
	}
	json_end_object(&w);
	json_end_array(&w);
	json_end_object(&w);
}
