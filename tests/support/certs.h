/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test certificates in build/certs.
 */
#ifndef RESCAN_TESTS_CERTS_H
#define RESCAN_TESTS_CERTS_H

/* Have them made; costs nothing when that was today. */
void certs_make(void);

#endif
