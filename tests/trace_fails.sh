#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/trace.py sees what it is there for: in a copy of the sources one thing
# is broken at a time, and it has to say so.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

# broken WANT FILE SED: FILE changed by SED makes trace fail, saying WANT
broken() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree/tests"
	cp -r gateway "$work/tree/"
	cp tests/trace.py tests/mutate.py tests/mutations.txt "$work/tree/tests/"
	sed -i "$3" "$work/tree/$2"
	if cmp -s "$2" "$work/tree/$2"; then
		echo "trace_fails: $3 changes nothing in $2"
		exit 1
	fi
	if python3 "$work/tree/tests/trace.py" >/dev/null 2>"$work/said"; then
		echo "trace_fails: nothing said of: $1"
		exit 1
	fi
	grep -qF -- "$1" "$work/said" || {
		echo "trace_fails: not said: $1; but:"
		cat "$work/said"
		exit 1
	}
	n=$((n + 1))
}

python3 tests/trace.py >/dev/null
row='THRESHOLD(LONELY_DAYS, 7, days, "hpd §6.1", DERIVED, "nobody asks")'
broken 'threshold LONELY_DAYS: nothing compares with it' \
    gateway/thresholds.def "\$a $row"
broken 'threshold LONELY_DAYS: no test' gateway/thresholds.def "\$a $row"
broken 'threshold FURTHER_TMM: no citation' gateway/thresholds.def \
    's/\(FURTHER_TMM, 50, tmm, \)"[^"]*"/\1""/'
broken 'a row that is not understood' gateway/thresholds.def \
    's/THRESHOLD(FURTHER_TMM, 50/THRESHOLD(FURTHER_TMM, 5 * 10/'
broken 'compares with FURTHER_TMM and no mutation turns it' gateway/irecist.c \
    '$a int f(int x) { return x > FURTHER_TMM; }'
broken 'is not there once' gateway/irecist.c \
    's/now - reference >= least/reference + least <= now/'
broken 'gateway/criteria/irrc.c: cites no rule' gateway/criteria/irrc.c \
    's|/\*=|/*|'
broken 'rule irecist.no_such_rule is not in gateway/rules.def' \
    gateway/criteria/irecist.c 's/"irecist.bar_reset"/"irecist.no_such_rule"/'
broken 'nothing says irecist.bar_reset' \
    gateway/criteria/irecist.c 's/"irecist.bar_reset"/"irecist.no_such_rule"/'
echo "trace_fails: $n breaks said"
