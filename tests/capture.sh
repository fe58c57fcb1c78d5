#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A run recorded against the sandbox and run once more without it: the same
# requests, assessments and outputs, byte for byte; and one without names.
# BUILD names the build folder.
set -u
build=${BUILD:-build}
. tests/support/cli.sh
echo planted-token >"$work/token"
chmod 600 "$work/token"
sandbox_start --cohort --faults --token-file "$work/token"
config() { # store, further lines
	cat <<INI
[server "sandbox"]
base_url = $url
ca_file = $work/certs/ca.pem
token_file = $work/token
retries = 1
backoff_ms = 1

[store]
path = $1
${2:-}
INI
}
# put JSON: onto the sandbox
put() {
	/usr/bin/python3 -c 'import json, ssl, sys, urllib.request as u
r = json.loads(sys.argv[3])
u.urlopen(u.Request(
    "%s/%s/%s" % (sys.argv[2], r["resourceType"], r["id"]),
    sys.argv[3].encode(),
    {"Content-Type": "application/fhir+json",
     "Authorization": "Bearer planted-token"}, method="PUT"),
    context=ssl.create_default_context(cafile=sys.argv[1]))' \
	    "$work/certs/ca.pem" "$url" "$1" || fail "not put"
}
# What a store holds that a clinician or a server would see.
dump() {
	/usr/bin/python3 -c 'import sqlite3, sys
d = sqlite3.connect(sys.argv[1])
for q in ("select p.key, a.document, a.as_of, a.made_ms, a.maps "
          "from assessment a join patient p on p.id = a.patient_id "
          "order by p.key",
          "select server, identifier, seq, type, label, search, body, hash, "
          "state, server_id, server_version, sent, landed, attempts, error, "
          "next_try_ms, via from output order by server, identifier",
          "select server, key, code, text, bytes, at_ms from quarantine "
          "order by server, key, code",
          "select server, type, watermark_ms from cursor order by 1, 2"):
    for row in d.execute(q):
        print(row)' "$1"
}
# same NAME A B: two files are the same, and not empty
same() {
	checks=$((checks + 1))
	[ -s "$2" ] || fail "$1: empty"
	cmp -s "$2" "$3" || fail "$1 differs: $(diff "$2" "$3" | head -c 400)"
}
# replayed NAME CONFIG: the run of that name, once more
replayed() {
	want 0 'exchanges; 0 requests not in the record, 0 with another' \
	    replay "$work/$1" -c "$2" --store "$work/$1-again.db"
	cp "$work/out" "$work/$1-again.out"
	dump "$work/$1.db" >"$work/$1.dump"
	dump "$work/$1-again.db" >"$work/$1-again.dump"
	same "$1: store" "$work/$1.dump" "$work/$1-again.dump"
	same "$1: report" "$work/$1.out" "$work/$1-again.out"
}

want 2 'usage' capture -c x
want 2 'usage' replay "$work"
want 0 'usage' replay --help

# One cycle, with an answer that had to be asked for twice and a page that is
# none.
fault '{"kind":"status","method":"GET","path":"/ImagingStudy","status":503}'
fault '{"kind":"status","method":"POST","path":"/Flag","status":422,"times":2}'
config "$work/one.db" >"$work/one.ini"
want 0 'assessed: ' capture "$work/one" -c "$work/one.ini"
cp "$work/out" "$work/one.out"
cp "$work/err" "$work/one.err"
grep -q event=CAPTURE "$work/err" || fail "recording is not said"
[ -z "$(find "$work/one" -type f ! -perm 600)" ] || fail "files not 0600"
[ "$(stat -c %a "$work/one")" = 700 ] || fail "folder not 0700"
grep -rqiE 'planted-token|authorization: |bearer ' "$work/one" && fail "a token"
# A change, onto what the store knows by now.
put '{"resourceType":"Observation","id":"obs-77","status":"final",
"code":{"coding":[{"system":"http://loinc.org","code":"21889-1"}]},
"subject":{"reference":"Patient/plantedid","display":"Plantedfamily, Jane"},
"effectiveDateTime":"2026-03-01","bodySite":{"coding":[{
"system":"http://snomed.info/sct","code":"39607008"}]},
"identifier":[{"system":"urn:acc","value":"PLANTED-ACC"}],
"valueQuantity":{"value":12.50,"unit":"mm","system":
"http://unitsofmeasure.org","code":"mm"}}'
put '{"resourceType":"Patient","id":"plantedid","name":[{"use":"official",
"text":"Jane Plantedfamily","family":"Plantedfamily","given":["Plantedjane"]}],
"identifier":[{"system":"urn:mrn","value":"PLANTED-MRN"}],
"birthDate":"1951-05-05","telecom":[{"system":"phone","value":"555-PLANTED"}],
"address":[{"line":["1 Planted Street"],"city":"Plantedtown"}],
"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Plantedfamily</div>"}}'
cp "$work/one.db" "$work/two.db"
config "$work/two.db" >"$work/two.ini"
want 0 'assessed: 1 patient[,;]' run --once --capture "$work/two" \
    -c "$work/two.ini"
cp "$work/out" "$work/two.out"
[ -s "$work/two/store.db" ] || fail "the store before is not kept"
# Several cycles of a run that is stopped.
config "$work/many.db" '[poll]
interval_s = 1' >"$work/many.ini"
"$rescan" run --capture "$work/many" -c "$work/many.ini" \
    >"$work/many.out" 2>"$work/many.err" &
gateway=$!
pids="$pids $gateway"
n=0
until grep -q '"cycle":3' "$work/many/index.ndjson" 2>/dev/null ||
    [ $n -gt 200 ]; do
	n=$((n + 1))
	sleep 0.1
done
kill -TERM "$gateway"
wait "$gateway"
# One without names; and a store that has some already cannot be one.
config "$work/redacted.db" >"$work/redacted.ini"
want 0 'assessed: ' capture "$work/redacted" --redact -c "$work/redacted.ini"
cp "$work/out" "$work/redacted.out"
want 1 'empty store' capture "$work/no" --redact -c "$work/redacted.ini"
want 1 'holds something' capture "$work/one" -c "$work/one.ini"

# The server is gone, and so is the token.
cli_stop
rm "$work/token"
replayed one "$work/one.ini"
replayed two "$work/two.ini"
want 0 '0 requests not in the record' replay "$work/many" -c "$work/many.ini"
want 1 'exists' replay "$work/one" -c "$work/one.ini" --store "$work/one.db"
want 1 'meta.json' replay "$work/certs" -c "$work/one.ini"

# A gateway that concludes otherwise says so.
config "$work/one.db" '[assess]
confirm_max_days = 70' >"$work/other.ini"
want 3 'first: another body: (POST|PUT) /' \
    replay "$work/one" -c "$work/other.ini"
# A record cut by a crash is good up to there.
cp -r "$work/one" "$work/cut"
size=$(stat -c %s "$work/cut/index.ndjson")
truncate -s $((size - 5000)) "$work/cut/index.ndjson"
want 0 'ends within a cycle' replay "$work/cut" -c "$work/one.ini"
# One exchange that is not there is missed.
cp -r "$work/one" "$work/gap"
sed -i '/"url":"[^"]*\/Observation[?]/d' "$work/gap/index.ndjson"
want 3 'first: not in the record: GET /Observation' \
    replay "$work/gap" -c "$work/one.ini"

# Nobody is in it any more, and it still comes to the same.
grep -rli 'planted' "$work/redacted" | grep . && fail "planted names"
grep -rlE '1951-05-05|Reader-Alpha|"Synthetic"' "$work/redacted" | grep . &&
    fail "names or dates"
want 0 '0 requests not in the record' \
    replay "$work/redacted" -c "$work/redacted.ini"
grep -E '^(assessed|read):|^      [0-9]' "$work/out" >"$work/a"
grep -E '^(assessed|read):|^      [0-9]' "$work/redacted.out" >"$work/b"
same "redacted: what was done" "$work/a" "$work/b"
grep -E 'RECIST 1.1|iRECIST' "$work/out" | sort >"$work/a"
grep -E 'RECIST 1.1|iRECIST' "$work/redacted.out" | sort >"$work/b"
same "redacted: what was concluded" "$work/a" "$work/b"
cli_end
