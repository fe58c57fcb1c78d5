/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/profile.h"

#include <errno.h>
#include <ini.h>
#include <string.h>

/* What a profile may say: never where secrets are or whom to trust. */
static const char *const keys[] = {"base_url", "page_count", "lag_s", "sort",
    "accepts", "if_none_exist", "if_match", "mode", "last_updated",
    "post_search", "url_max"};

struct input {
	const char *path;
	profile_fn fn;
	void *ctx;
	int line;
	char text[300]; /* the first complaint, or "" */
};

static bool
known(const char *key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i], key) == 0)
			return true;
	}
	return false;
}

static int
take(void *ctx, const char *section, const char *key, const char *value)
{
	struct input *in = ctx;
	const char *wrong;

	if (strcmp(section, "profile") != 0)
		wrong = "stands in a section that is not [profile]";
	else if (!known(key))
		wrong = "is nothing a profile says";
	else
		wrong = in->fn(in->ctx, key, value);
	if (wrong == NULL)
		return 1;
	snprintf(in->text, sizeof(in->text), "%.40s %s", key, wrong);
	return 0;
}

enum err_code
profile_read(const char *path, profile_fn fn, void *ctx, struct err *e)
{
	struct input in = {.path = path, .fn = fn, .ctx = ctx};
	FILE *f = fopen(path, "re");
	int line;

	if (f == NULL)
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	line = ini_parse_file(f, take, &in);
	fclose(f);
	if (line != 0) {
		return err_set(e, ERR_CONFIG, "%s:%d: %s", path, line,
		    in.text[0] != '\0' ? in.text
				       : "neither a section nor key = value");
	}
	return ERR_OK;
}

/* A stranger's word in a comment of ours: one short line. */
static void
add_comment(struct strbuf *out, const char *s)
{
	strbuf_adds(out, "; Software: ");
	for (size_t i = 0; s[i] != '\0' && i < 100; i++)
		strbuf_addc(out, (unsigned char)s[i] < 0x20 ? ' ' : s[i]);
	strbuf_adds(out, s[0] != '\0' ? "\n" : "not said\n");
}

void
profile_write(const struct profile *p, struct strbuf *out)
{
	strbuf_addf(out, "; What `rescan probe` found out, %s.\n", p->made);
	add_comment(out, p->software);
	strbuf_addf(out,
	    "; Used by: [server \"…\"] profile = THIS FILE\n"
	    "[profile]\nbase_url = %s\n",
	    p->base);
	if (p->page_count > 0)
		strbuf_addf(out, "page_count = %d\n", p->page_count);
	if (p->lag_s >= 0)
		strbuf_addf(out, "lag_s = %d\n", p->lag_s);
	if (p->by_patient)
		strbuf_adds(out, "; needs a roster in the configuration\n"
				 "mode = patient\n");
	if (p->last_updated != NULL)
		strbuf_addf(out, "last_updated = %s\n", p->last_updated);
	if (p->post_search != NULL)
		strbuf_addf(out, "post_search = %s\n", p->post_search);
	if (p->url_max > 0)
		strbuf_addf(out, "url_max = %d\n", p->url_max);
	strbuf_addf(out, "sort = %s\n", p->sort ? "yes" : "no");
	if (p->accepts_known) {
		strbuf_adds(out, "accepts = ");
		if (p->accepts.n == 0)
			strbuf_adds(out, "none");
		for (size_t i = 0; i < p->accepts.n; i++) {
			strbuf_addf(out, "%s%s", i > 0 ? ", " : "",
			    p->accepts.items[i]);
		}
		strbuf_addc(out, '\n');
	}
	strbuf_addf(out, "if_none_exist = %s\nif_match = %s\n",
	    p->if_none_exist ? "yes" : "no", p->if_match ? "yes" : "no");
}
