/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/nudge.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t
time_of(const char *path)
{
	struct stat st;

	if (path == NULL || stat(path, &st) != 0)
		return -1;
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

void
nudge_init(struct nudge *n, const char *path)
{
	n->path = path;
	n->seen_ns = time_of(path);
}

bool
nudge_take(struct nudge *n)
{
	int64_t now = time_of(n->path);
	bool touched = now != -1 && now != n->seen_ns;

	n->seen_ns = now;
	return touched;
}

enum err_code
nudge_touch(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 || futimens(fd, NULL) != 0) {
		err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	close(fd);
	return ERR_OK;
}
