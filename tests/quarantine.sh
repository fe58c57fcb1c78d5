#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `rescan quarantine` as an operator meets it: a run against the sandbox that
# leaves something aside, list, show, retry.  BUILD names the build folder.
set -u
build=${BUILD:-build}
. tests/support/cli.sh
sandbox_start --cohort --faults
cat >"$work/rescan.ini" <<INI
[server "sandbox"]
base_url = $url
ca_file = $work/certs/ca.pem
retries = 0

[store]
path = $work/store.db

[metrics]
file = $work/metrics.prom
INI
c="-c $work/rescan.ini"

want 2 'usage' quarantine
want 2 'usage' quarantine list
want 2 'usage' quarantine show $c
want 2 'no id' quarantine show twelve $c
want 2 'no id' quarantine show all $c
want 0 'usage' quarantine --help
want 1 'store.db' quarantine list $c # nothing has run yet

# A page that is half a page.
fault '{"kind":"garble","method":"GET","path":"/Observation[?]"}'
want 1 'NOT_JSON|JSON' run --once $c
metric() { grep -qE "^$1" "$work/metrics.prom" ||
    fail "no $1 in: $(head -c 2000 "$work/metrics.prom")"; }
metric 'rescan_cycles_total{server="sandbox",result="failed"} 1$'
want 0 'page_unreadable +https://localhost:[0-9]+/fhir/Observation' \
    quarantine list $c
want 0 'page_unreadable' quarantine show 1 $c
head -c 1 "$work/out" | grep -q '{' || fail "show: not the bytes as they came"
grep -q page_unreadable "$work/out" && fail "show: the reason is among the bytes"
want 0 '^1 will be tried again' quarantine retry 1 $c
want 0 'will be tried again' quarantine list $c
want 1 'nothing set aside has id 99' quarantine show 99 $c
want 1 'nothing set aside has id 99' quarantine retry 99 $c

# The next cycle reads it; what cannot be mapped has a place in the list.
want 0 'assessed: [1-9]' run --once $c
metric 'rescan_cycles_total{server="sandbox",result="done"} 1$'
metric 'rescan_assessments_total{server="sandbox",result="done"} [1-9]'
metric 'rescan_certificate_days_left{server="sandbox",whose="server"} [0-9]+$'
want 0 'p[0-9]+\.1 ' quarantine list $c
grep -q page_unreadable "$work/out" && fail "the page is still there"
want 0 '"code": "unit_unknown"' quarantine list --json $c
id=$(python_json "$work/out" 'next(r["id"] for r in d if r["code"] == "unit_unknown")')
want 0 'unit_unknown' quarantine show "$id" $c
python_json "$work/out" 'd["resourceType"]' | grep -q Observation ||
    fail "show $id: not the resource"
want 0 '^1 will be tried again' quarantine retry "$id" $c
want 0 'assessed: 1 patient,|assessed: 1 patient;' run --once $c
want 0 'will be tried again' quarantine retry all $c

# Nothing of a patient in the log.
grep -E 'inch|Observation/' "$work/err" && fail "the log names a resource"
cli_end
