/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/http.h"

#include <curl/curl.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/util/strbuf.h"

#define URL_MAX ((size_t)64 * 1024)

/* libcurl's own parser decides, as it is the one that will connect. */
static bool
read_origin(CURLU *u, const char *url, char buf[HTTP_ORIGIN_SIZE])
{
	char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL;
	bool ok = false;
	int n;

	if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) !=
		CURLUE_OK)
		goto out;
	/* A name or password in a URL ends up in logs, and only serves to
	 * make an address look like another one. */
	if (strcmp(scheme, "https") != 0 || host[0] == '\0' ||
	    curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK)
		goto out;
	for (char *p = host; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	n = snprintf(buf, HTTP_ORIGIN_SIZE, "https://%s:%s", host, port);
	ok = n > 0 && n < HTTP_ORIGIN_SIZE;
out:
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(user);
	return ok;
}

bool
http_origin(const char *url, char buf[HTTP_ORIGIN_SIZE])
{
	char found[HTTP_ORIGIN_SIZE];
	CURLU *u = curl_url();
	bool ok;

	ok = u != NULL && url != NULL && read_origin(u, url, found);
	if (ok)
		memcpy(buf, found, sizeof(found));
	curl_url_cleanup(u);
	return ok;
}

bool
http_proxy_valid(const char *url)
{
	char *scheme = NULL, *host = NULL, *user = NULL, *path = NULL;
	CURLU *u = curl_url();
	bool ok = u != NULL && strstr(url, "://") != NULL &&
		  curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		  curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		  curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		  curl_url_get(u, CURLUPART_PATH, &path, 0) == CURLUE_OK &&
		  curl_url_get(u, CURLUPART_USER, &user, 0) != CURLUE_OK &&
		  strpbrk(url, "?#@") == NULL;

	ok = ok && strcmp(path, "/") == 0 && host[0] != '\0' &&
	     (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_free(path);
	curl_url_cleanup(u);
	return ok;
}

/* A URL cut in its five parts, as RFC 3986 appendix B does it. */
struct part {
	const char *s;
	size_t n;
	bool set;
};

struct parts {
	struct part scheme, authority, path, query;
};

static struct part
take(const char **s, size_t skip, size_t n)
{
	struct part p = {*s + skip, n, true};

	*s += skip + n;
	return p;
}

static struct parts
split(const char *s)
{
	struct parts u = {0};
	size_t n = strcspn(s, ":/?#");

	if (n > 0 && s[n] == ':' && isalpha((unsigned char)s[0])) {
		u.scheme = take(&s, 0, n);
		s++;
	}
	if (strncmp(s, "//", 2) == 0)
		u.authority = take(&s, 2, strcspn(s + 2, "/?#"));
	u.path = take(&s, 0, strcspn(s, "?#"));
	if (*s == '?')
		u.query = take(&s, 1, strcspn(s + 1, "#"));
	return u;
}

/*= rfc3986 §5.2.4: dot segments are taken out of the path `in` */
static void
add_path(struct strbuf *out, const char *in)
{
	size_t start = out->len, n;

	while (*in != '\0') {
		bool slash = *in == '/';
		const char *seg = in + slash;

		n = strcspn(seg, "/");
		if (n == 1 && seg[0] == '.') {
			if (seg[1] == '\0')
				strbuf_adds(out, "/");
		} else if (n == 2 && seg[0] == '.' && seg[1] == '.') {
			while (out->len > start && out->s[--out->len] != '/')
				;
			out->s[out->len] = '\0';
			if (seg[2] == '\0')
				strbuf_adds(out, "/");
		} else {
			strbuf_add(out, in, n + slash);
		}
		in = seg + n;
	}
}

/*= rfc3986 §5.2.3: the base's path up to its last slash, then the link's */
static char *
merge_path(const struct parts *base, const struct part *path)
{
	struct strbuf b;
	size_t n = base->path.n;

	strbuf_init(&b, URL_MAX);
	if (path->n == 0 || path->s[0] != '/') {
		while (n > 0 && base->path.s[n - 1] != '/')
			n--;
		if (n == 0)
			strbuf_addc(&b, '/');
		strbuf_add(&b, base->path.s, n);
	}
	strbuf_add(&b, path->s, path->n);
	if (b.overflow) {
		strbuf_done(&b);
		return NULL;
	}
	return strbuf_take(&b);
}

/* Servers leave spaces and letters beyond ASCII in their links. */
static char *
tidy(const char *link)
{
	struct strbuf b;

	strbuf_init(&b, URL_MAX);
	for (const unsigned char *p = (const void *)link; *p != '\0'; p++) {
		if (*p < 0x20 || *p == 0x7f)
			b.overflow = true;
		else if (*p == ' ' || *p > 0x7f)
			strbuf_addf(&b, "%%%02X", *p);
		else
			strbuf_addc(&b, (char)*p);
	}
	if (b.overflow) {
		strbuf_done(&b);
		return NULL;
	}
	return strbuf_take(&b);
}

/*= rfc3986 §5.2.2 */
static char *
resolve(const char *base, const char *link)
{
	struct parts b = split(base), r = split(link);
	struct part query = r.query;
	struct strbuf out;
	char *path;

	if (r.scheme.set || r.authority.set)
		path = strndup(r.path.s, r.path.n);
	else if (r.path.n == 0)
		path = strndup(b.path.s, b.path.n);
	else
		path = merge_path(&b, &r.path);
	if (!r.scheme.set && !r.authority.set && r.path.n == 0 && !r.query.set)
		query = b.query;
	if (!r.authority.set && !r.scheme.set)
		r.authority = b.authority;
	if (!r.scheme.set)
		r.scheme = b.scheme;

	strbuf_init(&out, URL_MAX);
	strbuf_add(&out, r.scheme.s, r.scheme.n);
	strbuf_addc(&out, ':');
	if (r.authority.set) {
		strbuf_adds(&out, "//");
		strbuf_add(&out, r.authority.s, r.authority.n);
	}
	if (path != NULL)
		add_path(&out, path);
	if (query.set) {
		strbuf_addc(&out, '?');
		strbuf_add(&out, query.s, query.n);
	}
	out.overflow |= path == NULL;
	free(path);
	if (out.overflow) {
		strbuf_done(&out);
		return NULL;
	}
	return strbuf_take(&out);
}

char *
http_resolve(const char *base, const char *link)
{
	char *clean = tidy(link), *url;

	if (clean == NULL || !split(base).scheme.set) {
		free(clean);
		return NULL;
	}
	url = resolve(base, clean);
	free(clean);
	return url;
}
