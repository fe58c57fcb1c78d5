/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of a Check test program: define suites, end with
 * CHECK_MAIN(suite_a(), suite_b(), …).  CK_RUN_CASE=name runs one test case,
 * CK_FORK=no stays in one process for a debugger.
 */
#ifndef RESCAN_TESTS_CHECK_MAIN_H
#define RESCAN_TESTS_CHECK_MAIN_H

#include <check.h>

/* Run the suites (ends with NULL); the exit status for main. */
int check_run(Suite *first, ...);

#define CHECK_MAIN(...)                                                        \
	int main(void)                                                         \
	{                                                                      \
		return check_run(__VA_ARGS__, NULL);                           \
	}

/* The whole file, NUL-terminated; fails the test when it cannot be read.
 * Caller frees. */
char *check_read_file(const char *path, size_t *ret_len);

#endif
