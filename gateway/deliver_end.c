/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a row of the outbox ends, for now or for good.
 */
#include "gateway/deliver_priv.h"

#include "fhir/util/clock.h"
#include "fhir/util/log.h"

#include <assert.h>
#include <string.h>

const char *
delivery_name(enum delivery d)
{
	static const char *const names[DELIVERED__MAX] = {"created", "updated",
	    "unchanged", "nothing", "refused", "dismissed", "waiting"};

	assert(d < DELIVERED__MAX);
	return names[d];
}

enum err_code
job_settle(struct job *j, enum output_state state, enum delivery what,
    const struct store_quarantine *q, struct err *e)
{
	struct store_output *o = j->o;

	o->state = state;
	j->what = what;
	j->done = true;
	return j->d->store->ops->output_put(j->d->store, o, q, e);
}

/* --- refused --- */

/*= interop D-51: the type or the resource is not wanted here, nothing of it
 *= stands here, and there is another place. */
static bool
may_go_elsewhere(const struct job *j, enum err_code code)
{
	if (code != ERR_REFUSED && code != ERR_FORBIDDEN &&
	    code != ERR_NOT_FOUND)
		return false;
	return j->at == &j->d->own && j->d->other.server != NULL &&
	       j->o->server_id[0] == '\0' && !j->o->only_if_exists;
}

/* The row begins anew at the other server; why stays with it. */
static enum err_code
go_elsewhere(struct job *j, const char *why, struct err *e)
{
	struct store_output *o = j->o;

	j->at = &j->d->other;
	o->via = j->at->server->name;
	o->sent = "";
	o->attempts = 0;
	o->error = arena_strdup(j->arena, why);
	j->uncertain = false;
	j->current = NULL;
	o->state = OUTPUT_PENDING;
	log_event(LOG_WRITE_ELSEWHERE, log_int("patient", o->patient_id),
	    log_word("type", o->type), log_word("server", o->via));
	return j->d->store->ops->output_put(j->d->store, o, NULL, e);
}

static enum err_code
set_aside(struct job *j, const char *code, const char *text, struct err *e)
{
	struct store_output *o = j->o;
	struct store_quarantine q = {
	    .server = j->d->own.server->name,
	    .key = arena_printf(j->arena, "%s?%s", o->type, o->search),
	    .code = code,
	    .text = arena_strdup(j->arena, text),
	    .bytes = o->body,
	    .len = strlen(o->body),
	    .answer = aside_take_answer(j->d->aside, j->arena),
	    .at_ms = clock_now_ms(),
	};

	o->error = q.text;
	o->attempts++;
	return job_settle(j, OUTPUT_REFUSED, DELIVERED_REFUSED, &q, e);
}

enum err_code
job_refuse(struct job *j, enum err_code code, const char *text, struct err *e)
{
	if (may_go_elsewhere(j, code))
		return go_elsewhere(j, text, e);
	log_event(LOG_WRITE_REFUSED, log_int("patient", j->o->patient_id),
	    log_word("type", j->o->type), log_word("code", err_name(code)));
	return set_aside(j, QUARANTINE_WRITE, text, e);
}

enum err_code
job_lost(struct job *j, struct err *e)
{
	struct store *s = j->d->store;
	enum err_code rc = s->ops->memory_put(
	    s, j->at->server->name, MEMORY_UNSAFE, j->o->type, e);

	if (rc != ERR_OK)
		return rc;
	j->at->unsafe = true;
	log_event(LOG_WRITE_UNSAFE, log_int("patient", j->o->patient_id),
	    log_word("type", j->o->type));
	return set_aside(
	    j, QUARANTINE_DROPPED, "the server dropped our identifier", e);
}

enum err_code
job_dismiss(struct job *j, const char *why, struct err *e)
{
	struct store_output *o = j->o;

	o->error = why;
	o->sent = "";
	log_event(LOG_DISMISSED, log_int("patient", o->patient_id),
	    log_word("type", o->type), log_word("why", why));
	return job_settle(j, OUTPUT_DISMISSED, DELIVERED_DISMISSED, NULL, e);
}

/* --- failed --- */

static int64_t
backoff_ms(const struct deliver *d, int attempts)
{
	int64_t s = d->config->write_retry_min_s;

	for (int i = 1; i < attempts && s < d->config->write_retry_max_s; i++)
		s *= 2;
	if (s > d->config->write_retry_max_s)
		s = d->config->write_retry_max_s;
	return s * 1000 + clock_jitter_ms(s * 100);
}

bool
job_is_refusal(enum err_code code)
{
	static const enum err_code codes[] = {ERR_REFUSED, ERR_INVALID,
	    ERR_FORBIDDEN, ERR_NOT_FOUND, ERR_GONE, ERR_DUPLICATE, ERR_LIMIT};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (code == codes[i])
			return true;
	}
	return false;
}

enum err_code
job_fail(struct job *j, const struct err *what, struct err *e)
{
	struct store_output *o = j->o;

	if (what->code == ERR_STOPPED) /* the row says what was under way */
		return err_set(e, ERR_STOPPED, "%s", what->text);
	if (job_is_refusal(what->code)) {
		return job_refuse(j, what->code,
		    what->code == ERR_DUPLICATE
			? "duplicate identifier at server"
			: what->text,
		    e);
	}
	j->at->halted = j->at->halted || what->code != ERR_CONFLICT;
	o->attempts++;
	o->error = arena_strdup(j->arena, what->text);
	o->next_try_ms = clock_now_ms() + backoff_ms(j->d, o->attempts);
	log_event(LOG_WRITE_FAILED, log_int("patient", o->patient_id),
	    log_word("type", o->type), log_word("code", err_name(what->code)),
	    log_int("attempts", o->attempts));
	return job_settle(j, o->state, DELIVERED_WAITING, NULL, e);
}

/* --- before anything is sent --- */

const char *
job_not_writable(struct job *j)
{
	const struct deliver_place *at = j->at;
	bool update = j->o->server_id[0] != '\0';
	const char *missing;

	if (!config_list_has(&j->d->config->write_types, j->o->type))
		return "not among [write] types";
	if (at->server->accepts.n > 0 &&
	    !config_list_has(&at->server->accepts, j->o->type))
		return "not among what this server accepts";
	if (!client_granted(at->client, j->o->type, 'c') ||
	    !client_granted(at->client, j->o->type, 'u'))
		return "the authorization server did not grant writing it";
	missing = capability_refuses(at->capability, j->o->type, update);
	if (missing == NULL)
		return NULL;
	return arena_printf(
	    j->arena, "the server does not accept %s %s", j->o->type, missing);
}
