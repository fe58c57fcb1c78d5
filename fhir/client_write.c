/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/client_priv.h"

void
client_written_done(struct client_written *w)
{
	free(w->body);
	memset(w, 0, sizeof(*w));
}

/* printf into memory the caller frees. */
static char *PRINTF(1, 2) print(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	return s;
}

static enum err_code
check_name(const char *type, const char *id, struct err *e)
{
	if (!client_id_valid(type) || (id != NULL && !client_id_valid(id)))
		return err_set(e, ERR_INVALID, "no valid resource type or id");
	return ERR_OK;
}

/* Reading */

static enum err_code
read_one(struct client *c, const char *url, const char *type, const char *id,
    char **ret_body, size_t *ret_len, struct err *e)
{
	struct client_call call = {.method = "GET",
	    .url = url,
	    .what = type,
	    .precondition = ERR_REFUSED};
	struct json_doc *doc = NULL;
	struct http_response r;
	const char *is;
	enum err_code code = client_call(c, &call, &r, e);

	if (code != ERR_OK)
		return code;
	code = client_parse(&r, type, &doc, e);
	is = json_string_at(json_root(doc), "id");
	if (code == ERR_OK && id != NULL && is != NULL && strcmp(is, id) != 0)
		code = err_set(e, ERR_NOT_FHIR,
		    "the answer is not the resource asked for");
	client_tell(c, url, &r, code, e);
	if (code == ERR_OK) {
		*ret_body = r.body;
		*ret_len = r.body_len;
		r.body = NULL;
	} else {
		err_context(e, "GET %s", type);
	}
	json_free(doc);
	http_response_done(&r);
	return code;
}

enum err_code
client_read(struct client *c, const char *type, const char *id, char **ret_body,
    size_t *ret_len, struct err *e)
{
	enum err_code code = check_name(type, id, e);
	char *url;

	if (code != ERR_OK)
		return code;
	url = print("%s/%s/%s", c->base, type, id);
	code = read_one(c, url, type, id, ret_body, ret_len, e);
	free(url);
	return code;
}

enum err_code
client_capability(
    struct client *c, char **ret_body, size_t *ret_len, struct err *e)
{
	char *url = print("%s/metadata", c->base);
	enum err_code code =
	    read_one(c, url, "CapabilityStatement", NULL, ret_body, ret_len, e);

	free(url);
	return code;
}

/* What a write answers */

/* A part of a URL as an id; "" when it is none. */
static void
take_id(const char *s, size_t n, char buf[65])
{
	buf[0] = '\0';
	if (n > 64)
		return;
	memcpy(buf, s, n);
	buf[n] = '\0';
	if (!client_id_valid(buf))
		buf[0] = '\0';
}

/*= interop D-48: […/]Type/id[/_history/vid] */
static void
read_location(const char *location, const char *type, struct client_written *w)
{
	static const char history[] = "/_history/";
	size_t n = strlen(type), end = strcspn(location, "?#");
	const char *p = location, *id = NULL;

	for (; (p = strstr(p, type)) != NULL; p++)
		if ((p == location || p[-1] == '/') && p[n] == '/' &&
		    p < location + end)
			id = p + n + 1;
	if (id == NULL)
		return;
	n = strcspn(id, "/?#");
	take_id(id, n, w->id);
	if (strncmp(id + n, history, sizeof(history) - 1) == 0) {
		id += n + sizeof(history) - 1;
		take_id(id, strcspn(id, "/?#"), w->version);
	}
}

/*= interop B.7: W/"3", "3" and 3 */
static void
read_etag(const char *etag, struct client_written *w)
{
	size_t n;

	if (strncmp(etag, "W/", 2) == 0)
		etag += 2;
	n = strlen(etag);
	if (n >= 2 && etag[0] == '"' && etag[n - 1] == '"') {
		etag++;
		n -= 2;
	}
	if (n > 0)
		take_id(etag, n, w->version);
}

static void
fill_in(const struct json_value *v, const char *path, char buf[65])
{
	const char *s = json_string_at(v, path);

	if (buf[0] == '\0' && s != NULL)
		take_id(s, strlen(s), buf);
}

/* The body: nothing, an OperationOutcome, or the resource as it is now. */
static enum err_code
read_representation(const struct http_response *r, const char *type,
    struct client_written *w, struct err *e)
{
	struct json_doc *doc = NULL;
	const struct json_value *v;
	const char *is, *id;
	enum err_code code;

	if (r->body_len == 0)
		return ERR_OK;
	code = json_parse(r->body, r->body_len, &doc, e);
	if (code != ERR_OK)
		return code;
	v = json_root(doc);
	is = json_string_at(v, "resourceType");
	id = json_string_at(v, "id");
	if (is == NULL) {
		code = err_set(e, ERR_NOT_FHIR, "JSON without a resourceType");
	} else if (strcmp(is, type) == 0) {
		if (id != NULL && w->id[0] != '\0' && strcmp(id, w->id) != 0)
			code = err_set(
			    e, ERR_NOT_FHIR, "the answer is another resource");
		fill_in(v, "id", w->id);
		fill_in(v, "meta.versionId", w->version);
		free(w->body);
		w->body = print("%s", r->body);
	}
	json_free(doc);
	return code;
}

/* `id` is NULL for a create. */
static enum err_code
send(struct client *c, const struct client_call *call, const char *id,
    struct client_written *ret, struct err *e)
{
	struct client_written w = {0};
	struct http_response r;
	enum err_code code = client_call(c, call, &r, e);

	if (code != ERR_OK)
		return code;
	w.body = print("%s", "");
	w.created = r.status == 201;
	if (r.status != 200 && r.status != 201 && r.status != 204)
		code = err_set(e, ERR_REFUSED,
		    "status %ld does not say it is done", r.status);
	if (code == ERR_OK) {
		read_location(r.location, call->what, &w);
		read_etag(r.etag, &w);
		if (id != NULL)
			snprintf(w.id, sizeof(w.id), "%s", id);
		code = read_representation(&r, call->what, &w, e);
	}
	http_response_done(&r);
	if (code != ERR_OK) {
		err_context(e, "%s %s", call->method, call->what);
		client_written_done(&w);
	} else {
		*ret = w;
	}
	return code;
}

enum err_code
client_create(struct client *c, const char *type, const char *if_none_exist,
    const char *body, struct client_written *ret, struct err *e)
{
	struct client_call call = {.method = "POST",
	    .what = type,
	    .body = body,
	    .precondition = ERR_DUPLICATE};
	char *url, *condition = NULL;
	enum err_code code = check_name(type, NULL, e);

	if (code != ERR_OK)
		return code;
	call.url = url = print("%s/%s", c->base, type);
	if (if_none_exist != NULL && if_none_exist[0] != '\0')
		condition = print("If-None-Exist: %s", if_none_exist);
	call.condition = condition;
	code = send(c, &call, NULL, ret, e);
	free(condition);
	free(url);
	return code;
}

enum err_code
client_update(struct client *c, const char *type, const char *id,
    const char *version, const char *body, struct client_written *ret,
    struct err *e)
{
	struct client_call call = {.method = "PUT",
	    .what = type,
	    .body = body,
	    .precondition = ERR_CONFLICT};
	char *url, *condition = NULL;
	enum err_code code = check_name(type, id, e);

	if (code == ERR_OK && version[0] != '\0' && !client_id_valid(version))
		code = err_set(e, ERR_INVALID, "no valid version");
	if (code != ERR_OK)
		return code;
	call.url = url = print("%s/%s/%s", c->base, type, id);
	if (version[0] != '\0')
		condition = print("If-Match: W/\"%s\"", version);
	call.condition = condition;
	code = send(c, &call, id, ret, e);
	free(condition);
	free(url);
	return code;
}
