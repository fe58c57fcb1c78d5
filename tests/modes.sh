#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each mode of reading from the command line: the same reports and Flags come
# of it, a second run is silent, a correction and a deletion arrive; and
# requests are made one at a time.  BUILD names the build folder.
set -u
build=${BUILD:-build}
. tests/support/cli.sh

# look ARG...: as tests/support/outputs.py has it
look() { /usr/bin/python3 tests/support/outputs.py "$work/certs/ca.pem" "$@"; }

# tap: what goes to the sandbox goes by way of it, which is $via then
tap() {
	rm -f "$work/tap" "$work/most"
	/usr/bin/python3 tests/support/tap.py "$port" "$work/tap" "$work/most" &
	pids="$pids $!"
	n=0
	until [ -s "$work/tap" ] || [ $n -gt 100 ]; do
		n=$((n + 1))
		sleep 0.1
	done
	via=https://localhost:$(cat "$work/tap")/fhir
}

again() {
	[ "$name_of" != bulk ] || sleep 1
	want 0 . run --once -c "$work/rescan.ini"
}

# mode NAME 'SANDBOX OPTIONS' LINE...
mode() {
	name_of=$1
	rm -rf "$work/$name_of.db"*
	# shellcheck disable=SC2086
	sandbox_start --cohort $2
	tap
	shift 2
	{
		printf '[server "s"]\nbase_url = %s\nca_file = %s\nmode = %s\n' \
		    "$via" "$work/certs/ca.pem" "${name_of%%-*}"
		printf 'page_count = 200\ntrusted_origins = https://localhost:%s\n' \
		    "$port"
		printf '%s\n' "$@"
		printf '[store]\npath = %s\n' "$work/$name_of.db"
		printf '[poll]\nsweep_patients = 100\n'
	} >"$work/rescan.ini"
	again
	checks=$((checks + 1))
	look list "$url" >"$work/$name_of.out" || fail "$name_of: not read"
	[ -s "$work/search.out" ] && cmp -s "$work/search.out" \
	    "$work/$name_of.out" || fail "$name_of: other outputs than search:
$(diff "$work/search.out" "$work/$name_of.out" | head -20)"
	# Nothing new: nothing written.
	look versions "$url" >"$work/before"
	again
	look versions "$url" >"$work/after"
	checks=$((checks + 1))
	cmp -s "$work/before" "$work/after" ||
	    fail "$name_of: the second run wrote something"
	# One correction: one report.
	look correct "$url" >"$work/patient" || fail "$name_of: nothing to correct"
	again
	look versions "$url" >"$work/after"
	checks=$((checks + 1))
	[ "$(diff "$work/before" "$work/after" | grep '^>' | cut -d ' ' -f 4 |
	    sort -u)" = "$(cat "$work/patient")" ] ||
	    fail "$name_of: after a correction for $(cat "$work/patient"):
$(diff "$work/before" "$work/after" | head -20)"
	# Taken back, and seen a day later at the latest.
	/usr/bin/python3 -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as c:
    c.execute("UPDATE patient SET swept_ms = swept_ms - 86400000 "
              "WHERE swept_ms > 0")' "$work/$name_of.db"
	look remove "$url" >"$work/patient" || fail "$name_of: nothing to remove"
	again
	checks=$((checks + 1))
	cp "$work/after" "$work/before"
	look versions "$url" >"$work/after"
	[ "$(diff "$work/before" "$work/after" | grep '^>' | cut -d ' ' -f 4 |
	    sort -u)" = "$(cat "$work/patient")" ] ||
	    fail "$name_of: after a deletion for $(cat "$work/patient"):
$(diff "$work/before" "$work/after" | head -20)"
	checks=$((checks + 1))
	[ "$(cat "$work/most")" = 1 ] ||
	    fail "$name_of: $(cat "$work/most") requests at once"
	cli_stop
}

rows='response stable confirmed pseudo hyper newlesion nodal pet colitis
pneumonitis chemo nobaseline inch readers pending overdue nontarget equivocal
missing merged merged-old'
for p in $rows; do echo "Patient/$p"; done >"$work/roster"

mode search ''
mode patient-file '--require-patient' "roster = file:$work/roster"
mode patient-demanding '--require-patient --refuse-last-updated' \
    "roster = file:$work/roster"
mode history --refuse-last-updated
mode bulk '' 'bulk_interval_s = 1'
mode auto ''

echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[ $failures = 0 ]
