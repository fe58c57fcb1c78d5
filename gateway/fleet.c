/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/fleet.h"

#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "gateway/schedule.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 200

/* One server's process. */
struct tenant {
	char *name; /* owned: outlives a configuration */
	pid_t pid;  /* 0: none now */
	bool wanted, leaving;
	int failures;
	int64_t start_ms; /* when to start it, by the monotonic clock */
	int status;       /* the last exit status */
};

struct running {
	const struct fleet *fleet;
	const struct config *config;
	LIST_OF(struct tenant) tenants;
	struct arena *arena;
	sigset_t before;
	bool stopping;
};

static void
watched(sigset_t *set)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
}

/* --- tenants --- */

static const struct config_server *
find_server(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->servers.n; i++) {
		const struct config_server *s = &c->servers.items[i];

		if (s->poll && strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

static struct tenant *
find_tenant(struct running *r, const char *name)
{
	for (size_t i = 0; i < r->tenants.n; i++) {
		if (strcmp(r->tenants.items[i].name, name) == 0)
			return &r->tenants.items[i];
	}
	return NULL;
}

/*= interop D-39: each at its own phase of the interval, the first at once */
static int64_t
phase_ms(const struct running *r, size_t i)
{
	int64_t interval = (int64_t)r->config->poll_interval_s * 1000;
	int64_t share = interval / (int64_t)r->tenants.n;

	if (r->fleet->once || i == 0)
		return 0;
	return share * (int64_t)i + clock_jitter_ms(share / 2);
}

static void
in_child(struct running *r, const struct tenant *t, int64_t phase)
{
	const struct config_server *s = find_server(r->config, t->name);
	int status;

	/* A parent that is killed takes its children along; a kill loses
	 * nothing. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == 1)
		_exit(1);
	signal(SIGHUP, SIG_IGN);
	sigprocmask(SIG_SETMASK, &r->before, NULL);
	log_server(t->name);
	status = r->fleet->run(r->fleet->ctx, s, phase);
	fflush(NULL);
	_exit(status);
}

static void
start(struct running *r, struct tenant *t, int64_t phase)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		in_child(r, t, phase);
	t->leaving = false;
	if (pid > 0) {
		t->pid = pid;
		return;
	}
	t->failures++;
	t->start_ms =
	    clock_monotonic_ms() + schedule_pause_ms(r->config, t->failures);
}

static void
start_due(struct running *r)
{
	for (size_t i = 0; i < r->tenants.n && !r->stopping; i++) {
		struct tenant *t = &r->tenants.items[i];

		if (t->wanted && t->pid == 0 &&
		    t->start_ms <= clock_monotonic_ms())
			start(r, t, 0);
	}
}

/* --- ends --- */

static void
ended(struct running *r, struct tenant *t, int status)
{
	t->pid = 0;
	t->status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	if (r->stopping || r->fleet->once) {
		t->wanted = false;
		return;
	}
	t->start_ms = clock_monotonic_ms();
	if (t->leaving)
		return; /* as it was told */
	t->failures++;
	t->start_ms += schedule_pause_ms(r->config, t->failures);
	log_event(LOG_TENANT_ENDED, log_word("server", t->name),
	    log_int("status", t->status),
	    log_int("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
}

static void
collect(struct running *r)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < r->tenants.n; i++) {
			if (r->tenants.items[i].pid == pid)
				ended(r, &r->tenants.items[i], status);
		}
	}
}

static void
tell_all(const struct running *r, int signal)
{
	for (size_t i = 0; i < r->tenants.n; i++) {
		if (r->tenants.items[i].pid > 0)
			kill(r->tenants.items[i].pid, signal);
	}
}

static bool
is_over(const struct running *r)
{
	for (size_t i = 0; i < r->tenants.n; i++) {
		const struct tenant *t = &r->tenants.items[i];

		if (t->pid > 0 || (t->wanted && !r->stopping))
			return false;
	}
	return true;
}

/* --- configuration --- */

static void
add_tenants(struct running *r)
{
	for (size_t i = 0; i < r->config->servers.n; i++) {
		const struct config_server *s = &r->config->servers.items[i];
		struct tenant *t = find_tenant(r, s->name);

		if (!s->poll)
			continue;
		if (t == NULL) {
			t = ARENA_PUSH(r->arena, &r->tenants);
			t->name = arena_strdup(r->arena, s->name);
		}
		t->wanted = true;
		t->failures = 0;
		t->start_ms = clock_monotonic_ms();
	}
}

/* Each process leaves between two cycles and is followed by one with the new
 * configuration. */
static void
reload(struct running *r)
{
	const struct config *c = r->fleet->reload(r->fleet->ctx);

	if (c == NULL)
		return;
	r->config = c;
	for (size_t i = 0; i < r->tenants.n; i++) {
		struct tenant *t = &r->tenants.items[i];

		t->wanted = false;
		t->leaving = true;
	}
	add_tenants(r);
	tell_all(r, SIGUSR1);
}

static void
take_signal(struct running *r, int signal)
{
	switch (signal) {
	case SIGINT:
	case SIGTERM:
		r->stopping = true;
		tell_all(r, SIGTERM);
		break;
	case SIGHUP:
		if (!r->stopping)
			reload(r);
		break;
	default:
		break;
	}
}

static int
worst_status(const struct running *r)
{
	int worst = 0;

	for (size_t i = 0; i < r->tenants.n; i++) {
		if (r->tenants.items[i].status > worst)
			worst = r->tenants.items[i].status;
	}
	return worst;
}

int
fleet_run(const struct config *c, const struct fleet *f)
{
	struct running r = {.fleet = f, .config = c, .arena = arena_new()};
	struct timespec tick = {0, TICK_MS * 1000000L};
	sigset_t set;
	int worst;

	watched(&set);
	sigprocmask(SIG_BLOCK, &set, &r.before);
	add_tenants(&r);
	for (size_t i = 0; i < r.tenants.n; i++)
		start(&r, &r.tenants.items[i], phase_ms(&r, i));
	while (!is_over(&r)) {
		int signal = sigtimedwait(&set, NULL, &tick);

		if (signal > 0)
			take_signal(&r, signal);
		collect(&r);
		start_due(&r);
	}
	sigprocmask(SIG_SETMASK, &r.before, NULL);
	worst = worst_status(&r);
	arena_free(r.arena);
	return worst;
}
