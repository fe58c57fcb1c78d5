/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/http_body.h"

#include <string.h>
#include <strings.h>

#include "fhir/util/secret.h"

void
http_body_init(struct http_body *b, CURL *curl, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->curl = curl;
	strbuf_init(&b->out, max);
}

void
http_body_done(struct http_body *b)
{
	if (b->coding == CODING_GZIP)
		inflateEnd(&b->z);
	if (b->out.s != NULL)
		secret_wipe(b->out.s, b->out.len);
	strbuf_done(&b->out);
}

static enum http_coding
read_coding(CURL *c)
{
	struct curl_header *found;

	if (curl_easy_header(c, "Content-Encoding", 0, CURLH_HEADER, -1,
		&found) != CURLHE_OK)
		return CODING_NONE;
	if (found->amount == 1 && (strcasecmp(found->value, "gzip") == 0 ||
				      strcasecmp(found->value, "x-gzip") == 0))
		return CODING_GZIP;
	if (found->value[0] == '\0' ||
	    strcasecmp(found->value, "identity") == 0)
		return CODING_NONE;
	return CODING_OTHER;
}

/* false ends the transfer. */
static bool
expand(struct http_body *b, char *s, size_t n)
{
	char part[16384];
	int rc = Z_OK;

	b->z.next_in = (Bytef *)s;
	b->z.avail_in = (uInt)n;
	do {
		/*= rfc1952 §2.2: members may follow one another */
		if (b->ended && b->z.avail_in > 0) {
			inflateReset(&b->z);
			b->ended = false;
		}
		b->z.next_out = (Bytef *)part;
		b->z.avail_out = sizeof(part);
		rc = inflate(&b->z, Z_NO_FLUSH);
		strbuf_add(&b->out, part, sizeof(part) - b->z.avail_out);
		b->ended = rc == Z_STREAM_END;
	} while (!b->out.overflow && (rc == Z_OK || rc == Z_STREAM_END) &&
		 (b->z.avail_in > 0 || b->z.avail_out == 0));
	b->damaged = rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR;
	return !b->damaged && !b->out.overflow;
}

/* What has come goes to the sink, unless it is an error's. */
static bool
drain(struct http_body *b)
{
	long status = 0;

	curl_easy_getinfo(b->curl, CURLINFO_RESPONSE_CODE, &status);
	if (b->sink == NULL || status / 100 != 2)
		return true;
	b->sunk += b->out.len;
	if (b->sunk > b->sink->max)
		b->out.overflow = true;
	else
		b->unwanted = !b->sink->take(
		    b->sink->ctx, b->out.s == NULL ? "" : b->out.s, b->out.len);
	if (!b->out.overflow)
		strbuf_reset(&b->out);
	return !b->out.overflow && !b->unwanted;
}

size_t
http_body_write(char *s, size_t size, size_t n, void *ctx)
{
	struct http_body *b = ctx;

	n *= size;
	if (n == 0)
		return 0;
	if (b->coding == CODING_UNKNOWN) {
		b->coding = read_coding(b->curl);
		if (b->coding == CODING_GZIP &&
		    inflateInit2(&b->z, 16 + MAX_WBITS) != Z_OK)
			b->coding = CODING_OTHER;
	}
	if (b->coding == CODING_OTHER)
		return 0;
	if (b->coding == CODING_GZIP)
		return expand(b, s, n) && drain(b) ? n : 0;
	strbuf_add(&b->out, s, n);
	return !b->out.overflow && drain(b) ? n : 0;
}

enum err_code
http_body_check(const struct http_body *b, const char *origin, struct err *e)
{
	if (b->out.overflow)
		return err_set(e, ERR_LIMIT, "%s: body of more than %zu bytes",
		    origin, b->sunk > 0 ? b->sink->max : b->out.max);
	if (b->unwanted)
		return err_set(
		    e, ERR_LIMIT, "%s: the body was not wanted", origin);
	if (b->coding == CODING_OTHER)
		return err_set(e, ERR_NOT_FHIR,
		    "%s: a content encoding that was not asked for", origin);
	if (b->damaged)
		return err_set(e, ERR_TRUNCATED,
		    "%s: the compressed body is damaged", origin);
	if (b->coding == CODING_GZIP && !b->ended)
		return err_set(e, ERR_TRUNCATED,
		    "%s: the compressed body is cut short", origin);
	return ERR_OK;
}
