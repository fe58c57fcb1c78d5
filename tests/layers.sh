#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Dependencies only point down: gateway -> mappings -> fhir -> fhir/util.
# Prints every include that points up and fails if there is one; only
# fhir/json.c may see json-c.
set -eu
bad=0
refuse() { # folder, pattern of what it must not include
	if grep -nE "^#include \"($2)" "$1"/*.c "$1"/*.h "$1"/*/*.c \
	    "$1"/*/*.h "$1"/*.def 2>/dev/null; then
		echo "layers: $1 must not include the above" >&2
		bad=1
	fi
}
refuse fhir/util 'fhir/[a-z_]*\.h|mappings/|gateway/|tests/'
refuse fhir 'mappings/|gateway/|tests/'
refuse mappings 'gateway/|tests/'
refuse gateway 'tests/'
if grep -lE '#include <(json-c/|json\.h|json_)' -r fhir mappings gateway tests |
    grep -v '^fhir/json\.c$'; then
	echo "layers: only fhir/json.c sees json-c" >&2
	bad=1
fi
exit $bad
