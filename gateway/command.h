/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of `rescan`.  Each takes its own argc/argv (argv[0] is its
 * name) and answers with an exit status.
 */
#ifndef RESCAN_COMMAND_H
#define RESCAN_COMMAND_H

#include "fhir/util/err.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_PROBLEMS = 3 /* done, with entries in `problems` */
};

int command_assess(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_rules(int argc, char **argv);
int command_capture(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_probe(int argc, char **argv);
int command_keys(int argc, char **argv);
int command_quarantine(int argc, char **argv);

/* The built-in code maps: beside the program in its source tree, else under
 * PREFIX/share/rescan/maps.  Into buf; false when there are none. */
bool command_maps_dir(char *buf, size_t size);

/* Print e to standard error as "rescan: …"; what it quotes of a server only
 * to a terminal. */
void command_complain(const struct err *e);

#endif
