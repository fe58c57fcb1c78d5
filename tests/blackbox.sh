#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program against the published contracts alone: worked examples as FHIR
# in several dialects, and the contracts sentence by sentence.
set -u
log=$(mktemp)
trap 'rm -f "$log"' EXIT
BUILD=${BUILD:-build} PYTHONDONTWRITEBYTECODE=1 \
    /usr/bin/python3 tests/blackbox/run.py >"$log" 2>&1
status=$?
cat "$log"
passed=$(sed -n 's/^\([0-9]*\) passed, [0-9]* failed.*/\1/p' "$log")
failed=$(sed -n 's/^[0-9]* passed, \([0-9]*\) failed.*/\1/p' "$log")
[ -n "$passed" ] || exit 1 # it never came to an end
percent=100
[ "$failed" = 0 ] || percent=$((100 * passed / (passed + failed)))
echo "$percent%: Checks: $((passed + failed)), Failures: $failed, Errors: 0"
exit $status
