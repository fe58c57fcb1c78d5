/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line an event, to standard error: what log.def lists and nothing else.
 *
 *   log_event(LOG_POLL_DONE, log_word("server", name), log_int("pages", 3));
 *   <6>event=POLL_DONE server=sandbox pages=3 text="poll done"
 *
 * The "<N>" is the syslog level for the journal, left out on a terminal.
 * Only gateway/pipeline, the web and the commands log; libraries are silent.
 */
#ifndef RESCAN_UTIL_LOG_H
#define RESCAN_UTIL_LOG_H

#include <stdint.h>
#include <stdio.h>

#include "fhir/util/err.h"

enum log_id {
#define LOG(id, level, text) LOG_##id,
#include "fhir/util/log.def"
#undef LOG
	LOG__MAX
};

struct log_field {
	const char *name; /* NULL ends */
	const char *word; /* or NULL: the number counts */
	int64_t number;
};

/* A word is cut at 200 bytes and escaped; words are ours, never the data's.
 * Of an error that quotes a server only the code is logged. */
struct log_field log_int(const char *name, int64_t v);
struct log_field log_word(const char *name, const char *s);
struct log_field log_err(const struct err *e);

void log_write(enum log_id id, const struct log_field *fields);
#define log_event(id, ...)                                                     \
	log_write((id),                                                        \
	    (const struct log_field[]){__VA_ARGS__, {NULL, NULL, 0}})

/* Of which server the lines are, where they do not say so themselves; NULL:
 * nothing.  Borrowed. */
void log_server(const char *name);

/* Where lines go (NULL: standard error), and the highest level written. */
void log_to(FILE *f);
void log_level(int level);

#endif
