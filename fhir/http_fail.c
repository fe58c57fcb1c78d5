/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/http_priv.h"

static const struct {
	CURLcode rc;
	enum err_code code;
	const char *text;
} failures[] = {
    {CURLE_ABORTED_BY_CALLBACK, ERR_STOPPED, "stopped on request"},
    {CURLE_COULDNT_RESOLVE_HOST, ERR_CONNECT, "host name is not known"},
    {CURLE_COULDNT_RESOLVE_PROXY, ERR_CONNECT, "proxy name is not known"},
    {CURLE_COULDNT_CONNECT, ERR_CONNECT, NULL},
    {CURLE_GOT_NOTHING, ERR_CONNECT, "closed without an answer"},
    {CURLE_SEND_ERROR, ERR_CONNECT, NULL},
    {CURLE_PROXY, ERR_CONNECT, NULL},
    {CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT, NULL},
    {CURLE_PARTIAL_FILE, ERR_TRUNCATED, "the body was cut short"},
    {CURLE_UNSUPPORTED_PROTOCOL, ERR_NOT_FHIR, "the answer is not HTTP"},
    {CURLE_WEIRD_SERVER_REPLY, ERR_NOT_FHIR, "the answer is not HTTP"},
    {CURLE_FILESIZE_EXCEEDED, ERR_LIMIT, NULL},
    {CURLE_URL_MALFORMAT, ERR_USAGE, "URL is not usable"},
    {CURLE_SSL_CACERT_BADFILE, ERR_CONFIG, "ca_file is not usable"},
    {CURLE_SSL_CERTPROBLEM, ERR_CONFIG,
	"our client certificate or its key is not usable"},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, ERR_TLS,
	"the public key is not the pinned one"},
};

/*= interop D-08: whose error it is */
static bool
proxy_said(struct http *h, CURLcode rc, const char *origin, const char *said,
    struct err *e)
{
	long status = 0;

	if (h->o.proxy == NULL)
		return false;
	curl_easy_getinfo(h->curl, CURLINFO_HTTP_CONNECTCODE, &status);
	if (status >= 300)
		err_set(e, ERR_CONNECT, "%s: proxy said %ld%s", origin, status,
		    status == 407 ? " (it wants a name and password)" : "");
	else if (rc == CURLE_COULDNT_CONNECT)
		err_set(e, ERR_CONNECT, "%s: the proxy: %.200s", origin, said);
	else
		return false;
	return true;
}

static bool
is_handshake(CURLcode rc)
{
	return rc == CURLE_SSL_CONNECT_ERROR ||
	       rc == CURLE_PEER_FAILED_VERIFICATION ||
	       rc == CURLE_SSL_ISSUER_ERROR || rc == CURLE_USE_SSL_FAILED;
}

enum err_code
http_fail(struct http *h, CURLcode rc, const char *origin, struct err *e)
{
	const char *said =
	    h->said[0] == '\0' ? curl_easy_strerror(rc) : h->said;
	long status = 0;

	/* A refused stream libcurl sends again five times, then calls the
	 * connection dead. */
	if (rc == CURLE_HTTP2 || rc == CURLE_HTTP2_STREAM ||
	    rc == CURLE_SEND_ERROR || rc == CURLE_RECV_ERROR)
		h->http2_failed = true;
	if (proxy_said(h, rc, origin, said, e))
		return ERR_CONNECT;
	if (http_tls_about_ours(
		&h->tls, h->o.client_cert_file != NULL, origin, said, e))
		return ERR_TLS;
	if (is_handshake(rc))
		return http_tls_error(h->curl, &h->tls, origin, said, e);
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (failures[i].rc == rc)
			return err_set(e, failures[i].code, "%s: %.200s",
			    origin,
			    failures[i].text != NULL ? failures[i].text : said);
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	return err_set(e, status > 0 ? ERR_TRUNCATED : ERR_CONNECT,
	    "%s: %.200s%s", origin, said,
	    h->tls.asked ? " (it asked for a client certificate, and none is "
			   "configured)"
			 : "");
}
