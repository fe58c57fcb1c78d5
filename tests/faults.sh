#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The table of faults (faults.tsv): every test it lists exists, every fault has
# a row, and what the code cites is provoked somewhere.  `list` prints it.
set -eu
cd "$(dirname "$0")/.."
table=tests/faults.tsv
rows=$(grep -v '^#' $table)
last=77

if [ "${1-}" = list ]; then
	echo "$rows" | awk -F '\t' '{
		printf "%s  %s\n      %s\n", $1, $3, $4
		n = split($2, t, " ")
		for (i = 1; i <= n; i++)
			printf "      %s\n", t[i] == "-" ? "(not provoked)" : t[i]
	}'
fi

checks=0 failures=0
fail() {
	failures=$((failures + 1))
	echo "faults: $*" >&2
}

# exists ID TEST
exists() {
	test=${2%%=*} word=
	case $2 in *=*) word=${2#*=} ;; esac
	case $test in
	*.sh)
		[ -f "tests/$test" ] || fail "$1: no script tests/$test"
		return
		;;
	esac
	program=tests/${test%%:*}.c case=${test#*:}
	[ -f "$program" ] || {
		fail "$1: no program $program"
		return
	}
	where=$program
	case $case in
	cases_*)
		grep -q "^FILE_TEST(${case#cases_})" "$program" ||
		    fail "$1: no case $case in $program"
		where=$(ls tests/fixtures/*/"${case#cases_}".json)
		;;
	*)
		grep -q "^START_TEST($case)" "$program" ||
		    fail "$1: no case $case in $program"
		grep -q "[ (,]$case[,)]" "$program" ||
		    fail "$1: $case is not in its suite"
		;;
	esac
	[ -z "$word" ] || grep -q -- "$word" $where ||
	    fail "$1: no '$word' in $where"
}

i=1
while [ $i -le $last ]; do
	id=$(printf 'D-%02d' $i)
	n=$(echo "$rows" | cut -f 1 | grep -cx "$id" || :)
	[ "$n" = 1 ] || fail "$id: $n rows"
	i=$((i + 1))
done
tab=$(printf '\t')
none=0
while IFS=$tab read -r id tests fault behaviour; do
	[ -n "$fault" ] && [ -n "$behaviour" ] || fail "$id: a column is empty"
	for t in $tests; do
		checks=$((checks + 1))
		if [ "$t" = - ]; then
			none=$((none + 1))
		else
			exists "$id" "$t"
		fi
	done
done <<END
$rows
END
# What is cited as dealt with is provoked.
for id in $(grep -rhoE 'interop (D-[0-9]+(, |: | |$|\.|;)?)+' fhir mappings \
    gateway tests --include='*.[ch]' | grep -oE 'D-[0-9]+' | sort -u); do
	echo "$rows" | grep -q "^$id${tab}[^-]" ||
	    fail "$id is cited and nowhere provoked"
done
echo "faults: $last, of them $none not provoked"
echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[ $failures = 0 ]
