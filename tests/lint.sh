#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# House rules as greps: each prints what it found and fails.
set -eu
bad=0
files=$(git ls-files '*.c' '*.h' '*.def' 2>/dev/null || find fhir mappings gateway tests -name '*.[ch]')
none() { # message, pattern
	if grep -nE "$2" $files; then
		echo "lint: $1" >&2
		bad=1
	fi
}
none 'a banned function (unbounded or not thread-safe)' \
    '(^|[^_a-zA-Z0-9>.])(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|localtime|gmtime|asctime|ctime|rand|system|popen|mktemp)\('
none 'an exit below main' '(^|[^_a-zA-Z])exit\([0-9A-Z_]+\);.*lint-no'
none 'TLS verification switched off' \
    'CURLOPT_SSL_VERIFY(PEER|HOST), *0|SSL_VERIFY_NONE.*client'
for f in $files; do
	head -n 3 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || {
		echo "$f: lint: no SPDX line" >&2
		bad=1
	}
	n=$(wc -l <"$f")
	case $f in *.def) ;; *)
		[ "$n" -le 600 ] || {
			echo "$f: lint: $n lines, more than 600" >&2
			bad=1
		} ;;
	esac
done
# What runs by its name may be run.
for f in $(git ls-files -s 'tests/*.sh' 2>/dev/null |
    sed -n 's/^100644 [^\t]*\t\(tests\/[^/]*\.sh\)$/\1/p'); do
	echo "$f: lint: not executable" >&2
	bad=1
done
# No category is decided in floating point.
judging=$(ls mappings/*.[ch] gateway/*.[ch] gateway/criteria/*.c \
    gateway/pet/*.c | grep -vE 'gateway/kinetics\.c$')
# shellcheck disable=SC2086 # the list is meant to be split
if grep -nE '\b(float|double)\b' $judging | grep -v 'lint: display'; then
	echo "lint: floating point where categories are decided" >&2
	bad=1
fi
exit $bad
