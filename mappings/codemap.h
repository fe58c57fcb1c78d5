/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code maps: FHIR ConceptMap JSON files, loaded once, checked, sorted.
 *
 * Each ConceptMap has groups {source: code system, target: one of ours}, and
 * its elements map a code to one of our concepts.  The last path segment of
 * the target, ".../CodeSystem/lesion-state", is the *map name*; a site adds
 * local codes with a further file of the same target.  Concepts are the words
 * of contracts/input.md and codes.csv ("target", "longest_diameter",
 * "ici_pembrolizumab").
 */
#ifndef RESCAN_CODEMAP_H
#define RESCAN_CODEMAP_H

#include <stddef.h>

#include "fhir/json.h"
#include "fhir/util/err.h"

struct codemap;

/* Load every *.json of the directories (in name order; later directories may
 * add, not change).  Errors, all ERR_MAP with the file's name: unreadable,
 * not a ConceptMap, unknown map name or concept, one code mapped to two
 * concepts in one map.  codemap_free(NULL) is a no-op. */
enum err_code codemap_load(const char *const *dirs, size_t n,
    struct codemap **ret, struct err *e) MUST_CHECK;
void codemap_free(struct codemap *m);

/* The concept, borrowed, or NULL.  Systems are compared after the alias table
 * of map "system" (urn:oid forms and known wrong spellings); a version after
 * the system, and the edition of SNOMED CT, tell nothing apart. */
const char *codemap_lookup(const struct codemap *m, const char *map,
    const char *system, const char *code);

/* First coding of a CodeableConcept that the map knows, or NULL. */
const char *codemap_codeable(const struct codemap *m, const char *map,
    const struct json_value *codeable);

/* The concept that words alone name: its own word, or a term of one of its
 * codes, whole, in any case ("Liver", "Liver structure (body structure)").
 * NULL when they name none, or several. */
const char *codemap_named(
    const struct codemap *m, const char *map, const char *text);

/* The other way, for what we write: the first code of a concept in the
 * given system, or NULL. */
const char *codemap_code(const struct codemap *m, const char *map,
    const char *concept, const char *system);

/* What was loaded, for the record of every assessment. */
struct codemap_source {
	const char *url, *version, *file;
	char sha256[65];
};
size_t codemap_sources(
    const struct codemap *m, const struct codemap_source **ret);

/* Print every row as text a clinician can read (golden snapshot). */
struct strbuf;
void codemap_print(const struct codemap *m, struct strbuf *out);

#endif
