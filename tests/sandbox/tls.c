/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/sandbox/internal.h"

extern char **environ;

enum err_code
sandbox_make_certs(const char *dir, struct err *e)
{
	char sh[] = "sh", script[] = "certs/make.sh", path[512];
	char *argv[] = {sh, script, path, NULL};
	int status = 0, n;
	pid_t child;

	n = snprintf(path, sizeof(path), "%s", dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(e, ERR_LIMIT, "directory name too long");
	if ((n = posix_spawnp(&child, "sh", NULL, NULL, argv, environ)) != 0)
		return err_set(e, ERR_IO, "sh: %s", strerror(n));
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(e, ERR_IO, "wait: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, ERR_IO, "%s %s failed", script, dir);
	return ERR_OK;
}

static enum err_code
ssl_error(struct err *e, const char *what)
{
	char reason[160];

	ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
	return err_set(e, ERR_TLS, "%s: %s", what, reason);
}

enum err_code
tls_server_new(const char *dir, struct ssl_ctx_st **ret, struct err *e)
{
	char cert[512], key[512];
	enum err_code code = ERR_OK;
	SSL_CTX *ctx = NULL;

	snprintf(cert, sizeof(cert), "%s/server.pem", dir);
	snprintf(key, sizeof(key), "%s/server.key.pem", dir);
	ERR_clear_error();
	ctx = SSL_CTX_new(TLS_server_method());
	if (ctx == NULL ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
		code = ssl_error(e, "TLS");
		goto out;
	}
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1) {
		code = ssl_error(e, cert);
		goto out;
	}
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1) {
		code = ssl_error(e, key);
		goto out;
	}
	*ret = ctx;
	ctx = NULL;
out:
	SSL_CTX_free(ctx);
	return code;
}
