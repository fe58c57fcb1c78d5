/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/secret.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

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

/* The length, or -1 when it is too long or cannot be read. */
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
	buf[n] = '\0';
	return (ssize_t)n;
}

enum err_code
secret_read(
    const char *path, char *buf, size_t size, size_t *ret_n, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum err_code code;
	ssize_t n;

	if (fd < 0)
		return err_set(
		    e, ERR_CONFIG, "%.300s: %s", path, strerror(errno));
	code = check_file(fd, path, e);
	if (code == ERR_OK) {
		n = read_all(fd, buf, size);
		if (n < 0)
			code = err_set(e, ERR_CONFIG,
			    "%.300s: cannot be read or is too long", path);
		else
			*ret_n = (size_t)n;
	}
	close(fd);
	return code;
}

static bool
is_word(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return n > 0;
}

enum err_code
secret_read_word(const char *path, char *buf, size_t size, struct err *e)
{
	size_t n = 0, start = 0;
	enum err_code code = secret_read(path, buf, size, &n, e);

	if (code != ERR_OK)
		return code;
	while (n > 0 && isspace((unsigned char)buf[n - 1]))
		n--;
	while (start < n && isspace((unsigned char)buf[start]))
		start++;
	n -= start;
	memmove(buf, buf + start, n);
	buf[n] = '\0';
	if (!is_word(buf, n))
		return err_set(e, ERR_CONFIG,
		    "%.300s: holds no single word of ASCII", path);
	return ERR_OK;
}

enum err_code
secret_read_pair(const char *path, char *buf, size_t size, struct err *e)
{
	size_t n = 0;
	enum err_code code = secret_read(path, buf, size, &n, e);
	bool ok;

	if (code != ERR_OK)
		return code;
	while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == '\r'))
		n--;
	buf[n] = '\0';
	ok = strlen(buf) == n && strchr(buf, ':') != NULL && buf[0] != ':';
	for (size_t i = 0; i < n; i++)
		ok = ok && (unsigned char)buf[i] >= ' ' && buf[i] != 0x7f;
	if (!ok)
		return err_set(
		    e, ERR_CONFIG, "%.300s: is not name:password", path);
	return ERR_OK;
}

void
secret_wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}

void
secret_free(char *s)
{
	if (s != NULL)
		OPENSSL_cleanse(s, strlen(s));
	free(s);
}
