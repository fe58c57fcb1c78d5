/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fhir/datetime.h"
#include "tests/sandbox/internal.h"

static const char *const type_names[] = {
#define TYPE(name) #name,
#include "tests/sandbox/types.def"
#undef TYPE
};
#define N_TYPES (sizeof(type_names) / sizeof(type_names[0]))

/* What a transaction has written, to be taken back in reverse. */
struct undo {
	struct resource **items;
	size_t n, cap;
};

static void *
grown(void *items, size_t n, size_t *cap, size_t elem)
{
	if (n < *cap)
		return items;
	*cap = *cap == 0 ? 4 : *cap * 2;
	items = realloc(items, *cap * elem);
	if (items == NULL)
		abort();
	return items;
}

static void *
zeroed(size_t n, size_t elem)
{
	void *p = calloc(n, elem);

	if (p == NULL)
		abort();
	return p;
}

void
store_init(struct store *st)
{
	memset(st, 0, sizeof(*st));
	st->n_types = N_TYPES;
	st->types = zeroed(N_TYPES, sizeof(*st->types));
	for (size_t i = 0; i < N_TYPES; i++)
		st->types[i].name = type_names[i];
	st->n_slots = 1024;
	st->slots = zeroed(st->n_slots, sizeof(struct resource *));
	st->next_id = 1000;
}

static void
resource_free(struct resource *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->versions[i].text);
	index_clear(r);
	free(r->versions);
	free(r->id);
	free(r);
}

void
store_done(struct store *st)
{
	for (size_t i = 0; i < st->n_slots; i++)
		if (st->slots[i] != NULL)
			resource_free(st->slots[i]);
	for (size_t i = 0; i < st->n_types; i++)
		free(st->types[i].items);
	free(st->types);
	free(st->slots);
}

static int
type_compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct type_row *)row)->name);
}

struct type_row *
store_type(struct store *st, const char *name)
{
	return bsearch(
	    name, st->types, st->n_types, sizeof(*st->types), type_compare);
}

static uint64_t
hash_key(const char *type, const char *id)
{
	uint64_t h = 14695981039346656037u;

	for (; *type != '\0'; type++)
		h = (h ^ (unsigned char)*type) * 1099511628211u;
	h = (h ^ '/') * 1099511628211u;
	for (; *id != '\0'; id++)
		h = (h ^ (unsigned char)*id) * 1099511628211u;
	return h;
}

static size_t
slot_of(const struct store *st, const char *type, const char *id)
{
	size_t i = hash_key(type, id) & (st->n_slots - 1);

	while (st->slots[i] != NULL && (strcmp(st->slots[i]->type, type) != 0 ||
					   strcmp(st->slots[i]->id, id) != 0))
		i = (i + 1) & (st->n_slots - 1);
	return i;
}

struct resource *
store_find(struct store *st, const char *type, const char *id)
{
	struct resource *r = st->slots[slot_of(st, type, id)];

	return r != NULL && r->n > 0 ? r : NULL;
}

const struct version *
store_latest(const struct resource *r)
{
	return &r->versions[r->n - 1];
}

bool
store_alive(const struct resource *r)
{
	return r != NULL && r->n > 0 && store_latest(r)->text != NULL;
}

static void
table_grow(struct store *st)
{
	struct resource **old = st->slots;
	size_t n = st->n_slots;

	st->n_slots *= 2;
	st->slots = zeroed(st->n_slots, sizeof(struct resource *));
	for (size_t i = 0; i < n; i++)
		if (old[i] != NULL)
			st->slots[slot_of(st, old[i]->type, old[i]->id)] =
			    old[i];
	free(old);
}

/* The resource's place, made if it is not there (with n = 0). */
static struct resource *
store_place(struct store *st, struct type_row *row, const char *id)
{
	size_t i = slot_of(st, row->name, id);
	struct resource *r = st->slots[i];

	if (r != NULL)
		return r;
	r = zeroed(1, sizeof(*r));
	r->type = row->name;
	r->id = strdup(id);
	if (r->id == NULL)
		abort();
	st->slots[i] = r;
	if (++st->n_used * 2 > st->n_slots)
		table_grow(st);
	row->items = grown(row->items, row->n, &row->cap, sizeof(*row->items));
	row->items[row->n++] = r;
	r->seq = st->next_seq++;
	return r;
}

bool
store_id_ok(const char *id)
{
	size_t n = strlen(id);

	return n >= 1 && n <= 64 &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			  "0123456789-.") == n;
}

char *
store_new_id(struct store *st, const char *type, char buf[24])
{
	do {
		snprintf(buf, 24, "%llu", (unsigned long long)st->next_id++);
	} while (store_find(st, type, buf) != NULL);
	return buf;
}

int64_t
store_now_ms(const struct store *st)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + st->ahead_ms;
}

/* Never goes back, so that _lastUpdated orders writes. */
static int64_t
now_ms(struct store *st)
{
	int64_t ms = store_now_ms(st);

	if (ms < st->last_ms)
		ms = st->last_ms;
	st->last_ms = ms;
	return ms;
}

static void
compose_meta(struct json_writer *w, const struct json_value *meta,
    size_t version, int64_t ms)
{
	struct json_iter it = {0};
	char number[24], instant[INSTANT_SIZE];

	snprintf(number, sizeof(number), "%zu", version);
	json_begin_object(w, "meta");
	json_put_string(w, "versionId", number);
	json_put_string(w, "lastUpdated", instant_format(ms, instant));
	while (json_next(meta, &it))
		if (strcmp(it.name, "versionId") != 0 &&
		    strcmp(it.name, "lastUpdated") != 0)
			json_put_raw(w, it.name, json_text(it.value));
	json_end_object(w);
}

/* The stored text: what was sent, number texts as they were, with our id and
 * meta. */
static char *
compose(const struct json_value *root, const char *type, const char *id,
    size_t version, int64_t ms)
{
	static const char *const ours[] = {"resourceType", "id", "meta"};
	struct json_iter it = {0};
	struct json_writer w;
	struct strbuf out;

	strbuf_init(&out, SANDBOX_BODY_MAX * 2);
	json_writer_init(&w, &out, false);
	json_begin_object(&w, NULL);
	json_put_string(&w, "resourceType", type);
	json_put_string(&w, "id", id);
	compose_meta(&w, json_get(root, "meta"), version, ms);
	while (json_next(root, &it)) {
		bool skip = false;

		for (size_t i = 0; i < 3; i++)
			skip |= strcmp(it.name, ours[i]) == 0;
		if (!skip)
			json_put_raw(&w, it.name, json_text(it.value));
	}
	json_end_object(&w);
	return strbuf_take(&out);
}

static void
push_version(struct store *st, struct resource *r, char *text, int64_t ms)
{
	struct version *v;
	bool created = !store_alive(r);

	r->versions = grown(r->versions, r->n, &r->cap, sizeof(*r->versions));
	v = &r->versions[r->n++];
	v->text = text;
	v->len = text == NULL ? 0 : strlen(text);
	v->updated_ms = ms;
	v->created = created;
	if (st->undo != NULL) {
		struct undo *u = st->undo;

		u->items = grown(u->items, u->n, &u->cap, sizeof(*u->items));
		u->items[u->n++] = r;
	}
}

static enum err_code
check_resource(const struct json_value *root, const char *type, const char *id,
    struct err *e)
{
	const char *said = json_string_at(root, "resourceType");
	const char *said_id = json_string(json_get(root, "id"));

	if (said == NULL)
		return err_set(e, ERR_NOT_FHIR, "no resourceType");
	if (strcmp(said, type) != 0)
		return err_set(e, ERR_INVALID,
		    "the resource's type is not that of the request");
	if (id != NULL && !store_id_ok(id))
		return err_set(e, ERR_INVALID, "not a valid id");
	if (id != NULL && said_id != NULL && strcmp(said_id, id) != 0)
		return err_set(e, ERR_INVALID,
		    "the resource's id is not that of the request");
	return ERR_OK;
}

static bool
same_content(const struct json_value *root, const struct resource *r)
{
	const struct version *v;
	char *again;
	bool same;

	if (!store_alive(r))
		return false;
	v = store_latest(r);
	again = compose(root, r->type, r->id, r->n, v->updated_ms);
	same = strcmp(again, v->text) == 0;
	free(again);
	return same;
}

enum err_code
store_write(struct store *st, const char *type, const char *id,
    const char *text, size_t len, struct resource **ret, bool *ret_same,
    struct err *e)
{
	struct type_row *row = store_type(st, type);
	struct json_doc *doc = NULL;
	struct resource *r;
	enum err_code code;
	char buf[24];
	bool same;

	if (row == NULL)
		return err_set(e, ERR_NOT_FHIR, "no such resource type");
	if ((code = json_parse(text, len, &doc, e)) != ERR_OK)
		return code;
	if ((code = check_resource(json_root(doc), type, id, e)) != ERR_OK)
		goto out;
	r = store_place(st, row, id != NULL ? id : store_new_id(st, type, buf));
	same = same_content(json_root(doc), r);
	if (!same) {
		int64_t ms = now_ms(st);

		push_version(st, r,
		    compose(json_root(doc), row->name, r->id, r->n + 1, ms),
		    ms);
		index_build(r, json_root(doc));
	}
	*ret = r;
	*ret_same = same;
out:
	json_free(doc);
	return code;
}

void
store_remove(struct store *st, struct resource *r)
{
	if (!store_alive(r))
		return;
	push_version(st, r, NULL, now_ms(st));
	index_clear(r);
}

void
store_touch(struct store *st, struct resource *r)
{
	const struct version *v = store_latest(r);
	struct json_doc *doc = NULL;
	int64_t ms = now_ms(st);

	if (json_parse(v->text, v->len, &doc, NULL) == ERR_OK)
		push_version(st, r,
		    compose(json_root(doc), r->type, r->id, r->n + 1, ms), ms);
	json_free(doc);
}

void
store_begin(struct store *st)
{
	assert(st->undo == NULL);
	st->undo = zeroed(1, sizeof(*st->undo));
}

void
store_commit(struct store *st)
{
	free(st->undo->items);
	free(st->undo);
	st->undo = NULL;
}

static void
reindex(struct resource *r)
{
	struct json_doc *doc = NULL;
	const struct version *v;

	index_clear(r);
	if (!store_alive(r))
		return;
	v = store_latest(r);
	if (json_parse(v->text, v->len, &doc, NULL) == ERR_OK)
		index_build(r, json_root(doc));
	json_free(doc);
}

void
store_rollback(struct store *st)
{
	struct undo *u = st->undo;

	while (u->n > 0) {
		struct resource *r = u->items[--u->n];

		free(r->versions[--r->n].text);
		reindex(r);
	}
	store_commit(st);
}

void
store_set_back(struct store *st, int64_t ms)
{
	for (size_t i = 0; i < st->n_slots; i++) {
		struct resource *r = st->slots[i];
		bool changed = false;

		while (r != NULL && r->n > 0 &&
		       store_latest(r)->updated_ms >= ms) {
			free(r->versions[--r->n].text);
			changed = true;
		}
		if (changed)
			reindex(r);
	}
	st->last_ms = ms;
}
