#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Run the test programs given, in order, from the repository root; every one
# runs even when one fails.  Ends with one line "N passed, N failed".
set -u
passed=0 failed=0 bad=
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for t in "$@"; do
	if "$t" >"$log" 2>&1; then
		passed=$((passed + 1))
		# A script's last line says what it saw or left out.
		printf 'ok   %-28s %s\n' "${t##*/}" \
		    "$(grep -E '^[0-9]+%: Checks' "$log" | tail -n 1 |
		    grep . || tail -n 1 "$log")"
		# What ran on somebody else's software, and what could not.
		sed -n 's/^interop: [a-z]*: /     &/p' "$log"
	else
		failed=$((failed + 1)) bad="$bad ${t##*/}"
		printf 'FAIL %s\n' "${t##*/}"
		cat "$log"
	fi
done
[ -z "$bad" ] || echo "failed:$bad"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
