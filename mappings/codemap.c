/* SPDX-License-Identifier: Apache-2.0 */
#include "mappings/codemap.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/util/arena.h"
#include "fhir/util/digest.h"
#include "fhir/util/strbuf.h"

#define MAX_FILE  ((size_t)8 << 20)
#define MAX_FILES 1000

/* The map whose concepts are code systems and whose codes are aliases. */
#define SYSTEM_MAP "system"

#define SNOMED     "http://snomed.info/sct"
#define MAX_SYSTEM 200
#define MAX_NAME   100

struct row {
	const char *map, *system, *code, *concept, *display;
	const char *file;
	size_t order; /* of loading */
	bool builtin; /* of the first directory, which defines the concepts */
};

/* What a concept is called. */
struct name {
	const char *map, *words, *concept; /* concept NULL: of several */
};

struct codemap {
	struct arena *arena;
	LIST_OF(struct row) rows;   /* by map, system, code once loaded */
	LIST_OF(struct name) names; /* by map, words once loaded */
	LIST_OF(struct codemap_source) sources;
};

/* Maps a code to ours without saying more than it says. */
static const char *const equivalences[] = {"equivalent", "equal", "wider"};

static int
row_compare(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;
	int r = strcmp(a->map, b->map);

	if (r == 0)
		r = strcmp(a->system, b->system);
	if (r == 0)
		r = strcmp(a->code, b->code);
	return r;
}

static int
row_compare_loading(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;
	int r = row_compare(a, b);

	return r != 0 ? r : (a->order > b->order) - (a->order < b->order);
}

static const struct row *
row_find(const struct codemap *m, const char *map, const char *system,
    const char *code)
{
	const struct row key = {.map = map, .system = system, .code = code};

	if (m->rows.n == 0)
		return NULL;
	return bsearch(
	    &key, m->rows.items, m->rows.n, sizeof(key), row_compare);
}

/* Read a whole file of at most MAX_FILE bytes. */
static enum err_code
file_read(struct arena *a, const char *path, const char **ret, size_t *ret_n,
    struct err *e)
{
	enum err_code code = ERR_OK;
	FILE *f = fopen(path, "rb");
	char *s;
	long n;

	if (f == NULL)
		return err_set(e, ERR_MAP, "%s: %s", path, strerror(errno));
	if (fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0) {
		code = err_set(e, ERR_MAP, "%s: cannot be read", path);
		goto out;
	}
	if ((size_t)n > MAX_FILE) {
		code = err_set(
		    e, ERR_MAP, "%s: larger than %zu bytes", path, MAX_FILE);
		goto out;
	}
	rewind(f);
	s = arena_alloc(a, (size_t)n + 1);
	if (fread(s, 1, (size_t)n, f) != (size_t)n) {
		code = err_set(e, ERR_MAP, "%s: cannot be read", path);
		goto out;
	}
	*ret = s;
	*ret_n = (size_t)n;
out:
	fclose(f);
	return code;
}

/* One file being loaded. */
struct loading {
	struct codemap *m;
	const char *file;
	bool builtin;
	const char *map, *system; /* of the group */
};

static enum err_code
element_load(struct loading *l, const struct json_value *v, struct err *e)
{
	const char *code = json_string(json_get(v, "code"));
	const struct json_value *targets = json_get(v, "target");
	const struct json_value *t = json_at(targets, 0);
	const char *concept = json_string(json_get(t, "code"));
	const char *how = json_string(json_get(t, "equivalence"));
	struct arena *a = l->m->arena;
	struct row *r;
	size_t i;

	if (code == NULL || code[0] == '\0')
		return err_set(
		    e, ERR_MAP, "%s: an element without code", l->file);
	if (json_length(targets) != 1 || concept == NULL)
		return err_set(e, ERR_MAP,
		    "%s: code '%s' needs exactly one target code", l->file,
		    code);
	for (i = 0; i < sizeof(equivalences) / sizeof(*equivalences); i++) {
		if (how != NULL && strcmp(how, equivalences[i]) == 0)
			break;
	}
	if (i == sizeof(equivalences) / sizeof(*equivalences))
		return err_set(e, ERR_MAP,
		    "%s: code '%s': equivalence must be equivalent, equal or "
		    "wider",
		    l->file, code);
	r = ARENA_PUSH(a, &l->m->rows);
	r->map = l->map;
	r->system = l->system;
	r->code = arena_strdup(a, code);
	r->concept = arena_strdup(a, concept);
	r->display = arena_strdup(a, json_string(json_get(v, "display")));
	r->file = l->file;
	r->order = l->m->rows.n;
	r->builtin = l->builtin;
	return ERR_OK;
}

static enum err_code
group_load(struct loading *l, const struct json_value *v, struct err *e)
{
	const char *source = json_string(json_get(v, "source"));
	const char *target = json_string(json_get(v, "target"));
	const struct json_value *elements = json_get(v, "element");
	const char *slash = target == NULL ? NULL : strrchr(target, '/');
	enum err_code code;

	if (source == NULL || source[0] == '\0')
		return err_set(
		    e, ERR_MAP, "%s: a group without source", l->file);
	if (slash == NULL || slash[1] == '\0')
		return err_set(e, ERR_MAP,
		    "%s: a group without a target code system", l->file);
	l->system = arena_strdup(l->m->arena, source);
	l->map = arena_strdup(l->m->arena, slash + 1);
	for (size_t i = 0; i < json_length(elements); i++) {
		code = element_load(l, json_at(elements, i), e);
		if (code != ERR_OK)
			return code;
	}
	return ERR_OK;
}

/* Note where the file came from: url, version, digest. */
static enum err_code
source_load(struct loading *l, const struct json_value *root, const char *bytes,
    size_t n, struct err *e)
{
	const char *url = json_string(json_get(root, "url"));
	const char *version = json_string(json_get(root, "version"));
	struct codemap_source *s;

	if (url == NULL || version == NULL)
		return err_set(
		    e, ERR_MAP, "%s: url and version are needed", l->file);
	s = ARENA_PUSH(l->m->arena, &l->m->sources);
	s->url = arena_strdup(l->m->arena, url);
	s->version = arena_strdup(l->m->arena, version);
	s->file = l->file;
	sha256_hex(bytes, n, s->sha256);
	return ERR_OK;
}

static enum err_code
file_load(struct codemap *m, const char *file, bool builtin, struct err *e)
{
	struct loading l = {.m = m, .file = file, .builtin = builtin};
	struct json_doc *doc = NULL;
	const struct json_value *root, *groups;
	const char *bytes = NULL, *type;
	enum err_code code;
	size_t n = 0;

	code = file_read(m->arena, file, &bytes, &n, e);
	if (code != ERR_OK)
		return code;
	if (json_parse(bytes, n, &doc, e) != ERR_OK) {
		err_context(e, "%s", file);
		if (e != NULL)
			e->code = ERR_MAP;
		return ERR_MAP;
	}
	root = json_root(doc);
	type = json_string(json_get(root, "resourceType"));
	if (type == NULL || strcmp(type, "ConceptMap") != 0) {
		code = err_set(e, ERR_MAP, "%s: not a ConceptMap", file);
		goto out;
	}
	code = source_load(&l, root, bytes, n, e);
	groups = json_get(root, "group");
	for (size_t i = 0; code == ERR_OK && i < json_length(groups); i++)
		code = group_load(&l, json_at(groups, i), e);
out:
	json_free(doc);
	return code;
}

static int
is_json(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && n > 5 &&
	       strcmp(d->d_name + n - 5, ".json") == 0;
}

static int
name_compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static enum err_code
dir_load(struct codemap *m, const char *dir, bool builtin, struct err *e)
{
	enum err_code code = ERR_OK;
	struct dirent **names = NULL;
	const char *file;
	int n = scandir(dir, &names, is_json, name_compare);

	if (n < 0)
		return err_set(e, ERR_MAP, "%s: %s", dir, strerror(errno));
	if (n > MAX_FILES)
		code = err_set(
		    e, ERR_MAP, "%s: more than %d files", dir, MAX_FILES);
	for (int i = 0; i < n; i++) {
		file = arena_printf(m->arena, "%s/%s", dir, names[i]->d_name);
		if (code == ERR_OK)
			code = file_load(m, file, builtin, e);
		free(names[i]);
	}
	free(names);
	return code;
}

/* The code system's own name for one of its other spellings; an edition of
 * SNOMED CT is SNOMED CT. */
static const char *
system_canonical(const struct codemap *m, const char *system)
{
	const struct row *r =
	    row_find(m, SYSTEM_MAP, "urn:ietf:rfc:3986", system);

	if (r != NULL)
		return r->concept;
	return strncmp(system, SNOMED "/", strlen(SNOMED "/")) == 0 ? SNOMED
								    : system;
}

static void
rows_sort(struct codemap *m)
{
	if (m->rows.n > 0)
		qsort(m->rows.items, m->rows.n, sizeof(*m->rows.items),
		    row_compare_loading);
}

/* Sources may themselves be given in another spelling.  Two passes, since the
 * table of spellings must be sorted to be asked. */
static void
rows_canonicalise(struct codemap *m)
{
	LIST_OF(const char *) systems = {NULL, 0, 0};

	for (size_t i = 0; i < m->rows.n; i++)
		*ARENA_PUSH(m->arena, &systems) =
		    strcmp(m->rows.items[i].map, SYSTEM_MAP) == 0
			? m->rows.items[i].system
			: system_canonical(m, m->rows.items[i].system);
	for (size_t i = 0; i < m->rows.n; i++)
		m->rows.items[i].system = systems.items[i];
	rows_sort(m);
}

/* Equal rows collapse into the first; one code with two concepts is refused. */
static enum err_code
rows_unite(struct codemap *m, struct err *e)
{
	struct row *rows = m->rows.items;
	size_t n = 0;

	for (size_t i = 0; i < m->rows.n; i++) {
		if (n > 0 && row_compare(&rows[n - 1], &rows[i]) == 0) {
			if (strcmp(rows[n - 1].concept, rows[i].concept) == 0)
				continue;
			return err_set(e, ERR_MAP,
			    "%s: code '%s' of %s is '%s' in map %s, but '%s' "
			    "in %s",
			    rows[i].file, rows[i].code, rows[i].system,
			    rows[i].concept, rows[i].map, rows[n - 1].concept,
			    rows[n - 1].file);
		}
		rows[n++] = rows[i];
	}
	m->rows.n = n;
	return ERR_OK;
}

/* What a site adds must be a word that the built-in map of that name has. */
static enum err_code
row_check(const struct codemap *m, const struct row *r, struct err *e)
{
	bool map_known = false;

	if (r->builtin)
		return ERR_OK;
	for (size_t i = 0; i < m->rows.n; i++) {
		const struct row *b = &m->rows.items[i];

		if (!b->builtin || strcmp(b->map, r->map) != 0)
			continue;
		map_known = true;
		if (strcmp(b->concept, r->concept) == 0)
			return ERR_OK;
	}
	if (!map_known)
		return err_set(
		    e, ERR_MAP, "%s: unknown map '%s'", r->file, r->map);
	return err_set(e, ERR_MAP, "%s: code '%s': map %s has no concept '%s'",
	    r->file, r->code, r->map, r->concept);
}

/* The words of a name that tell: small letters, without what stands in
 * parentheses and the fillers of SNOMED CT's terms.  false: none, too long. */
static bool
name_words(const char *s, char ret[MAX_NAME])
{
	static const char *const fillers[] = {
	    "structure", "structures", "entire", "of", "the"};
	size_t n = 0, at = 0;

	for (; s != NULL; s++) {
		if (isalnum((unsigned char)*s) || (unsigned char)*s >= 0x80) {
			if (n + 2 >= MAX_NAME)
				return false;
			ret[n++] = (char)tolower((unsigned char)*s);
			continue;
		}
		ret[n] = '\0';
		for (size_t i = 0; i < sizeof(fillers) / sizeof(*fillers); i++) {
			if (strcmp(&ret[at], fillers[i]) == 0)
				n = at;
		}
		if (n > at)
			ret[n++] = ' ';
		at = n;
		if (*s == '\0' || *s == '(')
			break;
	}
	ret[n > 0 ? n - 1 : 0] = '\0';
	return n > 0;
}

static int
name_compare_map(const void *pa, const void *pb)
{
	const struct name *a = pa, *b = pb;
	int c = strcmp(a->map, b->map);

	return c != 0 ? c : strcmp(a->words, b->words);
}

static void
name_add(struct codemap *m, const struct row *r, const char *text)
{
	char words[MAX_NAME];

	if (name_words(text, words))
		*ARENA_PUSH(m->arena, &m->names) = (struct name){
		    r->map, arena_strdup(m->arena, words), r->concept};
}

/* A concept is called by its own word and as its codes are shown; what
 * several are called is none's name. */
static void
names_load(struct codemap *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->rows.n; i++) {
		name_add(m, &m->rows.items[i], m->rows.items[i].concept);
		name_add(m, &m->rows.items[i], m->rows.items[i].display);
	}
	if (m->names.n > 0) {
		qsort(m->names.items, m->names.n, sizeof(*m->names.items),
		    name_compare_map);
	}
	for (size_t i = 0; i < m->names.n; i++) {
		struct name *x = &m->names.items[i];
		struct name *last = n > 0 ? &m->names.items[n - 1] : NULL;

		if (last == NULL || name_compare_map(last, x) != 0)
			m->names.items[n++] = *x;
		else if (last->concept != NULL &&
			 strcmp(last->concept, x->concept) != 0)
			last->concept = NULL;
	}
	m->names.n = n;
}

enum err_code
codemap_load(
    const char *const *dirs, size_t n, struct codemap **ret, struct err *e)
{
	struct arena *a = arena_new();
	struct codemap *m = arena_alloc(a, sizeof(*m));
	enum err_code code = ERR_OK;

	m->arena = a;
	for (size_t i = 0; code == ERR_OK && i < n; i++)
		code = dir_load(m, dirs[i], i == 0, e);
	if (code == ERR_OK) {
		rows_sort(m);
		rows_canonicalise(m);
		code = rows_unite(m, e);
	}
	for (size_t i = 0; code == ERR_OK && i < m->rows.n; i++)
		code = row_check(m, &m->rows.items[i], e);
	if (code != ERR_OK) {
		codemap_free(m);
		return code;
	}
	names_load(m);
	*ret = m;
	return ERR_OK;
}

void
codemap_free(struct codemap *m)
{
	if (m != NULL)
		arena_free(m->arena);
}

const char *
codemap_lookup(const struct codemap *m, const char *map, const char *system,
    const char *code)
{
	char plain[MAX_SYSTEM];
	const struct row *r;
	size_t n;

	if (system == NULL || code == NULL)
		return NULL;
	n = strcspn(system, "|");
	if (system[n] != '\0' && n < sizeof(plain)) { /* system|version */
		memcpy(plain, system, n);
		plain[n] = '\0';
		system = plain;
	}
	r = row_find(m, map, system_canonical(m, system), code);
	return r == NULL ? NULL : r->concept;
}

const char *
codemap_codeable(
    const struct codemap *m, const char *map, const struct json_value *codeable)
{
	const struct json_value *codings = json_get(codeable, "coding");

	for (size_t i = 0; i < json_length(codings); i++) {
		const struct json_value *c = json_at(codings, i);
		const char *concept =
		    codemap_lookup(m, map, json_string(json_get(c, "system")),
			json_string(json_get(c, "code")));

		if (concept != NULL)
		return concept;
	}
	return NULL;
}

const char *
codemap_named(const struct codemap *m, const char *map, const char *text)
{
	char words[MAX_NAME];
	struct name key = {.map = map, .words = words};
	const struct name *x;

	if (m->names.n == 0 || !name_words(text, words))
		return NULL;
	x = bsearch(&key, m->names.items, m->names.n, sizeof(key),
	    name_compare_map);
	return x == NULL ? NULL : x->concept;
}

const char *
codemap_code(const struct codemap *m, const char *map, const char *concept,
    const char *system)
{
	const struct row *best = NULL;

	for (size_t i = 0; i < m->rows.n; i++) {
		const struct row *r = &m->rows.items[i];

		if (strcmp(r->map, map) == 0 &&
		    strcmp(r->concept, concept) == 0 &&
		    strcmp(r->system, system) == 0 &&
		    (best == NULL || r->order < best->order))
			best = r;
	}
	return best == NULL ? NULL : best->code;
}

size_t
codemap_sources(const struct codemap *m, const struct codemap_source **ret)
{
	*ret = m->sources.items;
	return m->sources.n;
}

static int
row_compare_concept(const void *pa, const void *pb)
{
	const struct row *a = *(const struct row *const *)pa;
	const struct row *b = *(const struct row *const *)pb;
	int r = strcmp(a->map, b->map);

	if (r == 0)
		r = strcmp(a->concept, b->concept);
	return r != 0 ? r : row_compare(a, b);
}

void
codemap_print(const struct codemap *m, struct strbuf *out)
{
	const struct row **by =
	    calloc(m->rows.n + 1, sizeof(const struct row *));
	const char *map = "", *concept = "";

	if (by == NULL)
		abort();
	for (size_t i = 0; i < m->rows.n; i++)
		by[i] = &m->rows.items[i];
	qsort(by, m->rows.n, sizeof(const struct row *), row_compare_concept);
	for (size_t i = 0; i < m->rows.n; i++) {
		const struct row *r = by[i];

		if (strcmp(r->map, map) != 0) {
			strbuf_addf(out, "%s%s\n", i > 0 ? "\n" : "", r->map);
			concept = "";
		}
		if (strcmp(r->concept, concept) != 0)
			strbuf_addf(out, "    %s\n", r->concept);
		strbuf_addf(out, "        %s %s  %s\n", r->system, r->code,
		    r->display == NULL ? "" : r->display);
		map = r->map;
		concept = r->concept;
	}
	free(by);
}
