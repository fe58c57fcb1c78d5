/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/client_priv.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "Authorization: Bearer "

static enum err_code
check_file(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_set(
		    e, ERR_CONFIG, "%.300s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG, "%.300s: no regular file", path);
	if ((st.st_mode & 077) != 0)
		return err_set(e, ERR_CONFIG,
		    "%.300s: others than its owner have access; chmod 600",
		    path);
	return ERR_OK;
}

/* Fill buf from the file; its length, or -1 when it is too long or cannot be
 * read. */
static ssize_t
read_all(int fd, char *buf, size_t size)
{
	size_t n = 0;
	ssize_t r;

	while ((r = read(fd, buf + n, size - n)) != 0) {
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		n += (size_t)r;
		if (n == size)
			return -1;
	}
	return (ssize_t)n;
}

/* Trimmed in place; false when it is no token (rfc6750 §2.1, generously). */
static bool
tidy(char *token, size_t n)
{
	size_t start = 0;

	while (n > 0 && isspace((unsigned char)token[n - 1]))
		n--;
	while (start < n && isspace((unsigned char)token[start]))
		start++;
	memmove(token, token + start, n - start);
	n -= start;
	token[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (token[i] <= ' ' || token[i] > '~')
			return false;
	return n > 0;
}

enum err_code
client_token_header(
    const char *path, char buf[CLIENT_TOKEN_HEADER_SIZE], struct err *e)
{
	char *token = buf + sizeof(PREFIX) - 1;
	size_t size = CLIENT_TOKEN_HEADER_SIZE - sizeof(PREFIX) - 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum err_code code;
	ssize_t n;

	if (fd < 0)
		return err_set(
		    e, ERR_CONFIG, "%.300s: %s", path, strerror(errno));
	code = check_file(fd, path, e);
	if (code != ERR_OK)
		goto out;
	memcpy(buf, PREFIX, sizeof(PREFIX) - 1);
	n = read_all(fd, token, size);
	if (n < 0)
		code = err_set(e, ERR_CONFIG,
		    "%.300s: cannot be read or is too long", path);
	else if (!tidy(token, (size_t)n))
		code = err_set(e, ERR_CONFIG, "%.300s: holds no token", path);
out:
	close(fd);
	return code;
}
