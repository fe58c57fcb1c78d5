/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One option's value, from text into the member it belongs to.  Between
 * config.c and config_value.c only.
 */
#ifndef RESCAN_CONFIG_VALUE_H
#define RESCAN_CONFIG_VALUE_H

#include "gateway/config.h"

enum option_type {
	OPTION_INT,
	OPTION_TMM,
	OPTION_BOOL,
	OPTION_TEXT,
	OPTION_OPTIONAL,
	OPTION_LIST
};

struct option_row {
	const char *section, *key;
	enum option_type type;
	size_t offset;
	const char *fallback;
	int min, max;
	const char *help;
};

/* Set the member of base; NULL, or what is wrong with the text.  Items of a
 * list are appended. */
const char *config_value_set(
    struct arena *a, const struct option_row *row, void *base, const char *s);

#endif
