# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the scripts that test the command line share; `build` is set.
rescan=$build/rescan
name=${0##*/}
name=${name%.sh}
work=$build/cli_$name
rm -rf "$work"
mkdir -p "$work"
checks=0 failures=0 pids=
fail() {
	failures=$((failures + 1))
	echo "$name: $*" >&2
}
# want STATUS PATTERN ARG...: exit status, and a pattern in what was printed
want() {
	status=$1 pattern=$2
	shift 2
	checks=$((checks + 1))
	"$rescan" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	[ $got = "$status" ] ||
	    fail "rescan $*: exit $got, not $status: $(head -c 300 "$work/err")"
	cat "$work/out" "$work/err" | grep -qE -- "$pattern" ||
	    fail "rescan $*: no /$pattern/ in: $(head -c 300 "$work/err")"
}
# Start a sandbox of one's own: its address in $url, its port in $port.
sandbox_start() {
	sh certs/make.sh "$work/certs" >/dev/null
	rm -f "$work/port"
	"$build/rescan-sandbox" --certs "$work/certs" --quiet \
	    --port-file "$work/port" "$@" >"$work/sandbox.log" 2>&1 &
	pids="$pids $!"
	n=0
	until [ -s "$work/port" ]; do
		n=$((n + 1))
		[ $n -le 200 ] || {
			echo "$name: no sandbox: $(cat "$work/sandbox.log")" >&2
			exit 1
		}
		sleep 0.1
	done
	port=$(cat "$work/port")
	url=https://localhost:$port/fhir
}
cli_stop() {
	for p in $pids; do kill -TERM "$p" 2>/dev/null; done
	for p in $pids; do wait "$p" 2>/dev/null; done
	pids=
}
trap cli_stop EXIT
# Order a fault (sandbox --faults).
fault() {
	/usr/bin/python3 -c 'import ssl, sys, urllib.request as u
r = u.Request(sys.argv[2] + "/$fault", sys.argv[3].encode(),
              {"Content-Type": "application/json"})
u.urlopen(r, context=ssl.create_default_context(cafile=sys.argv[1]))' \
	    "$work/certs/ca.pem" "https://localhost:$port" "$1" ||
	    fail "no fault ordered"
}
# python_json FILE EXPRESSION of d
python_json() {
	/usr/bin/python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$1" "$2"
}
cli_end() {
	echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
	[ $failures = 0 ]
	exit
}
