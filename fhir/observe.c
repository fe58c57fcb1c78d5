/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/observe.h"

void
observe(const struct observer *o, const struct notice *n)
{
	if (o->fn != NULL)
		o->fn(o->ctx, n);
}
