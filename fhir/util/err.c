/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/err.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

static const struct {
	const char *name, *issue, *text;
	bool retryable;
} rows[ERR__MAX] = {
#define ERR(id, issue, retry, text) {#id, issue, text, retry},
#include "fhir/util/err.def"
#undef ERR
};

enum err_code
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return code;
	e->code = code;
	e->severity = SEVERITY_ERROR;
	e->path[0] = '\0';
	e->foreign = false;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return code;
}

void
err_context(struct err *e, const char *fmt, ...)
{
	char what[sizeof(e->text)], was[sizeof(e->text)];
	va_list ap;

	if (e == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	memcpy(was, e->text, sizeof(was));
	snprintf(e->text, sizeof(e->text), "%.200s: %.300s", what, was);
}

void
err_path(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(e->path, sizeof(e->path), fmt, ap);
	va_end(ap);
}

const char *
err_name(enum err_code code)
{
	assert(code < ERR__MAX);
	return rows[code].name;
}

const char *
err_issue_type(enum err_code code)
{
	assert(code < ERR__MAX);
	return rows[code].issue;
}

const char *
err_text(enum err_code code)
{
	assert(code < ERR__MAX);
	return rows[code].text;
}

bool
err_retryable(enum err_code code)
{
	assert(code < ERR__MAX);
	return rows[code].retryable;
}

const char *
err_severity_name(enum err_severity s)
{
	static const char *const names[] = {"fatal", "error", "warning"};

	assert(s <= SEVERITY_WARNING);
	return names[s];
}
