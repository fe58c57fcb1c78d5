#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `rescan probe` as an integration engineer meets it, and a run with the
# profile it wrote.  BUILD names the build folder.
set -u
build=${BUILD:-build}
. tests/support/cli.sh
sandbox_start --cohort --faults
ca="--ca-file $work/certs/ca.pem"

want 2 'usage' probe
want 2 'usage' probe "$url" -c x
want 0 'Reads only' probe --help
want 1 'not an https URL' probe http://localhost/fhir
want 1 'certificate' probe "$url" # no CA: TLS is not optional
want 1 '404|CapabilityStatement' probe "${url}x" $ca

want 0 'ok +search.param +Observation +_lastUpdated: honoured' probe "$url" $ca
grep -q 'nothing written' "$work/out" || fail "a plain probe wrote"
[ -s "$work/err" ] && fail "progress although nobody looks: $(cat "$work/err")"
/usr/bin/python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' \
    "$rescan" probe "$url" $ca </dev/null >"$work/tty" 2>&1
grep -q 'probe: [0-9]*  metadata' "$work/tty" || fail "no progress on a terminal"
want 0 '"fit": true' probe "$url" $ca --json --write --out "$work/profile.ini"
python_json "$work/out" 'sorted(d["profile"]["accepts"])' |
    grep -q "'DiagnosticReport', 'Flag'" || fail "not accepted: Flag"
python_json "$work/out" 'd["left_behind"]' | grep -qx '\[\]' ||
    fail "tests left behind"

# The profile is what run uses.
cat >"$work/rescan.ini" <<INI
[server "sandbox"]
base_url = $url
ca_file = $work/certs/ca.pem
profile = $work/profile.ini

[store]
path = $work/store.db
INI
want 0 'sound' check -c "$work/rescan.ini"
want 0 'ok +search.next' probe -c "$work/rescan.ini"
sed -i 's/^accepts = .*/accepts = Device, Observation, DiagnosticReport/' \
    "$work/profile.ini"
want 0 'not among what this server accepts' run --once -c "$work/rescan.ini"
echo 'ca_file = elsewhere' >>"$work/profile.ini"
want 1 'profile.ini:[0-9]+: ca_file is nothing a profile says' \
    check -c "$work/rescan.ini"

# A server without something we need.
fault '{"kind":"ignore","path":"/Observation","word":"patient","times":-1}'
want 3 'BAD +search.param +Observation +patient: ignored' probe "$url" $ca
cli_end
