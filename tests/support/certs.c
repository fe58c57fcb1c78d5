/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/certs.h"

#include <sys/stat.h>
#include <time.h>

#include "tests/support/scripted.h"
#include "tests/support/shell.h"

void
certs_make(void)
{
	struct stat made, recipe;

	/* selfsigned.pem is the last that make.sh puts there. */
	if (stat(SCRIPTED_CERTS "/selfsigned.pem", &made) == 0 &&
	    stat("certs/make.sh", &recipe) == 0 &&
	    made.st_mtime > recipe.st_mtime &&
	    made.st_mtime + 86400 > time(NULL))
		return;
	shell_run("sh certs/make.sh " SCRIPTED_CERTS);
}
