#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The main job on loopback: the sandbox with its cohort, and the gateway
# against it over verified TLS.  ONCE=1: one cycle, then exit.
# Everything it makes stands in build/demo.
set -eu
build=$1
dir=$build/demo
mkdir -p "$dir"
sh certs/make.sh "$dir/certs"
rm -f "$dir/port" "$dir"/store.db*

"$build/rescan-sandbox" --certs "$dir/certs" --cohort --quiet \
    --port-file "$dir/port" >"$dir/sandbox.log" 2>&1 &
sandbox=$!
gateway=
stop() {
	trap - INT TERM EXIT
	for p in $gateway $sandbox; do kill -TERM "$p" 2>/dev/null || :; done
	for p in $gateway $sandbox; do wait "$p" 2>/dev/null || :; done
}
trap 'stop; echo; echo "demo: stopped"; exit 0' INT TERM
trap stop EXIT

n=0
until [ -s "$dir/port" ]; do
	n=$((n + 1))
	if [ $n -gt 100 ] || ! kill -0 $sandbox 2>/dev/null; then
		echo "demo: the sandbox did not start:" >&2
		cat "$dir/sandbox.log" >&2
		exit 1
	fi
	sleep 0.1
done
url=https://localhost:$(cat "$dir/port")/fhir
cat >"$dir/rescan.ini" <<INI
; Made by \`make demo\`.
[server "sandbox"]
base_url = $url
ca_file = $dir/certs/ca.pem

[store]
path = $dir/store.db

[poll]
interval_s = 10
INI
echo "demo: sandbox at $url, configuration in $dir/rescan.ini"
if [ -n "${ONCE:-}" ]; then
	"$build/rescan" run -c "$dir/rescan.ini" --once 2>"$dir/rescan.log"
	exit
fi
echo "demo: polling every 10 s; Ctrl-C stops everything"
"$build/rescan" run -c "$dir/rescan.ini" 2>"$dir/rescan.log" &
gateway=$!
wait $gateway
