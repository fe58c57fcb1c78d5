#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `rescan serve` as the network meets it: notifications, and those who send
# something else, too much, too slowly or too often; and `rescan run`, which
# looks at once.  BUILD names the build folder.
set -u
build=${BUILD:-build}
. tests/support/cli.sh
sandbox_start --cohort
secret=0123456789abcdef-of-the-hook
echo $secret >"$work/secret"
chmod 600 "$work/secret"
cat >"$work/rescan.ini" <<INI
[server "sandbox"]
base_url = $url
ca_file = $work/certs/ca.pem

[store]
path = $work/store.db

[poll]
interval_s = 3600
nudge_file = $work/nudge

[metrics]
file = $work/metrics.prom

[serve]
port = 0
cert_file = $work/certs/server.pem
key_file = $work/certs/server.key.pem
secret_file = $work/secret
timeout_s = 2
max_connections = 8
INI

# until TEXT FILE: within ten seconds
until_says() {
	n=0
	until grep -qE "$1" "$2" 2>/dev/null; do
		n=$((n + 1))
		[ $n -le 100 ] || {
			fail "no /$1/ in $2: $(tail -c 500 "$2" 2>&1)"
			return 1
		}
		sleep 0.1
	done
}

# What may not be is said before anything listens.
chmod 644 "$work/secret"
want 1 'chmod 600' serve -c "$work/rescan.ini"
chmod 600 "$work/secret"

"$rescan" serve -c "$work/rescan.ini" >"$work/serve.out" 2>"$work/serve.log" &
serve=$!
pids="$pids $serve"
until_says 'port=[0-9]+' "$work/serve.log" || exit 1
hook=$(sed -n 's/.*port=\([0-9]*\).*/\1/p' "$work/serve.log" | head -1)
checks=$((checks + 1))
/usr/bin/python3 -W ignore tests/support/hostile_http.py "$work/certs/ca.pem" "$hook" \
    $secret "$work/nudge" 8 || fail "see above"
checks=$((checks + 1))
kill -0 $serve 2>/dev/null || fail "it did not survive that"
checks=$((checks + 1))
if grep -q "$secret" "$work/serve.log" "$work/serve.out"; then
	fail "the secret stands in the log"
fi
checks=$((checks + 1))
[ "$(wc -l <"$work/serve.log")" -le 12 ] ||
    fail "a line a stranger: $(wc -l <"$work/serve.log") lines"

# Who is told looks at once, not in an hour.
"$rescan" run -c "$work/rescan.ini" >"$work/run.out" 2>"$work/run.log" &
run=$!
pids="$pids $run"
until_says 'rescan_cycles_total.*result="done"} 1$' "$work/metrics.prom"
checks=$((checks + 1))
/usr/bin/python3 -c 'import ssl, sys, urllib.request as u
u.urlopen(u.Request(sys.argv[2], b""),
          context=ssl.create_default_context(cafile=sys.argv[1]))' \
    "$work/certs/ca.pem" "https://localhost:$hook/notify/$secret" ||
    fail "no notification"
until_says 'rescan_cycles_total.*result="done"} 2$' "$work/metrics.prom"

for p in $run $serve; do
	checks=$((checks + 1))
	kill -TERM $p
	wait $p || fail "SIGTERM: exit $?"
done
pids=${pids% "$serve" "$run"}

echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[ $failures = 0 ]
