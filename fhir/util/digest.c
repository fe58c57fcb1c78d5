/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

char *
sha256_hex(const void *bytes, size_t n, char buf[SHA256_HEX_SIZE])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (EVP_Digest(bytes, n, md, &len, EVP_sha256(), NULL) != 1 ||
	    len != (SHA256_HEX_SIZE - 1) / 2) {
		/* No SHA-256: the crypto library is broken, as good as no
		 * memory. */
		fputs("rescan: SHA-256 is not available\n", stderr);
		abort();
	}
	for (unsigned int i = 0; i < len; i++)
		snprintf(buf + 2 * (size_t)i, 3, "%02x", md[i]);
	return buf;
}
