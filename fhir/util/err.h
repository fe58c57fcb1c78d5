/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: one explicit value, last parameter of what can fail.
 *
 * The code says what a caller can act on, the text says what happened where
 * it was noticed; each layer that knows something new puts it in front with
 * err_context().  Nothing here logs.
 */
#ifndef RESCAN_UTIL_ERR_H
#define RESCAN_UTIL_ERR_H

#include <stdbool.h>
#include <stdio.h>

enum err_code {
#define ERR(id, issue, retry, text) ERR_##id,
#include "fhir/util/err.def"
#undef ERR
	ERR__MAX
};

/* FATAL stops the run; ERROR makes one resource unusable; WARNING: used, but
 * say so. */
enum err_severity { SEVERITY_FATAL, SEVERITY_ERROR, SEVERITY_WARNING };

struct err {
	enum err_code code;
	enum err_severity severity;
	char path[160]; /* element path, "" when none */
	char text[512]; /* for people; no secret, no patient data of ours */
	bool foreign;   /* text quotes a server, who may echo anything: shown
			 * to the operator, never logged */
};

#define ERR_INIT                                                               \
	{                                                                      \
		ERR_OK, SEVERITY_ERROR, "", "", false                                 \
	}

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Fill e (may be NULL) and return code, so that `return err_set(…)` works. */
enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
    PRINTF(3, 4);

/* Put "what: " in front of the text.  Keeps the code. */
void err_context(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/* Name the element, e.g. "Bundle.entry[3].resource". */
void err_path(struct err *e, const char *fmt, ...) PRINTF(2, 3);

const char *err_name(enum err_code code);       /* "NOT_JSON" */
const char *err_issue_type(enum err_code code); /* "structure" */
const char *err_text(enum err_code code);       /* the table's text */
bool err_retryable(enum err_code code);
const char *err_severity_name(enum err_severity s); /* FHIR's word */

#endif
