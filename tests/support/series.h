/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worked example (tests/cases/criteria_examples.json, kinds "series" and
 * "series_spd") as a timeline, without any FHIR.
 *
 * Beyond the file's own conventions a lesion may say `organ` and `node`, a
 * new lesion may leave `kind` out (a plain new lesion), a visit may say
 * `span` (days to its
 * last scan), `new_lesion` true or false, `nt_lesions` (id to state word) and
 * `said` (the reader's overall response), and a baseline `nontargets` (ids).
 */
#ifndef RESCAN_TESTS_SERIES_H
#define RESCAN_TESTS_SERIES_H

#include "fhir/json.h"
#include "gateway/assess.h"

#define SERIES_EPOCH 19723 /* 2024-01-01, day 0 of every case */

struct timeline *series_timeline(const struct json_value *c, struct arena *a);

/* The defaults of the examples with the overrides of `params`. */
struct assess_options series_options(const struct json_value *params);

/* "14.9" as tenths of a millimetre, half rounded away from zero. */
int32_t series_tmm(const struct json_value *number);

/* Parse (single quotes stand for double ones), build, assess; everything lives
 * in a.  Fails the test on bad JSON. */
struct assessment *series_assess(const char *text, struct arena *a);
/* The same as of a day of the case. */
struct assessment *series_assess_as_of(
    const char *text, int day, struct arena *a);

/* The verdict of a criterion at the i-th timepoint, baseline 0. */
const struct verdict *series_verdict(
    const struct assessment *x, const char *criterion, size_t i);

/* Shorthands for the notation. */
#define BASE(lesions)   "'baseline':{'day':0,'targets':[" lesions "]}"
#define ONE(mm)         BASE("{'id':'T1','mm':" mm "}")
#define TWO(a, b)       BASE("{'id':'T1','mm':" a "},{'id':'T2','mm':" b "}")
#define NODE(mm)        BASE("{'id':'N1','node':true,'mm':" mm "}")
#define CASE(base, tps) "{" base ",'timepoints':[" tps "]}"
#define CASE_P(p, base, tps)                                                   \
	"{'params':{" p "}," base ",'timepoints':[" tps "]}"
#define TP(day, body) "{'day':" day "," body "}"
#define T1(mm)        "'targets':{'T1':" mm "}"
#define N1(mm)        "'targets':{'N1':" mm "}"
#define NT(status)    "'nontarget':'" status "'"
#define NEWS(list)    "'new_lesions':[" list "]"
#define NLT(id, mm)   "{'id':'" id "','kind':'NLT','mm':" mm "}"
#define NLN(id, mm)   "{'id':'" id "','kind':'unstated','node':true,'mm':" mm "}"
#define DOUBT(id, mm)                                                          \
	"{'id':'" id "','kind':'unstated','definite':false,'mm':" mm "}"
#define NLNT(id, c)   "{'id':'" id "','kind':'NLNT','change':'" c "'}"
#define PLAIN(id, mm) "{'id':'" id "','kind':'unstated','mm':" mm "}"

#endif
