/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/shell.h"

#include <check.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

void
shell_run(const char *command)
{
	char sh[] = "sh", c[] = "-c", text[1024];
	char *argv[] = {sh, c, text, NULL};
	int status = 0;
	pid_t pid;

	ck_assert_int_lt(
	    snprintf(text, sizeof(text), "%s", command), (int)sizeof(text));
	ck_assert_int_eq(posix_spawnp(&pid, sh, NULL, NULL, argv, environ), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s: status %d", command, status);
}
