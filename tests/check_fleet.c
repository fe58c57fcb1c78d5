/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several servers: not all at the same second.
 */
#include "gateway/fleet.h"

#include "fhir/util/log.h"
#include "tests/support/check_main.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N 4

static int pipes[2];

/* A server's process: tell its phase, and wait to be ended. */
static int
tell(void *ctx, const struct config_server *server, int64_t phase_ms)
{
	int64_t words[2] = {server->name[0] - 'a', phase_ms};

	(void)ctx;
	signal(SIGTERM, SIG_DFL);
	if (write(pipes[1], words, sizeof(words)) != sizeof(words))
		return 1;
	pause();
	return 0;
}

static struct config *
four_servers(void)
{
	static const char *const names[N] = {"a", "b", "c", "d"};
	struct config *c = config_defaults();

	for (int i = 0; i < N; i++) {
		struct config_server *s = ARENA_PUSH(c->arena, &c->servers);

		s->name = names[i];
		s->base_url = "https://localhost/fhir";
		s->poll = true;
	}
	c->poll_interval_s = 60;
	return c;
}

START_TEST(each_has_a_phase_of_its_own)
{
	int64_t phase[N] = {-1, -1, -1, -1}, words[2];
	struct fleet f = {.run = tell};
	pid_t fleet;

	log_level(-1);
	ck_assert_int_eq(pipe(pipes), 0);
	fleet = fork();
	if (fleet == 0)
		_exit(fleet_run(four_servers(), &f));
	for (int i = 0; i < N; i++) {
		ck_assert_int_eq(read(pipes[0], words, sizeof(words)),
		    (ssize_t)sizeof(words));
		phase[words[0]] = words[1];
	}
	kill(fleet, SIGTERM);
	waitpid(fleet, NULL, 0);
	ck_assert_int_eq(phase[0], 0);
	for (int i = 1; i < N; i++) {
		ck_assert_int_ge(phase[i], phase[i - 1] + 5000);
		ck_assert_int_lt(phase[i], 60000);
	}
}
END_TEST

static Suite *
suite_fleet(void)
{
	Suite *s = suite_create("fleet");
	TCase *t = tcase_create("fleet");

	tcase_set_timeout(t, 20);
	tcase_add_test(t, each_has_a_phase_of_its_own);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_fleet())
