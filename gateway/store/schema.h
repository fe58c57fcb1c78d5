/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema/NNN.sql, made into an array by the Makefile: element i brings the
 * schema from version i to i + 1; NULL ends it.
 */
#ifndef RESCAN_STORE_SCHEMA_H
#define RESCAN_STORE_SCHEMA_H

#include <stddef.h>

extern const char *const store_schema[];

#endif
