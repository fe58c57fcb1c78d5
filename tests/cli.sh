#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line, as its users meet it: exit statuses and messages of the
# contract, bad input refused with a clear error, the document valid against
# its schema.  BUILD names the build folder.
set -u
build=${BUILD:-build}
rescan=$build/rescan
work=$build/cli
rm -rf "$work"
mkdir -p "$work"
checks=0 failures=0
fail() {
	failures=$((failures + 1))
	echo "cli: $*" >&2
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
bad=tests/fixtures/bad

# Wrong usage is 2.
want 2 'usage' assess
want 2 'usage' serve
want 0 'usage' serve --help
want 1 'No such file' serve -c "$work/no_such.ini"
printf '[server "a"]\nbase_url = https://h/fhir\n' >"$work/serve.ini"
want 1 'cert_file' serve -c "$work/serve.ini"
printf '[server "a"]\nbase_url = https://h/fhir\nmode = telepathy\n' \
    >"$work/mode.ini"
want 1 'mode.ini:1: mode = telepathy' check -c "$work/mode.ini"
printf '[server "a"]\nbase_url = https://h/fhir\nmode = patient\n' \
    >"$work/mode.ini"
want 1 'needs a roster' check -c "$work/mode.ini"
want 2 'usage: rescan' frobnicate
want 2 'not a date' assess --as-of yesterday "$bad/empty.json"
want 2 'no such criterion' assess --criteria recist12 "$bad/empty.json"
want 2 'no format' assess --format xml "$bad/empty.json"
want 0 'usage' assess --help
want 0 '^rescan [0-9]' --version
want 0 'base_url' check --print-defaults
want 0 'sound' check

# Signing keys: made once, never overwritten, only the public half shown.
want 2 'usage' keys
want 2 'no algorithm HS256' keys --alg HS256 --out "$work/key.pem"
want 0 'ES384 kid [A-Za-z0-9_-]{43}$' keys --out "$work/key.pem" \
    --jwks "$work/jwks.json"
want 1 'File exists' keys --out "$work/key.pem"
want 0 '"kty": "RSA"' keys --alg RS384 --out "$work/rsa.pem" --in "$work/key.pem"
want 0 '"crv": "P-384"' keys --in "$work/key.pem"
checks=$((checks + 1))
[ "$(stat -c %a "$work/key.pem")" = 600 ] || fail "the key is not mode 600"
checks=$((checks + 1))
if grep -q '"d"' "$work/jwks.json"; then fail "the JWKS holds the key"; fi
chmod 644 "$work/key.pem"
want 1 'chmod 600' keys --in "$work/key.pem"

# A server's files are opened by check, not only looked for.
ini() { printf '%s\n' '[server "s"]' 'base_url = https://h' "$@" >"$work/s.ini"; }
ini 'auth = smart' 'client_id = c' "key_file = $work/key.pem"
want 1 'server "s": .*key.pem: .*chmod 600' check -c "$work/s.ini"
chmod 600 "$work/key.pem"
want 0 'sound' check -c "$work/s.ini"
ini 'auth = smart' 'client_id = c' "key_file = $work/key.pem" 'alg = RS384'
want 1 'is for ES384, not RS384' check -c "$work/s.ini"
ini 'pin_sha256 = abc'
want 1 'pin_sha256' check -c "$work/s.ini"
ini 'proxy = localhost:3128'
want 1 'proxy is not' check -c "$work/s.ini"

checks=$((checks + 1))
"$rescan" rules --maps | cmp -s - tests/golden/codemaps.txt ||
    fail "rescan rules --maps is not tests/golden/codemaps.txt"

# What cannot be read at all is 1, and says which file and where.
want 1 'no_such_file.json: No such file' assess "$work/no_such_file.json"
want 1 'truncated.json.*byte' assess "$bad/truncated.json"
want 1 'login.html.*HTML' assess "$bad/login.html"
want 1 'not_fhir.json.*resourceType' assess "$bad/not_fhir.json"
want 1 'nan.json.*NaN' assess "$bad/nan.json"
want 1 'duplicate_key.json.*given twice' assess "$bad/duplicate_key.json"
want 1 'nested_200.json.*(deep|depth|nest)' assess "$bad/nested_200.json"
want 1 'empty.json' assess "$bad/empty.json"
want 1 'not_utf8.json.*UTF-8' assess "$bad/not_utf8.json"
want 1 'huge_integer.json.*digits' assess "$bad/huge_integer.json"
want 1 'trailing.json' assess "$bad/trailing.json"
want 1 'array.json' assess "$bad/array.json"
want 1 'standard input' assess -

# The cohort: every face of it.
"$build/rescan-sandbox" --print-cohort >"$work/cohort.json" ||
    fail "the sandbox prints no cohort"
want 3 '"schema": "https://rescan.example/assessment/1"' \
    assess "$work/cohort.json"
cp "$work/out" "$work/assessments.json"
want 3 'as of' assess --format table "$work/cohort.json"
want 3 '"type": ?"transaction"' assess --format fhir "$work/cohort.json"
cp "$work/out" "$work/writes.json"
want 3 'Best overall response' explain "$work/cohort.json"
want 3 '"schema":' assess --format ndjson "$work/cohort.json"
cp "$work/out" "$work/assessments.ndjson"

# Same input, same output; from a file, from standard input, in two files.
checks=$((checks + 1))
"$rescan" assess - <"$work/cohort.json" 2>/dev/null |
    cmp -s - "$work/assessments.json" || fail "standard input differs"

# Valid against the contract's schema, by an existing validator.
checks=$((checks + 1))
/usr/bin/python3 tests/contract/validate.py "$work/assessments.json" \
    "$work/assessments.ndjson" || fail "not valid against the schema"

# A transaction Bundle of 50 MB without trouble.
checks=$((checks + 1))
/usr/bin/python3 tests/support/enlarge.py "$work/cohort.json" \
    "${CLI_MB:-50}" >"$work/large.json"
"$rescan" assess --format ndjson "$work/large.json" >"$work/large.out" 2>&1
case $? in 0 | 3) ;; *) fail "large Bundle: $(head -c 300 "$work/large.out")" ;; esac
[ "$(wc -l <"$work/large.out")" -ge "$(wc -l <"$work/assessments.ndjson")" ] ||
    fail "large Bundle: patients lost"
rm -f "$work/large.json" "$work/large.out"

echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[ $failures = 0 ]
