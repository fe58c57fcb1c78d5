/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/schedule.h"

#include "fhir/util/clock.h"

#define SUSPECT_MS 5000

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

enum err_code
schedule_run(struct pipeline *p, const struct config *c, bool once,
    schedule_fn fn, void *ctx, struct err *e)
{
	int failures = 0;
	int64_t pause_ms;

	while (!clock_stopped()) {
		struct cycle_report report;
		enum err_code rc = pipeline_cycle(p, &report, e);

		fn(ctx, &report, rc == ERR_OK ? NULL : e);
		failures = rc == ERR_OK ? 0 : failures + 1;
		pause_ms = schedule_next_ms(c, &report, failures);
		report_done(&report);
		if (rc == ERR_STOPPED)
			return ERR_OK;
		if (once || is_permanent(rc))
			return rc;
		clock_sleep_ms(pause_ms);
	}
	return ERR_OK;
}
