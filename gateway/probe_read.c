/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe: what searches give, type by type.  Reads only.
 */
#include "fhir/http.h"
#include "gateway/probe_priv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FUTURE       "2999-01-01T00:00:00Z"
#define NO_SUCH      "rescan-no-such-value"
#define MUCH         1000
#define A_PAGE       20
#define A_SMALL_PAGE 10
#define IDS_SIZE     4096

/* "Observation?patient=1&", to which parameters are added. */
static const char *
stem(const struct probe *p, const char *type)
{
	if (p->o->patient == NULL)
		return arena_printf(p->a, "%s?", type);
	return arena_printf(p->a, "%s?patient=%s&", type, p->o->patient);
}

bool
probe_is_searchset(const struct probe *p)
{
	const char *type = json_string_at(p->root, "type");

	return p->status == 200 && type != NULL &&
	       strcmp(type, "searchset") == 0;
}

/* The ids on the page, for comparing. */
static void
ids(const struct probe *p, char buf[IDS_SIZE])
{
	const struct json_value *list = json_get(p->root, "entry");
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < json_length(list) && n < IDS_SIZE; i++) {
		const char *id =
		    json_string_at(json_at(list, i), "resource.id");

		n += (size_t)snprintf(
		    buf + n, IDS_SIZE - n, "%s ", id == NULL ? "?" : id);
	}
}

/* --- one type --- */

struct look {
	struct probe *p;
	const char *type, *stem;
	size_t some; /* entries of the plain search */
	bool worked; /* it could be searched at all */
	/* of the first of them; NULL: not said */
	const char *id, *patient, *updated;
};

/* A query value, or NULL. */
static const char *
escaped(struct probe *p, const char *s)
{
	char *text = s == NULL ? NULL : client_escape(s);
	const char *kept = text == NULL ? NULL : arena_strdup(p->a, text);

	free(text);
	return kept;
}

/* What a search for it has to find again. */
static void
take_first(struct look *l)
{
	const struct json_value *list = json_get(l->p->root, "entry");
	const struct json_value *v = NULL;
	const char *patient, *updated;

	for (size_t i = 0; i < json_length(list) && v == NULL; i++) {
		const struct json_value *r =
		    json_get(json_at(list, i), "resource");
		const char *type = json_string_at(r, "resourceType");

		if (type != NULL && strcmp(type, l->type) == 0)
			v = r;
	}
	patient = json_string_at(v, "subject.reference");
	if (patient == NULL)
		patient = json_string_at(v, "patient.reference");
	if (patient != NULL && strncmp(patient, "Patient/", 8) == 0)
		l->patient = escaped(l->p, patient + 8);
	l->id = escaped(l->p, json_string_at(v, "id"));
	updated = json_string_at(v, "meta.lastUpdated");
	if (updated != NULL)
		l->updated =
		    escaped(l->p, arena_printf(l->p->a, "ge%s", updated));
}

/*= interop C.1: EHRs that want a patient, or do not offer the type */
static bool
look_plain(struct look *l)
{
	struct probe *p = l->p;
	const char *says = probe_stated(p, l->type) != NULL ? "offered"
			   : p->capability.lists_types      ? "not offered"
							    : "";

	probe_get(p, "%s_count=%d", l->stem, A_PAGE);
	l->worked = probe_is_searchset(p);
	l->some = l->worked ? probe_entries(p) : 0;
	if (l->worked) {
		take_first(l);
		probe_find(p, PROBE_GOOD, "search.plain", l->type, says,
		    "%zu on the first page", l->some);
		return true;
	}
	/* Forbidden is no question of how one asks. */
	if (p->o->patient == NULL && p->status == 400)
		p->out->profile.by_patient = true;
	probe_find(p,
	    p->o->patient == NULL && p->status / 100 == 4 ? PROBE_NOTE
							  : PROBE_BAD,
	    "search.plain", l->type, says,
	    p->status == 401   ? "not authorised"
	    : p->status == 403 ? "forbidden: our scopes do not cover it"
	    : p->status == 0   ? "no answer"
	    : p->o->patient == NULL
		? "status %ld: wants a patient? (--patient ID asks with one)"
		: "status %ld",
	    p->status);
	return false;
}

/* _count=1, the next link, the same page twice. */
static void
look_paging(struct look *l)
{
	struct probe *p = l->p;
	char origin[HTTP_ORIGIN_SIZE], home[HTTP_ORIGIN_SIZE];
	char first[IDS_SIZE], before[IDS_SIZE], after[IDS_SIZE];
	const char *next, *url, *how;
	char *whole;
	bool ours, on;

	probe_get(p, "%s_count=1", l->stem);
	ids(p, first);
	if (!probe_is_searchset(p)) {
		probe_find(p, PROBE_NOTE, "search.count", l->type, "",
		    "_count=1: status %ld", p->status);
		return;
	}
	probe_find(p, probe_entries(p) <= 1 ? PROBE_GOOD : PROBE_NOTE,
	    "search.count", l->type, "", "_count=1 gave %zu", probe_entries(p));
	next = probe_link(p, "next");
	if (next == NULL) {
		probe_find(p, l->some > 1 ? PROBE_BAD : PROBE_UNKNOWN,
		    "search.next", l->type, "",
		    l->some > 1 ? "no next link although there is more"
				: "too few resources to page");
		return;
	}
	how = strncmp(next, "https://", 8) == 0 ? "absolute"
	      : next[0] == '/'                  ? "root-relative"
	      : strstr(next, "://") != NULL     ? "absolute, not https"
						: "relative";
	whole = http_resolve(
	    arena_printf(p->a, "%s/%s", p->out->base, l->stem), next);
	url = arena_strdup(p->a, whole == NULL ? "" : whole);
	free(whole);
	ours = http_origin(url, origin) && http_origin(p->out->base, home) &&
	       strcmp(origin, home) == 0;
	probe_ask(p, "GET", url, NULL, NULL);
	ids(p, before);
	/*= interop D-21: a link that leads back */
	on = probe_is_searchset(p) &&
	     (first[0] == '\0' || strcmp(first, before) != 0);
	probe_find(p, on ? PROBE_GOOD : PROBE_BAD, "search.next", l->type, "",
	    "%s%s; %s", how,
	    ours ? "" : " (another origin: see trusted_origins)",
	    on                      ? "leads on"
	    : probe_is_searchset(p) ? "leads back to the same"
				    : "leads nowhere");
	if (!on)
		return;
	probe_ask(p, "GET", url, NULL, NULL);
	ids(p, after);
	probe_find(p, strcmp(before, after) == 0 ? PROBE_GOOD : PROBE_NOTE,
	    "search.repeat", l->type, "", "the same page twice: %s",
	    strcmp(before, after) == 0 ? "the same" : "something else");
}

static void
look_large(struct look *l)
{
	struct probe *p = l->p;
	int *best = &p->out->profile.page_count;
	size_t n;
	bool more;

	probe_get(p, "%s_count=%d", l->stem, MUCH);
	if (!probe_is_searchset(p)) {
		probe_find(p, PROBE_NOTE, "search.large", l->type, "",
		    "_count=%d: status %ld", MUCH, p->status);
		return;
	}
	n = probe_entries(p);
	more = probe_link(p, "next") != NULL;
	probe_find(p, PROBE_GOOD, "search.large", l->type, "",
	    more ? "_count=%d gave %zu a page" : "_count=%d gave all %zu", MUCH,
	    n);
	/* Where there was more, so much is what a page holds, unless it was
	 * thinned out afterwards. */
	if (more && n >= A_SMALL_PAGE && (*best == 0 || (int)n < *best))
		*best = (int)n;
}

/* --- order --- */

struct order {
	long status; /* of the first page */
	int n, distinct, digits;
	bool up, down;
	char last[40];
};

static void
take_time(struct order *o, const char *s)
{
	const char *dot = strchr(s, '.');
	int digits = dot == NULL ? 0 : (int)strspn(dot + 1, "0123456789");
	struct datetime was, is;
	struct err unheard = ERR_INIT;

	if (digits > o->digits)
		o->digits = digits;
	if (o->n++ > 0 && datetime_parse(o->last, &was, &unheard) == ERR_OK &&
	    datetime_parse(s, &is, &unheard) == ERR_OK) {
		int64_t a = datetime_instant_ms(&was);
		int64_t b = datetime_instant_ms(&is);

		o->up = o->up && a <= b;
		o->down = o->down && a >= b;
		o->distinct += a != b;
	}
	snprintf(o->last, sizeof(o->last), "%s", s);
}

static struct order
read_order(struct probe *p, const char *path)
{
	struct order o = {.up = true, .down = true};

	o.status = probe_get(p, "%s", path);
	for (int pages = 0; pages < 2 && probe_is_searchset(p); pages++) {
		const struct json_value *list = json_get(p->root, "entry");
		const char *next = probe_link(p, "next");
		char *url;

		for (size_t i = 0; i < json_length(list); i++) {
			const char *s = json_string_at(
			    json_at(list, i), "resource.meta.lastUpdated");

			if (s != NULL)
				take_time(&o, s);
		}
		if (next == NULL || pages == 1)
			break;
		url = http_resolve(
		    arena_printf(p->a, "%s/%s", p->out->base, path), next);
		probe_ask(p, "GET", url == NULL ? "" : url, NULL, NULL);
		free(url);
	}
	return o;
}

/*= interop C.4-5: monotone over two pages, up and down */
static void
look_order(struct look *l)
{
	struct probe *p = l->p;
	struct order up =
	    read_order(p, arena_printf(p->a, "%s_sort=_lastUpdated&_count=%d",
			      l->stem, A_PAGE));
	struct order down;

	if (up.status != 200) {
		p->out->profile.sort = false;
		probe_find(p, PROBE_NOTE, "search.sort", l->type, "",
		    "_sort=_lastUpdated: status %ld", up.status);
		return;
	}
	if (up.n > 0) {
		probe_find(p, PROBE_GOOD, "meta.precision", l->type, "",
		    "lastUpdated with %d digits behind the second", up.digits);
	} else if (l->some > 0) {
		probe_find(p, PROBE_NOTE, "meta.precision", l->type, "",
		    "no meta.lastUpdated in the resources");
	}
	if (up.distinct == 0) {
		probe_find(p, PROBE_UNKNOWN, "search.sort", l->type, "",
		    "too few different times to tell");
		return;
	}
	down =
	    read_order(p, arena_printf(p->a, "%s_sort=-_lastUpdated&_count=%d",
			      l->stem, A_PAGE));
	probe_find(p, up.up && down.down ? PROBE_GOOD : PROBE_NOTE,
	    "search.sort", l->type, "",
	    up.up && down.down  ? "_sort=_lastUpdated is honoured"
	    : up.down && !up.up ? "newest first whatever is asked"
				: "_sort=_lastUpdated is not honoured");
}

/* --- parameters --- */

/* Whether a parameter that nothing can match leaves nothing, and what is
 * `there` (NULL: not known) is found by it. */
static enum probe_level
look_parameter(struct look *l, const char *name, const char *value,
    const char *there, bool need)
{
	struct probe *p = l->p;
	const char *says = probe_says_param(p, l->type, name);
	enum probe_level bad = need ? PROBE_BAD : PROBE_NOTE;
	const char *self;
	bool hidden;

	probe_get(p, "%s%s=%s&_count=1", l->stem, name, value);
	self = probe_link(p, "self");
	if (!probe_is_searchset(p)) {
		probe_find(p, bad, "search.param", l->type, says,
		    "%s: refused, status %ld", name, p->status);
		return bad;
	}
	if (probe_entries(p) > 0) {
		probe_find(p, bad, "search.param", l->type, says,
		    "%s: ignored, everything comes", name);
		return bad;
	}
	if (l->some == 0) {
		probe_find(p, PROBE_UNKNOWN, "search.param", l->type, says,
		    "%s: there is nothing it could leave out", name);
		return PROBE_UNKNOWN;
	}
	hidden = self != NULL && strstr(self, name) == NULL;
	if (there != NULL &&
	    probe_get(p, "%s%s=%s&_count=1", l->stem, name, there) != 0 &&
	    (!probe_is_searchset(p) || probe_entries(p) == 0)) {
		probe_find(p, bad, "search.param", l->type, says,
		    "%s: does not find what is there, status %ld", name,
		    p->status);
		return bad;
	}
	probe_find(p, PROBE_GOOD, "search.param", l->type, says,
	    "%s: honoured%s", name,
	    hidden ? ", though the self link does not say so" : "");
	return PROBE_GOOD;
}

/*= interop C.4-3: no type is asked by a time that one ignores */
static void
look_filter(struct look *l)
{
	const char **known = &l->p->out->profile.last_updated;

	switch (
	    look_parameter(l, "_lastUpdated", "gt" FUTURE, l->updated, false)) {
	case PROBE_GOOD:
		if (*known == NULL)
			*known = "yes";
		break;
	case PROBE_UNKNOWN:
		break;
	default:
		*known = "no";
	}
}

/*= interop B.2 rule 7: refused under strict handling, as it ought to be? */
static void
look_unknown(struct look *l)
{
	struct probe *p = l->p;
	const char *self;

	probe_ask(p, "GET",
	    arena_printf(p->a, "%srescan-no-such=1&_count=1", l->stem),
	    "Prefer: handling=strict", NULL);
	self = probe_link(p, "self");
	if (p->status / 100 == 4) {
		probe_find(p, PROBE_GOOD, "search.unknown", l->type, "",
		    "an unknown parameter is refused, status %ld", p->status);
		return;
	}
	probe_find(p, PROBE_NOTE, "search.unknown", l->type, "",
	    self != NULL && strstr(self, "rescan-no-such") != NULL
		? "an unknown parameter is ignored, and the self link hides it"
		: "an unknown parameter is ignored, strict or not");
}

/*= interop C.4-8: a form that is not read would give everything */
static void
look_post(struct look *l)
{
	struct probe *p = l->p;
	const char *path = arena_printf(p->a, "%s/_search", l->type);
	const char *params = strchr(l->stem, '?') + 1;
	long status;

	status = probe_post(p, path, arena_printf(p->a, "%s_count=1", params));
	if (!probe_is_searchset(p)) {
		p->out->profile.post_search = "no";
		probe_find(p, PROBE_NOTE, "search.post", l->type, "",
		    "POST _search: status %ld", status);
		return;
	}
	if (l->some == 0 || probe_entries(p) == 0) {
		probe_find(p, PROBE_UNKNOWN, "search.post", l->type, "",
		    "POST _search: there is nothing to find");
		return;
	}
	probe_post(
	    p, path, arena_printf(p->a, "%s_id=" NO_SUCH "&_count=1", params));
	if (probe_entries(p) > 0) {
		p->out->profile.post_search = "no";
		probe_find(p, PROBE_NOTE, "search.post", l->type, "",
		    "POST _search: the form is ignored, everything comes");
		return;
	}
	if (p->out->profile.post_search == NULL)
		p->out->profile.post_search = "auto";
	probe_find(p, PROBE_GOOD, "search.post", l->type, "",
	    "POST _search is honoured");
}

static void
look_read(struct look *l)
{
	if (!look_plain(l))
		return;
	look_paging(l);
	look_large(l);
	look_order(l);
	look_unknown(l);
	look_filter(l);
	look_parameter(l, "_id", NO_SUCH, l->id, false);
	if (l->p->o->patient == NULL)
		look_parameter(l, "patient", NO_SUCH, l->patient, true);
	look_post(l);
	if (!l->p->sized)
		probe_length(l->p, l->type, l->stem);
	l->p->sized = true;
}

/* What we write has to be found again. */
static void
look_written(struct look *l)
{
	bool tagged = strcmp(l->type, "Provenance") == 0;

	probe_get(l->p, "%s?_count=1", l->type);
	l->worked = probe_is_searchset(l->p);
	l->some = l->worked ? probe_entries(l->p) : 0;
	/* On tests of its own it is asked when there is something to find. */
	if (l->some == 0 && l->p->o->write)
		return;
	look_parameter(l, tagged ? "_tag" : "identifier",
	    "https%3A%2F%2Frescan.example%2Ffhir%2Fidentifier%7C" NO_SUCH, NULL,
	    false);
}

static bool
goes_on(const struct probe *p)
{
	return !p->stopped && p->silent <= 3;
}

void
probe_read(struct probe *p)
{
	const struct config *c = p->o->config;

	for (size_t i = 0; i < c->poll_types.n && goes_on(p); i++) {
		struct look l = {.p = p, .type = c->poll_types.items[i]};

		l.stem = stem(p, l.type);
		look_read(&l);
	}
	for (size_t i = 0; i < c->write_types.n && goes_on(p); i++) {
		struct look l = {.p = p, .type = c->write_types.items[i]};

		l.stem = arena_printf(p->a, "%s?", l.type);
		look_written(&l);
	}
}
