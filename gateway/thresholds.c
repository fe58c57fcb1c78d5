/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/thresholds.h"

#include "gateway/sources.h"

const struct threshold thresholds[] = {
#define THRESHOLD(name, value, unit, section, citation, text)                  \
	{#name, name, #unit, section, citation, text},
#include "gateway/thresholds.def"
#undef THRESHOLD
    {NULL, 0, NULL, NULL, NULL, NULL},
};
