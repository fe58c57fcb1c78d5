/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of from_fhir: the set of resources taken in, and what the mapping of
 * one patient shares.  Used by mappings/intake*.c, references.c and from_*.c
 * only.
 */
#ifndef RESCAN_INTAKE_H
#define RESCAN_INTAKE_H

#include <string.h>

#include "fhir/decimal.h"
#include "fhir/resource.h"
#include "mappings/from_fhir.h"
#include "mappings/path.h"

/* Code systems of our own concepts, as the maps name them. */
#define OWN_SYSTEM(name) "https://rescan.example/fhir/CodeSystem/" name

/* A Reference that outlives its resource's tree. */
struct pointer {
	bool said;
	const char *type;     /* Reference.type, or NULL */
	struct reference ref; /* contained is NULL */
};

struct identifier {
	const char *system, *value;
};

struct subject {
	struct pointer to;
	/* What identifies a contained Patient. */
	const struct identifier *ids;
	size_t n_ids;
};

/* One version of one resource. */
struct record {
	const char *key; /* "Type/id" */
	const char *type, *version, *full_url;
	int64_t updated_ms;
	const char *text; /* as JSON; NULL when deleted */
	size_t len;
	bool deleted;
	bool conflict; /* other content under the same version */
	bool senders;  /* it stands at more than one server */
	/* Of the chosen version, by intake_finish: */
	struct json_doc *doc; /* while its patient is mapped; a Medication's
			       * always */
	const struct json_value *json;
	bool silent;            /* can say nothing any more */
	struct subject subject; /* whose it says it is */
	const char *patient; /* key, aliases followed; NULL: cannot be told */
};

struct link {
	const struct record *patient;
	bool replaced_by; /* else replaces */
	struct pointer other;
};

struct alias {
	const char *from, *to; /* patient keys */
	const char *survivor;  /* at the end of the chain from here */
	size_t walk;           /* the last to come through here */
};

struct named {
	const char *name; /* full url, or "Type|system|value" */
	const struct record *record;
};

struct intake {
	struct arena *arena;
	const struct codemap *maps;
	const struct mapping_options *options;
	const struct path *role_path, *state_path, *identity_path;
	LIST_OF(struct record) taken;     /* every version */
	LIST_OF(struct record *) records; /* the newest, by key */
	LIST_OF(struct named) urls;       /* by name */
	LIST_OF(struct named) identifiers;
	LIST_OF(struct link) links;           /* of all Patients */
	LIST_OF(struct alias) aliases;        /* by from, each once */
	LIST_OF(const struct alias *) merged; /* the same, by survivor */
	LIST_OF(struct patient_facts *) patients;
	LIST_OF(struct problem) orphans;
};

/* intake_index.c: look-ups over the chosen versions.  A record is noted while
 * its tree is there, all are indexed afterwards. */
void intake_note(struct intake *in, struct record *r);
void intake_index(struct intake *in);
struct pointer intake_pointer(struct intake *in, const struct json_value *v,
    const struct json_value *within);
const struct record *intake_record(const struct intake *in, const char *key);

/* By one of its identifiers, or NULL. */
const struct record *intake_identified(const struct intake *in,
    const char *type, const char *system, const char *value, struct arena *a);
/* Do all Patients of that identifier make one?  Merged ones do. */
bool intake_patient_is_clear(const struct intake *in, const char *system,
    const char *value, struct arena *a);

/* Where a Reference leads. */
struct target {
	const char *type; /* "" when not told */
	const char *key;  /* "Type/id", or NULL (contained, logical) */
	const struct json_value *json; /* NULL when it is not here */
	const struct record *record;   /* NULL for a contained one */
	const char *system, *value;    /* the logical identifier, or NULL */
	bool by_identifier;            /* that is how it was found */
};
/* false when v is no Reference or leads to something of another type than
 * `type` (NULL: any). */
bool intake_resolve(const struct intake *in, const struct json_value *v,
    const struct json_value *within, const char *type, struct arena *a,
    struct target *ret);
/* The same for a pointer; a contained target is not there any more. */
bool intake_follow(const struct intake *in, const struct pointer *p,
    const char *type, struct arena *a, struct target *ret);

/* "system|value", urn:oid: and DICOM UIDs made the same. */
const char *identifier_token(
    struct arena *a, const char *system, const char *value);

/* intake_patient.c: whose resources they are. */
void intake_note_patient(struct intake *in, struct record *r);
void intake_attribute(struct intake *in);
const char *intake_patient_of(const struct intake *in, const char *key);
/* The ids that live on under this patient's, its own not. */
void intake_add_aliases(const struct intake *in, struct patient_facts *f);

/* A BodyStructure of the patient. */
struct body {
	const struct record *record;
	const char *key; /* the lesion's: smallest of those that share an id */
	const char *site, *side, *site_key, *organ, *label;
	bool nodal, site_unknown;
	enum stated_role role;
	LIST_OF(const char *) tokens;
};

struct body_token {
	const char *token;
	size_t body; /* index */
};

/* An Observation's measurement before identity by site is judged. */
struct work {
	struct measurement_fact fact;
	const char *site_key; /* "liver/left", NULL when not coded */
	bool by_site;         /* site_key is its only identity */
};

struct child {
	const char *key; /* member */
	const struct record *group;
};

struct children {
	LIST_OF(struct child) list; /* by key */
};

/* The mapping of one patient. */
struct mapping {
	struct intake *in;
	struct patient_facts *facts;
	struct arena *arena; /* the facts' */
	LIST_OF(struct record *) records;
	LIST_OF(struct body) bodies;
	LIST_OF(struct body_token) tokens; /* in order */
	struct children members;           /* of an Observation's hasMember */
	struct children results;           /* of a report */
	LIST_OF(struct work) works;
};

/* What a status lets us do. */
enum evidence { EVIDENCE_NONE, EVIDENCE_USE, EVIDENCE_DOUBT };

/* mapping.c: shared by the from_*.c. */
struct patient_facts *mapping_run(
    struct intake *in, const char *patient, struct record **r, size_t n);
enum evidence mapping_evidence(const struct record *r);
struct fact_source mapping_source(struct mapping *m, const struct record *r);
const char *mapping_lookup(const struct mapping *m, const char *map,
    const struct json_value *codeable);
const char *mapping_own(const struct mapping *m, const char *map,
    const char *own, const char *concept);

/* Who read it: the first performer, before it one that is preferred; NULL.
 * When it was issued, INT64_MIN where nothing says. */
const char *mapping_reader(struct mapping *m, const struct record *r);
int64_t mapping_issued(const struct record *r);

/* Days: of a date[Time], of effective[x] and the like.  Writes a problem and
 * gives DAY_NONE when the text is no date or less precise than a day. */
int32_t mapping_day(
    struct mapping *m, const struct record *r, const struct json_value *v);
int32_t mapping_effective(
    struct mapping *m, const struct record *r, int32_t *ret_last);

struct site {
	const char *site, *side, *key, *organ;
	bool nodal;
	bool unknown; /* said, and in no map; */
	bool node_by_name; /* its words say lymph node all the same */
};
struct site mapping_site(struct mapping *m, const struct json_value *codeable);
/* Name the problem of a site that no map knows. */
void site_check(
    struct mapping *m, const struct record *r, const struct site *s);

/* The study an Observation comes from.  false: it is another patient's. */
bool mapping_study(struct mapping *m, const struct record *r,
    const char **ret_key, int32_t *ret_day, const char **ret_modalities);

/* When, and on which study. */
struct place {
	const char *study; /* or NULL */
	int32_t day;       /* the study's, else its own */
	const char *modalities;
};
/* What it does not say itself, the Observation that has it as member says,
 * else the report that has it as result.  false, with the problem named:
 * another patient's study, or no day. */
bool mapping_place(
    struct mapping *m, const struct record *r, struct place *ret);

bool role_is_new(enum stated_role role);
enum stated_role role_of(const char *concept);
enum stated_state state_of(const char *concept);
/* A role or state kept in a value: CodeableConcept, Coding, code, string. */
const char *mapping_value_concept(
    const struct mapping *m, const char *map, const struct json_value *v);

/* from_*.c: one resource each. */
void from_study(struct mapping *m, const struct record *r);
void from_bodies(struct mapping *m);
/* After works_finish: a new lesion that nothing dates. */
void bodies_check(struct mapping *m);
/* Words for people, cut where they are longer than a label. */
const char *mapping_label(struct mapping *m, const char *s);
const struct body *body_find(const struct mapping *m, const char *key);
const struct body *body_with(const struct mapping *m, const char *token);
void from_observation(struct mapping *m, const struct record *r);
void from_statement(struct mapping *m, const struct record *r,
    const char *question, const struct json_value *holder);
/* A response among a report's conclusionCodes; false: none. */
bool from_conclusion(struct mapping *m, const struct record *r);
void from_performance(struct mapping *m, const struct record *r);
void from_finding(
    struct mapping *m, const struct record *r, const char *concept);
/* An observation on images, under no code of ours, that is told in words. */
void from_narrative(struct mapping *m, const struct record *r);
void from_report(struct mapping *m, const struct record *r);
void from_condition(struct mapping *m, const struct record *r);
void from_adverse_event(struct mapping *m, const struct record *r);
void from_flag(struct mapping *m, const struct record *r);
/* Does a Reference lead to a checkpoint inhibitor? */
bool medication_is_ici(struct mapping *m, const struct json_value *reference,
    const struct json_value *within);
/* range.c: the reference range that is this patient's on that day, and where
 * infarction begins (a Quantity); NULL: none. */
const struct json_value *range_normal(
    const struct mapping *m, const struct json_value *holder, int32_t day);
const struct json_value *range_infarction(const struct json_value *holder);
/* The laboratory values among an Observation's components. */
void from_finding_parts(struct mapping *m, const struct record *r);
void from_administration(struct mapping *m, const struct record *r);
void works_finish(struct mapping *m);

/* from_lesion.c: an Observation about one lesion. */
void from_lesion(struct mapping *m, const struct record *r);

/* identity.c */
struct identity {
	const char *key; /* NULL: none */
	const char *label, *other;
	struct site site;
	enum stated_role role;
	bool by_site, foreign, missing;
};
struct identity identity_of(struct mapping *m, const struct record *r);
const struct record *mapping_group(
    const struct mapping *m, const struct record *r);
/* mapping.c: the report it is a result of, or NULL. */
const struct record *mapping_report(
    const struct mapping *m, const struct record *r);
bool identity_has_lesion(struct mapping *m, const struct record *r);

/* dimensions.c: the numbers of one Observation. */
struct dimensions {
	int32_t long_axis, short_axis; /* said to be so */
	int32_t longest;               /* a size panel's longest */
	int32_t others[8];             /* not said which */
	size_t n_others;
	int32_t suv[SUV__MAX];
	bool too_small, unusable, any;
};
void dimensions_read(
    struct mapping *m, const struct record *r, struct dimensions *ret);
bool measures_size(const char *concept);
bool measures_uptake(const char *concept);
bool value_is_length(const struct json_value *holder);

static inline bool
same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

#endif
