/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe: what may be written, tried on resources of its own.  Each is
 * entered-in-error from the start where its type has a status, carries our
 * tag, and is deleted again.
 */
#include "fhir/outcome.h"
#include "fhir/util/clock.h"
#include "gateway/outbody.h"
#include "gateway/probe_priv.h"
#include "mappings/to_fhir.h"

#include <stdlib.h>
#include <string.h>

#define LAG_MAX_MS 20000
#define LAG_STEP   250
#define LAG_TIMES  3

/* What follows resourceType, id, meta and identifier; %s is a word that
 * changes between versions. */
#define NOBODY                                                                 \
	"{\"identifier\":{\"system\":\"" RESCAN_IDENTIFIER_SYSTEM              \
	"\",\"value\":\"test\"},\"display\":\"Connection test\"}"
static const struct {
	const char *type, *rest;
} bodies[] = {
    {"Device", "\"status\":\"entered-in-error\",\"deviceName\":[{\"name\":"
	       "\"Rescan connection test %s\","
	       "\"type\":\"user-friendly-name\"}]"},
    {"Observation",
	"\"status\":\"entered-in-error\",\"code\":{\"text\":"
	"\"Rescan connection test %s\"},\"subject\":" NOBODY
	",\"valueQuantity\":{\"value\":10.50,\"unit\":\"mm\",\"system\":"
	"\"http://unitsofmeasure.org\",\"code\":\"mm\"}"},
    {"DiagnosticReport", "\"status\":\"entered-in-error\",\"code\":{\"text\":"
			 "\"Rescan connection test %s\"},\"subject\":" NOBODY},
    {"Flag", "\"status\":\"entered-in-error\",\"code\":{\"text\":"
	     "\"Rescan connection test %s\"},\"subject\":" NOBODY},
    {"Provenance",
	"\"target\":[" NOBODY "],\"recorded\":\"2024-01-01T00:00:00Z\","
	"\"agent\":[{\"who\":{\"display\":\"Rescan connection test %s\"}}]"},
};
#define N_BODIES (sizeof(bodies) / sizeof(bodies[0]))

/* One type being tried. */
struct
try {
	struct probe *p;
	const char *type, *rest;
	char name[40]; /* value of the identifier */
	const char *search;
	char id[65], version[65];
};

static const char *
body(const struct try *t, const char *id, const char *word)
{
	char *rest = arena_strdup(t->p->a, t->rest);
	char *at = strstr(rest, "%s");

	*at = '\0';
	return arena_printf(t->p->a,
	    "{\"resourceType\":\"%s\",%s%s%s\"meta\":{\"tag\":[{\"system\":"
	    "\"" RESCAN_IDENTIFIER_SYSTEM "\",\"code\":\"%s\"}]},"
	    "%s%s%s%s%s%s}",
	    t->type, id[0] ? "\"id\":\"" : "", id, id[0] ? "\"," : "", t->name,
	    strcmp(t->type, "Provenance") == 0
		? ""
		: "\"identifier\":[{\"system\":\"" RESCAN_IDENTIFIER_SYSTEM
		  "\",\"value\":\"",
	    strcmp(t->type, "Provenance") == 0 ? "" : t->name,
	    strcmp(t->type, "Provenance") == 0 ? "" : "\"}],", rest, word,
	    at + 2);
}

static void
begin(struct try *t, const char *word)
{
	snprintf(t->name, sizeof(t->name), "test-%llx%s",
	    (unsigned long long)(clock_now_ms() * 4096 + clock_jitter_ms(4095)),
	    word);
	t->search = arena_printf(t->p->a,
	    "%s=https%%3A%%2F%%2Frescan.example%%2Ffhir%%2Fidentifier%%7C%s",
	    strcmp(t->type, "Provenance") == 0 ? "_tag" : "identifier",
	    t->name);
	t->id[0] = t->version[0] = '\0';
}

/* --- steps --- */

/* The id out of "…/Flag/12/_history/1" or the body. */
static void
learn_id(struct try *t)
{
	struct probe *p = t->p;
	const char *id = json_string_at(p->root, "id");
	const char *version = json_string_at(p->root, "meta.versionId");
	const char *type = json_string_at(p->root, "resourceType");
	const char *at =
	    strstr(p->r.location, arena_printf(p->a, "/%s/", t->type));

	if (type != NULL && strcmp(type, t->type) == 0 && id != NULL)
		snprintf(t->id, sizeof(t->id), "%.64s", id);
	else if (at != NULL)
		snprintf(t->id, sizeof(t->id), "%.*s",
		    (int)strcspn(at + strlen(t->type) + 2, "/?#"),
		    at + strlen(t->type) + 2);
	if (version != NULL)
		snprintf(t->version, sizeof(t->version), "%.64s", version);
}

static bool
create(struct try *t)
{
	struct probe *p = t->p;

	probe_ask(p, "POST", t->type,
	    arena_printf(p->a, "If-None-Exist: %s", t->search),
	    body(t, "", "1"));
	if (p->status == 200 || p->status == 201)
		learn_id(t);
	return p->status == 201 && t->id[0] != '\0';
}

static void
remove_it(struct try *t, const char *id, bool report)
{
	struct probe *p = t->p;
	long status = probe_ask(
	    p, "DELETE", arena_printf(p->a, "%s/%s", t->type, id), NULL, NULL);
	bool kept;

	if (status / 100 != 2 && status != 404 && status != 410) {
		*ARENA_PUSH(p->a, &p->out->left) =
		    arena_printf(p->a, "%s/%s", t->type, id);
		if (!p->lasting)
			probe_find(p, PROBE_NOTE, "write.delete", t->type, "",
			    "our tests cannot be deleted: status %ld", status);
		p->lasting = true;
		return;
	}
	if (!report)
		return;
	kept = probe_get(p, "%s/%s", t->type, id) == 200;
	probe_find(p, kept ? PROBE_NOTE : PROBE_GOOD, "write.delete", t->type,
	    "", "status %ld; reading it afterwards: %ld", status, p->status);
}

/* What the type is searched by: our identifier, of a Provenance the tag. */
static bool
is_kept(const struct try *t)
{
	bool tag = strcmp(t->type, "Provenance") == 0;
	const struct json_value *list =
	    json_path(t->p->root, tag ? "meta.tag" : "identifier");

	for (size_t i = 0; i < json_length(list); i++) {
		const char *is = json_string(
		    json_get(json_at(list, i), tag ? "code" : "value"));

		if (is != NULL && strcmp(is, t->name) == 0)
			return true;
	}
	return false;
}

/* What stands there, against what was sent. */
static bool
read_back(struct try *t)
{
	struct probe *p = t->p;
	struct json_doc *sent = NULL;
	struct err unheard = ERR_INIT;
	const char *text = body(t, "", "1");
	bool kept, whole;

	if (probe_get(p, "%s/%s", t->type, t->id) != 200) {
		probe_find(p, PROBE_BAD, "write.kept", t->type, "",
		    "written, but reading it gives status %ld", p->status);
		return false;
	}
	learn_id(t);
	kept = is_kept(t);
	whole = json_parse(text, strlen(text), &sent, &unheard) == ERR_OK &&
		outbody_within(json_root(sent), p->root);
	json_free(sent);
	probe_find(p,
	    !kept   ? PROBE_BAD
	    : whole ? PROBE_GOOD
		    : PROBE_NOTE,
	    "write.kept", t->type, "", "%s",
	    !kept   ? "our identifier is dropped: nothing is found again"
	    : whole ? "all that was sent stands there"
		    : "our identifier stands there, some of the rest does not");
	return kept;
}

static bool
is_found(struct try *t)
{
	struct probe *p = t->p;
	const struct json_value *list;
	bool found = false;

	probe_get(p, "%s?%s&_count=10", t->type, t->search);
	list = json_get(p->root, "entry");
	for (size_t i = 0; i < json_length(list) && !found; i++) {
		const char *id =
		    json_string_at(json_at(list, i), "resource.id");

		found = id != NULL && strcmp(id, t->id) == 0;
	}
	return found;
}

/* Milliseconds until a search finds it; -1: not within LAG_MAX_MS. */
static int64_t
wait_until_found(struct try *t)
{
	int64_t start = clock_monotonic_ms(), took;

	for (;;) {
		bool found = is_found(t);

		took = clock_monotonic_ms() - start;
		if (found || took > LAG_MAX_MS || t->p->stopped)
			return found ? took : -1;
		clock_sleep_ms(LAG_STEP);
	}
}

/*= interop C.4-6: the largest of a few */
static int64_t
measure_lag(struct try *t, int times)
{
	struct probe *p = t->p;
	int64_t most = wait_until_found(t);

	if (p->lasting)
		return most;
	for (int i = 1; i < times && most >= 0; i++) {
		struct try more = *t;
		int64_t took;

		begin(&more, i == 1 ? "a" : "b");
		if (!create(&more))
			break;
		took = wait_until_found(&more);
		most = took < 0 ? -1 : took > most ? took : most;
		remove_it(&more, more.id, false);
	}
	return most;
}

static bool
find_lag(struct try *t, int times)
{
	struct probe *p = t->p;
	int64_t most = measure_lag(t, times);

	if (most < 0) {
		probe_find(p, PROBE_BAD, "write.lag", t->type, "",
		    "not found by its identifier within %d s",
		    LAG_MAX_MS / 1000);
		return false;
	}
	probe_find(p, PROBE_GOOD, "write.lag", t->type, "",
	    "found by its identifier after %lld ms at most", (long long)most);
	if ((most + 999) / 1000 > p->out->profile.lag_s)
		p->out->profile.lag_s = (int)((most + 999) / 1000);
	return true;
}

/*= interop C.4-7 */
static bool
create_again(struct try *t)
{
	struct probe *p = t->p;
	const struct json_value *stated = probe_stated(p, t->type);
	const char *says = json_get(stated, "conditionalCreate") == NULL ? ""
			   : json_true(json_get(stated, "conditionalCreate"))
			       ? "yes"
			       : "no";
	struct try again = *t;

	if (create(&again)) {
		p->out->profile.if_none_exist = false;
		probe_find(p, PROBE_NOTE, "write.condition", t->type, says,
		    "If-None-Exist is ignored: a twin was made");
		remove_it(&again, again.id, false);
		return false;
	}
	if (p->status == 200) {
		probe_find(p, PROBE_GOOD, "write.condition", t->type, says,
		    "If-None-Exist is honoured");
		return true;
	}
	p->out->profile.if_none_exist = false;
	probe_find(p, PROBE_NOTE, "write.condition", t->type, says,
	    "If-None-Exist: status %ld", p->status);
	return false;
}

/* Every id that a search for it gives, deleted; how many. */
static size_t
remove_found(struct try *t)
{
	struct probe *p = t->p;
	const char *ids[2 * CLIENT_AT_ONCE];
	const struct json_value *list;
	size_t n = 0;

	probe_get(p, "%s?%s&_count=100", t->type, t->search);
	list = json_get(p->root, "entry");
	for (size_t i = 0; i < json_length(list) && n < 2 * CLIENT_AT_ONCE;
	     i++) {
		const char *id =
		    json_string_at(json_at(list, i), "resource.id");

		if (id != NULL)
			ids[n++] = arena_strdup(p->a, id);
	}
	for (size_t i = 0; i < n; i++)
		remove_it(t, ids[i], false);
	return n;
}

/*= interop C.4-7, D-43: the same conditional create several times at once */
static void
probe_race(struct try *t)
{
	struct probe *p = t->p;
	struct http_response r[CLIENT_AT_ONCE];
	struct try race = *t;
	struct client_request q = {.method = "POST", .path = t->type};
	const char *statuses = "";
	size_t made;

	p->raced = true;
	begin(&race, "r");
	q.header = arena_printf(p->a, "If-None-Exist: %s", race.search);
	q.body = body(&race, "", "1");
	p->out->requests += CLIENT_AT_ONCE;
	if (client_exchange_at_once(p->client, &q, r, &p->why) != ERR_OK)
		return;
	race.id[0] = '\0';
	for (size_t i = 0; i < CLIENT_AT_ONCE; i++) {
		statuses = arena_printf(
		    p->a, "%s%s%ld", statuses, i == 0 ? "" : ", ", r[i].status);
		probe_take(p, &r[i]);
		if (p->status == 201)
			learn_id(&race);
	}
	if (race.id[0] != '\0')
		wait_until_found(&race);
	made = remove_found(&race);
	probe_find(p, made == 1 ? PROBE_GOOD : PROBE_NOTE, "write.parallel",
	    t->type, "",
	    made == 1
		? "%d equal If-None-Exist at once made %zu (%s)"
		: "%d equal If-None-Exist at once made %zu (%s): one writer "
		  "at a time",
	    CLIENT_AT_ONCE, made, statuses);
}

static long
put(struct try *t, const char *version, const char *word)
{
	struct probe *p = t->p;
	const char *path = arena_printf(p->a, "%s/%s", t->type, t->id);
	const char *match = arena_printf(p->a, "If-Match: W/\"%s\"", version);

	return probe_ask(p, "PUT", path, version[0] == '\0' ? NULL : match,
	    body(t, t->id, word));
}

static void
update(struct try *t)
{
	struct probe *p = t->p;
	const char *first = arena_strdup(p->a, t->version);
	long status = put(t, first, "2");

	probe_find(p, status / 100 == 2 ? PROBE_GOOD : PROBE_NOTE,
	    "write.update", t->type, "", "status %ld", status);
	if (status / 100 != 2)
		return;
	if (first[0] == '\0') {
		p->out->profile.if_match = false;
		probe_find(p, PROBE_NOTE, "write.stale", t->type, "",
		    "no versionId, so nothing to match");
		return;
	}
	status = put(t, first, "3");
	if (status / 100 == 2)
		p->out->profile.if_match = false;
	probe_find(p, status == 409 || status == 412 ? PROBE_GOOD : PROBE_NOTE,
	    "write.stale", t->type, "",
	    status / 100 == 2
		? "an update of an old version is taken (status %ld)"
		: "an update of an old version is refused, status %ld",
	    status);
}

/* "status 422: …", with what the server says of our own test. */
static const char *
refusal(struct probe *p)
{
	struct err why = ERR_INIT;

	if (!outcome_read(p->root, ERR_REFUSED, &why))
		return arena_printf(p->a, "status %ld", p->status);
	return arena_printf(p->a, "status %ld: %.200s", p->status, why.text);
}

/* A test that is found wanting says nothing of what we write; that the type is
 * not written here is said otherwise. */
static void
find_refused(struct try *t, const char *missing)
{
	struct probe *p = t->p;
	bool content = p->status == 400 || p->status == 422;

	if (content && missing == NULL)
		*ARENA_PUSH(p->a, &p->out->profile.accepts) = t->type;
	probe_find(p, PROBE_NOTE, "write.accepted", t->type,
	    missing == NULL ? "yes" : "no", "%s, %s",
	    content ? "our test is refused" : "refused", refusal(p));
}

/* Whether searches by what identifies it leave others out. */
static void
find_search(struct try *t)
{
	struct probe *p = t->p;
	const char *name =
	    strcmp(t->type, "Provenance") == 0 ? "_tag" : "identifier";
	const char *says = probe_says_param(p, t->type, name);

	probe_get(p, "%s?%s-other&_count=1", t->type, t->search);
	probe_find(p, probe_entries(p) > 0 ? PROBE_NOTE : PROBE_GOOD,
	    "search.param", t->type, says, "%s: %s", name,
	    probe_entries(p) > 0 ? "ignored, everything comes" : "honoured");
}

static void
try_type(struct try *t, bool *lag_known)
{
	struct probe *p = t->p;
	const char *missing =
	    capability_refuses(&p->capability, t->type, false);

	begin(t, "");
	if (!create(t)) {
		find_refused(t, missing);
		if (t->id[0] != '\0')
			remove_it(t, t->id, false);
		return;
	}
	probe_find(p, PROBE_GOOD, "write.accepted", t->type,
	    missing == NULL ? "yes" : "no", "accepted");
	if (read_back(t) && find_lag(t, *lag_known ? 1 : LAG_TIMES)) {
		*lag_known = true;
		*ARENA_PUSH(p->a, &p->out->profile.accepts) = t->type;
		find_search(t);
		if (create_again(t) && !p->raced && !p->lasting)
			probe_race(t);
		update(t);
	}
	remove_it(t, t->id, true);
}

void
probe_write(struct probe *p)
{
	const struct config_list *types = &p->o->config->write_types;
	bool lag_known = false;

	p->out->wrote = true;
	p->out->profile.accepts_known = true;
	for (size_t i = 0; i < N_BODIES && !p->stopped && p->silent <= 3; i++) {
		struct try t = {
		    .p = p, .type = bodies[i].type, .rest = bodies[i].rest};

		if (config_list_has(types, t.type))
			try_type(&t, &lag_known);
	}
}
