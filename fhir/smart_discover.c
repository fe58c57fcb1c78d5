/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where tokens are to be had: .well-known/smart-configuration, else what the
 * CapabilityStatement says (older servers).
 */
#include <stdlib.h>
#include <string.h>

#include "fhir/smart_priv.h"

#define OAUTH_URIS                                                             \
	"http://fhir-registry.smarthealthit.org/StructureDefinition/"          \
	"oauth-uris"

/* GET [base]/path as JSON; ERR_NOT_FOUND for whatever says "not here". */
static enum err_code
get(struct smart *s, const char *path, struct json_doc **ret, struct err *e)
{
	static const char *const headers[] = {"Accept: application/json"};
	char *url = arena_printf(s->arena, "%s/%s", s->o.base_url, path);
	struct http_request r = {
	    .method = "GET", .url = url, .headers = headers, .n_headers = 1};
	struct http_response got;
	enum err_code code = http_exchange(s->http, &r, &got, e);

	if (code != ERR_OK)
		return code;
	if (got.status == 429)
		code = err_set(e, ERR_THROTTLED, "discovery: status 429");
	else if (got.status >= 500)
		code =
		    err_set(e, ERR_SERVER, "discovery: status %ld", got.status);
	else if (got.status != 200 ||
		 json_parse(got.body, got.body_len, ret, e) != ERR_OK)
		code = err_set(e, ERR_NOT_FOUND,
		    "discovery: status %ld, no "
		    "JSON",
		    got.status);
	http_response_done(&got);
	return code;
}

/* A list that does not say so; absent lists say nothing. */
static bool
lacks(const struct json_value *v, const char *list, const char *item)
{
	const struct json_value *a = json_get(v, list);

	for (size_t i = 0; i < json_length(a); i++) {
		const char *is = json_string(json_at(a, i));

		if (is != NULL && strcmp(is, item) == 0)
			return false;
	}
	return json_type(a) == JSON_ARRAY && json_length(a) > 0;
}

static enum err_code
check(const struct smart *s, const struct json_value *v, struct err *e)
{
	const struct {
		const char *list, *item;
	} wants[] = {
	    {"grant_types_supported", "client_credentials"},
	    {"token_endpoint_auth_methods_supported", "private_key_jwt"},
	    {"token_endpoint_auth_signing_alg_values_supported",
		jwk_alg(s->key)},
	};

	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		if (lacks(v, wants[i].list, wants[i].item))
			return err_set(e, ERR_AUTH,
			    "smart-configuration: %s is without %s",
			    wants[i].list, wants[i].item);
	return ERR_OK;
}

/*= interop B.10 rule 1: resolved against the FHIR base */
static enum err_code
take_endpoint(struct smart *s, const char *link, struct err *e)
{
	char *base = arena_printf(s->arena, "%s/", s->o.base_url);
	char origin[HTTP_ORIGIN_SIZE];
	char *url = http_resolve(base, link);

	if (url == NULL || !http_origin(url, origin)) {
		free(url);
		return err_set(
		    e, ERR_AUTH, "the token endpoint is no https URL");
	}
	free(s->endpoint);
	s->endpoint = url;
	return ERR_OK;
}

static const struct json_value *
extension(const struct json_value *v, const char *url)
{
	const struct json_value *all = json_get(v, "extension");

	for (size_t i = 0; i < json_length(all); i++) {
		const char *is = json_string_at(json_at(all, i), "url");

		if (is != NULL && strcmp(is, url) == 0)
			return json_at(all, i);
	}
	return NULL;
}

static enum err_code
from_capability(struct smart *s, struct err *e)
{
	struct json_doc *doc = NULL;
	const struct json_value *v;
	const char *link;
	enum err_code code = get(s, "metadata", &doc, e);

	if (code == ERR_NOT_FOUND)
		code = err_set(
		    e, ERR_AUTH, "the server announces no token endpoint");
	if (code != ERR_OK)
		return code;
	v = json_path(json_root(doc), "rest.security");
	v = extension(extension(v, OAUTH_URIS), "token");
	link = json_string_at(v, "valueUri");
	code = link == NULL ? err_set(e, ERR_AUTH,
				  "the server announces no token endpoint")
			    : take_endpoint(s, link, e);
	if (s->version == 0)
		s->version = 1;
	json_free(doc);
	return code;
}

enum err_code
smart_discover(struct smart *s, struct err *e)
{
	struct json_doc *doc = NULL;
	const struct json_value *v;
	const char *link;
	enum err_code code = get(s, ".well-known/smart-configuration", &doc, e);

	if (code != ERR_OK && code != ERR_NOT_FOUND)
		return code;
	v = json_root(doc);
	link = json_string_at(v, "token_endpoint");
	if (link == NULL) {
		json_free(doc);
		return from_capability(s, e);
	}
	code = check(s, v, e);
	if (code == ERR_OK)
		code = take_endpoint(s, link, e);
	if (code == ERR_OK)
		s->version = lacks(v, "capabilities", "permission-v2") &&
				     !lacks(v, "capabilities", "permission-v1")
				 ? 1
				 : 2;
	json_free(doc);
	return code;
}
