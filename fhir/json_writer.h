/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON, written straight into a buffer.
 *
 * Names are given for members and are NULL for array elements.  Members come
 * out in the order of the calls, so the same calls give the same bytes.
 * Unbalanced calls are a bug and assert.
 */
#ifndef RESCAN_JSON_WRITER_H
#define RESCAN_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "fhir/util/strbuf.h"

#define JSON_WRITER_DEPTH 32

struct json_writer {
	struct strbuf *out; /* borrowed */
	bool pretty;        /* two spaces an indent, else compact */
	int depth;
	bool array[JSON_WRITER_DEPTH], any[JSON_WRITER_DEPTH];
};

void json_writer_init(struct json_writer *w, struct strbuf *out, bool pretty);

void json_begin_object(struct json_writer *w, const char *name);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w, const char *name);
void json_end_array(struct json_writer *w);

void json_put_string(struct json_writer *w, const char *name, const char *s);
/* As json_put_string; NULL writes nothing at all. */
void json_put_optional(struct json_writer *w, const char *name, const char *s);
void json_put_int(struct json_writer *w, const char *name, int64_t v);
void json_put_bool(struct json_writer *w, const char *name, bool v);
void json_put_null(struct json_writer *w, const char *name);
/* v / 10^scale with exactly `scale` decimals: (314, 1) is 31.4. */
void json_put_decimal(
    struct json_writer *w, const char *name, int64_t v, int scale);
/* A civil day as "YYYY-MM-DD"; DAY_NONE writes null. */
void json_put_day(struct json_writer *w, const char *name, int32_t day);
/* Text that is JSON already. */
void json_put_raw(struct json_writer *w, const char *name, const char *json);

#endif
