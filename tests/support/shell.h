/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a command of the test's own making, never of its data.
 */
#ifndef RESCAN_TESTS_SHELL_H
#define RESCAN_TESTS_SHELL_H

/* sh -c command; fails the test unless it succeeds. */
void shell_run(const char *command);

#endif
