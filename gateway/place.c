/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/place.h"

#include "fhir/util/log.h"
#include "gateway/connect.h"

#include <stdlib.h>
#include <string.h>

enum err_code
place_open(const struct place_options *o, const struct config_server *s,
    struct deliver_place *ret, struct err *e)
{
	struct client_options how;
	struct client *client = NULL;
	enum err_code rc = connect_options(o->config, s, o->metrics, &how, e);

	if (rc != ERR_OK)
		return rc;
	/* Only this: what asks for tokens is nobody's to record. */
	how.http.transport = o->transport;
	rc = client_new(&how, &client, e);
	if (rc != ERR_OK)
		return rc;
	memset(ret, 0, sizeof(*ret));
	ret->server = s;
	ret->client = client;
	ret->capability = arena_alloc(o->arena, sizeof(*ret->capability));
	return ERR_OK;
}

void
place_close(struct deliver_place *p)
{
	client_free(p->client);
	memset(p, 0, sizeof(*p));
}

static void
say(const struct deliver_place *p)
{
	if (p->quirks.product == NULL) {
		log_event(
		    LOG_SERVER_UNKNOWN, log_word("server", p->server->name));
	}
	log_event(LOG_SERVER, log_word("server", p->server->name),
	    log_word("fhir", p->capability->fhir_version),
	    log_word("software", p->capability->software));
}

enum err_code
place_learn(struct deliver_place *p, struct arena *a, struct err *e)
{
	struct json_doc *doc = NULL;
	char *body = NULL;
	size_t len;
	enum err_code rc;

	if (p->known)
		return ERR_OK;
	rc = client_capability(p->client, &body, &len, e);
	if (rc == ERR_OK)
		rc = json_parse(body, len, &doc, e);
	if (rc == ERR_OK)
		rc = capability_read(json_root(doc), a, p->capability, e);
	json_free(doc);
	free(body);
	if (rc != ERR_OK)
		return rc;
	p->known = true;
	p->quirks = quirks_for(p->capability->software);
	quirks_apply(p->quirks, p->client);
	say(p);
	return ERR_OK;
}
