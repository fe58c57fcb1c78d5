#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All lengths and all length thresholds times three: the same documents, but
# for the lengths in them.  And all lengths alone: other ones, or this would
# show nothing.  BUILD names the build folder.
set -eu
build=${BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${MAKE:-make} -s BUILD="$build" "$build/scaled"
${MAKE:-make} -s -j2 CFLAGS=-O0 BUILD="$build/times3" LENGTHS=3 \
    "$build/times3/scaled"
"$build/scaled" 1 >"$work/one"
"$build/times3/scaled" 3 >"$work/three"
"$build/scaled" 3 >"$work/lengths"
/usr/bin/python3 tests/support/scaled.py 3 "$work/one" "$work/three"
if /usr/bin/python3 tests/support/scaled.py 3 "$work/one" "$work/lengths" \
    >/dev/null; then
	echo "scaled: lengths alone change nothing, so nothing is shown"
	exit 1
fi
echo "scaled: $(wc -l <"$work/one") lines alike"
