/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few words of FHIRPath a site needs to say where a fact is kept.
 *
 * path := Type ( "." step )*
 * step := name                    a member; arrays give all their elements
 *       | extension('url')        the extensions of that url
 *       | where(name='text')      only elements whose member is that text
 *       | value                   the member, else value[x]
 *
 * "BodyStructure.extension('http://site/lesion-role').value".  A path never
 * fails on a resource: what is not there gives nothing.
 */
#ifndef RESCAN_PATH_H
#define RESCAN_PATH_H

#include "fhir/json.h"
#include "fhir/util/arena.h"

struct path;

struct path_result {
	const struct json_value **items;
	size_t n, cap;
};

/* Errors: ERR_CONFIG, the text names the place.  Lives in a. */
enum err_code path_parse(const char *text, struct arena *a,
    const struct path **ret, struct err *e) MUST_CHECK;

/* The values at the path in document order; none when the resource is of
 * another type, or p is NULL. */
struct path_result path_values(
    const struct path *p, const struct json_value *resource, struct arena *a);

#endif
