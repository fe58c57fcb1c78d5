/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/schedule.h"

#include "fhir/util/clock.h"

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

	while (!clock_stopped()) {
		struct cycle_report report;
		enum err_code rc = pipeline_cycle(p, &report, e);

		fn(ctx, &report, rc == ERR_OK ? NULL : e);
		report_done(&report);
		if (rc == ERR_STOPPED)
			return ERR_OK;
		if (once || is_permanent(rc))
			return rc;
		failures = rc == ERR_OK ? 0 : failures + 1;
		clock_sleep_ms(schedule_pause_ms(c, failures));
	}
	return ERR_OK;
}
