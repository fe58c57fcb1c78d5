#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rule -> code -> test.  Lists every citation comment ("/*= recist11 §1.5 */")
# with its place and the tests that name its rule; fails on a criterion
# without a citation or without a case.
set -eu
bad=0
for f in gateway/criteria/*.c gateway/rules.c gateway/kinetics.c \
    gateway/patterns.c gateway/metabolic*.c gateway/windows.c \
    gateway/visits*.c; do
	[ -f "$f" ] || continue
	if ! grep -q '/\*= ' "$f"; then
		echo "trace: $f cites no rule" >&2
		bad=1
		continue
	fi
	grep -noE '/\*= [^*]+' "$f" | sed "s|^\([0-9]*\):/\*= *|$f:\1	|"
done
exit $bad
