/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/auth.h"

#include <stdlib.h>
#include <string.h>

#include "fhir/util/base64.h"
#include "fhir/util/secret.h"

#define BEARER   "Authorization: Bearer "
#define BASIC    "Authorization: Basic "
#define PAIR_MAX 1024

struct auth_file {
	struct auth base;
	char *path;
};

void
auth_free(struct auth *a)
{
	if (a != NULL)
		a->ops->free(a);
}

static void
file_free(struct auth *a)
{
	struct auth_file *f = (struct auth_file *)(void *)a;

	free(f->path);
	free(f);
}

static enum err_code
bearer_header(struct auth *a, char buf[AUTH_HEADER_SIZE], struct err *e)
{
	const struct auth_file *f = (const struct auth_file *)(void *)a;
	size_t n = sizeof(BEARER) - 1;

	memcpy(buf, BEARER, n);
	return secret_read_word(f->path, buf + n, AUTH_HEADER_SIZE - n, e);
}

static enum err_code
basic_header(struct auth *a, char buf[AUTH_HEADER_SIZE], struct err *e)
{
	const struct auth_file *f = (const struct auth_file *)(void *)a;
	char pair[PAIR_MAX];
	size_t n = sizeof(BASIC) - 1;
	enum err_code code = secret_read_pair(f->path, pair, PAIR_MAX, e);

	memcpy(buf, BASIC, n);
	if (code == ERR_OK)
		base64_encode(pair, strlen(pair), buf + n);
	secret_wipe(pair, sizeof(pair));
	return code;
}

static const struct auth_ops bearer_ops = {
    .name = "bearer", .header = bearer_header, .free = file_free};
static const struct auth_ops basic_ops = {
    .name = "basic", .header = basic_header, .free = file_free};

/* Made, and tried once: a bad file is better known at the start. */
static enum err_code
file_new(const struct auth_ops *ops, const char *path, struct auth **ret,
    struct err *e)
{
	struct auth_file *f = calloc(1, sizeof(*f));
	char header[AUTH_HEADER_SIZE];
	enum err_code code;

	if (f == NULL || (f->path = strdup(path)) == NULL)
		abort();
	f->base.ops = ops;
	code = ops->header(&f->base, header, e);
	secret_wipe(header, sizeof(header));
	if (code == ERR_OK)
		*ret = &f->base;
	else
		file_free(&f->base);
	return code;
}

enum err_code
auth_bearer_new(const char *file, struct auth **ret, struct err *e)
{
	return file_new(&bearer_ops, file, ret, e);
}

enum err_code
auth_basic_new(const char *file, struct auth **ret, struct err *e)
{
	return file_new(&basic_ops, file, ret, e);
}
