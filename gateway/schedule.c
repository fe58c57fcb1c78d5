/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/schedule.h"

#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "gateway/nudge.h"

#include <signal.h>

#define SUSPECT_MS 5000
#define SLICE_MS   200

static volatile sig_atomic_t asked;

void
schedule_ask(void)
{
	asked = 1;
}

int64_t
schedule_pause_ms(const struct config *c, int failures)
{
	int64_t s = c->poll_interval_s;
	int64_t max = c->poll_backoff_max_s;

	for (int i = 0; i < failures && s < max; i++)
		s *= 2;
	if (failures > 0 && s > max)
		s = max > c->poll_interval_s ? max : c->poll_interval_s;
	/* A tenth of jitter, so that many gateways do not march in step. */
	return s * 1000 + clock_jitter_ms(s * 100);
}

/*= interop D-26: a suspect run is repeated sooner */
int64_t
schedule_next_ms(
    const struct config *c, const struct cycle_report *r, int failures)
{
	int64_t ms = schedule_pause_ms(c, failures);

	if (failures == 0 && r->suspect > 0 && ms > SUSPECT_MS)
		ms = SUSPECT_MS;
	return ms;
}

/* Nothing but a person changes it. */
static bool
is_permanent(enum err_code code)
{
	return code == ERR_CONFIG || code == ERR_USAGE || code == ERR_TLS ||
	       code == ERR_INVALID || code == ERR_MAP ||
	       code == ERR_WRONG_PATIENT;
}

/* Until it is over, somebody asks, or (n not NULL) a nudge comes. */
static void
pause_for(int64_t ms, struct nudge *n)
{
	while (ms > 0 && !asked && !clock_stopped()) {
		int64_t now = ms < SLICE_MS ? ms : SLICE_MS;

		if (n != NULL && nudge_take(n)) {
			log_event(LOG_NUDGED, log_int("left_ms", ms));
			break;
		}
		clock_sleep_ms(now);
		ms -= now;
	}
}

static bool
is_to_leave(const struct schedule *how)
{
	if (!asked)
		return false;
	asked = 0;
	return how->leave == NULL || how->leave(how->ctx);
}

enum err_code
schedule_run(struct pipeline *p, const struct config *c,
    const struct schedule *how, struct err *e)
{
	int64_t pause_ms = how->phase_ms;
	int failures = 0;
	struct nudge nudge;

	nudge_init(&nudge, c->poll_nudge_file);
	for (;;) {
		struct cycle_report report;
		enum err_code rc;

		/* Who fails is not hurried. */
		pause_for(pause_ms, failures > 0 ? NULL : &nudge);
		if (clock_stopped() || is_to_leave(how))
			return ERR_OK;
		nudge_take(&nudge); /* what came before is seen now */
		if (how->begin != NULL)
			how->begin(how->ctx);
		rc = pipeline_cycle(p, &report, e);
		how->fn(how->ctx, &report, rc == ERR_OK ? NULL : e);
		failures = rc == ERR_OK ? 0 : failures + 1;
		pause_ms = schedule_next_ms(c, &report, failures);
		report_done(&report);
		if (rc == ERR_STOPPED)
			return ERR_OK;
		if (how->once || is_permanent(rc))
			return rc;
	}
}
