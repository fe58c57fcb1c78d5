/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rescan keys`: a signing key for SMART Backend Services, and the public
 * JWKS to register or to publish.
 */
#include "fhir/jwk.h"
#include "gateway/command.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_KEYS 8
#define JWKS_MAX 65536

static const struct option options[] = {
    {"alg", required_argument, NULL, 'a'},
    {"out", required_argument, NULL, 'o'},
    {"in", required_argument, NULL, 'i'},
    {"jwks", required_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct request {
	const char *alg, *out, *jwks;
	const char *in[MAX_KEYS];
	size_t n_in;
};

static void
usage(FILE *out)
{
	fputs("usage: rescan keys --out KEY.pem [--alg ES384|RS384] "
	      "[--in KEY]... [--jwks FILE]\n"
	      "       rescan keys --in KEY... [--jwks FILE]\n"
	      "\n"
	      "  --out KEY.pem  make a private key, mode 0600; never over an "
	      "older one\n"
	      "  --alg ALG      ES384 (EC P-384, the default) or RS384 (RSA, "
	      "3072 bits)\n"
	      "  --in KEY       a key there is, PEM or JWK: while keys are "
	      "exchanged, old and\n"
	      "                 new are published together\n"
	      "  --jwks FILE    the public keys; without it, to standard "
	      "output\n"
	      "\nEach key's kid is its thumbprint (RFC 7638), which `key_id` "
	      "defaults to.\n",
	    out);
}

/* EXIT_DONE to go on, else the status to leave with; -1 for --help. */
static int
parse(int argc, char **argv, struct request *r)
{
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (opt) {
		case 'a':
			r->alg = optarg;
			break;
		case 'o':
			r->out = optarg;
			break;
		case 'i':
			if (r->n_in == MAX_KEYS - 1)
				return EXIT_USAGE;
			r->in[r->n_in++] = optarg;
			break;
		case 'j':
			r->jwks = optarg;
			break;
		case 'h':
			usage(stdout);
			return -1;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind != argc || (r->out == NULL && r->n_in == 0)) {
		usage(stderr);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* Whole or not at all: it may be served while it is replaced. */
static enum err_code
write_whole(const char *path, const struct strbuf *text, struct err *e)
{
	char part[PATH_MAX];
	FILE *f;
	bool ok;

	snprintf(part, sizeof(part), "%.4000s.part", path);
	f = fopen(part, "we");
	if (f == NULL)
		return err_set(e, ERR_IO, "%.300s: %s", part, strerror(errno));
	ok = fwrite(text->s, 1, text->len, f) == text->len;
	ok = fclose(f) == 0 && ok;
	if (ok && rename(part, path) == 0)
		return ERR_OK;
	err_set(e, ERR_IO, "%.300s: %s", path, strerror(errno));
	unlink(part);
	return ERR_IO;
}

static enum err_code
put_out(const struct request *r, struct jwk **keys, size_t n, struct err *e)
{
	struct json_writer w;
	struct strbuf text;
	enum err_code code = ERR_OK;

	strbuf_init(&text, JWKS_MAX);
	json_writer_init(&w, &text, true);
	json_begin_object(&w, NULL);
	json_begin_array(&w, "keys");
	for (size_t i = 0; i < n; i++)
		jwk_put_public(&w, NULL, keys[i]);
	json_end_array(&w);
	json_end_object(&w);
	strbuf_addc(&text, '\n');
	if (r->jwks != NULL)
		code = write_whole(r->jwks, &text, e);
	else if (fwrite(text.s, 1, text.len, stdout) != text.len)
		code =
		    err_set(e, ERR_IO, "standard output: %s", strerror(errno));
	for (size_t i = 0; i < n && code == ERR_OK; i++)
		fprintf(r->jwks != NULL ? stdout : stderr, "%s kid %s\n",
		    jwk_alg(keys[i]), jwk_kid(keys[i]));
	strbuf_done(&text);
	return code;
}

static enum err_code
run(const struct request *r, struct err *e)
{
	struct jwk *keys[MAX_KEYS] = {NULL};
	size_t n = 0;
	enum err_code code = ERR_OK;

	for (size_t i = 0; i < r->n_in && code == ERR_OK; i++) {
		code = jwk_read(r->in[i], "", "", &keys[n], e);
		n += code == ERR_OK;
	}
	if (code == ERR_OK && r->out != NULL) {
		code = jwk_generate(r->alg, &keys[n], e);
		n += code == ERR_OK;
		if (code == ERR_OK)
			code = jwk_write_pem(keys[n - 1], r->out, e);
	}
	if (code == ERR_OK)
		code = put_out(r, keys, n, e);
	for (size_t i = 0; i < n; i++)
		jwk_free(keys[i]);
	return code;
}

int
command_keys(int argc, char **argv)
{
	struct request r = {.alg = "ES384"};
	struct err e = ERR_INIT;
	int status = parse(argc, argv, &r);
	enum err_code code;

	if (status != EXIT_DONE)
		return status == -1 ? EXIT_DONE : status;
	code = run(&r, &e);
	if (code == ERR_OK)
		return EXIT_DONE;
	command_complain(&e);
	return code == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}
