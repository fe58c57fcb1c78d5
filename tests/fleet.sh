#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Several servers in one gateway, and new configurations while it runs.
# BUILD names the build folder.
set -u
build=${BUILD:-build}
. tests/support/cli.sh
sandbox_start --cohort --faults
url1=$url port1=$port
sandbox_start --cohort --faults
url2=$url port2=$port

section() { # name, address, further lines
	printf '[server "%s"]\nbase_url = %s\nca_file = %s\nretries = 0\n%s\n' \
	    "$1" "$2" "$work/certs/ca.pem" "${3:-}"
}
common() { # interval
	printf '[store]\npath = %s\n[poll]\ninterval_s = %s\nbackoff_max_s = 1\n' \
	    "$work/store.db" "$1"
	printf '[metrics]\nfile = %s/m.prom\n' "$work"
}
both() {
	section one "$url1"
	section two "$url2"
	common "$1"
}
log=$work/run.log
gateway=
start() {
	"$rescan" run -c "$work/rescan.ini" >"$work/run.out" 2>"$log" &
	gateway=$!
	pids="$pids $gateway"
}
# until SECONDS COMMAND...: it comes true within that time
until_true() {
	checks=$((checks + 1))
	n=$(($1 * 10))
	shift
	while ! "$@"; do
		n=$((n - 1))
		[ $n -gt 0 ] || {
			fail "not within time: $*: $(tail -n 3 "$log")"
			return
		}
		sleep 0.1
	done
}
# logged EVENT SERVER N: at least so many such lines
logged() {
	[ "$(grep "event=$1 " "$log" | grep -c "server=$2")" -ge "$3" ]
}
cycles() { # SERVER: how many cycles went well
	grep 'event=CYCLE ' "$log" | grep "server=$1 " | grep -c result=OK
}
more_cycles() { # SERVER THAN
	[ "$(cycles "$1")" -gt "$2" ]
}
children() {
	ps -o pid= --ppid "$gateway" | tr -d ' '
}
gone() {
	! kill -0 "$1" 2>/dev/null
}

# Once: both, whatever their patients are called.
both 60 >"$work/rescan.ini"
want 0 'one +https://localhost' run --once -c "$work/rescan.ini"
[ "$(grep -c '^assessed: ' "$work/out")" = 2 ] || fail "not two reports"
[ -s "$work/m-one.prom" ] && [ -s "$work/m-two.prom" ] ||
    fail "not a metrics file each"
want 0 'assessed: 0' run --once -c "$work/rescan.ini"
want 0 'two +https://localhost' run --once --server two -c "$work/rescan.ini"
grep -q '  one  ' "$work/out" && fail "--server two ran one"

# One fails: the other is done all the same, and the status says it.
fault_at() { port=$1 fault "$2"; }
fault_at "$port1" '{"kind":"close","times":-1}'
want 1 'two +https://localhost' run --once -c "$work/rescan.ini"
grep -q 'rescan: one: ' "$work/err" || fail "whose failure it was is not said"

# For long: one is out of reach, the other goes on in its rhythm.
both 1 >"$work/rescan.ini"
start
until_true 20 more_cycles two 2
[ "$(cycles one)" = 0 ] || fail "a closed server had a cycle"
fault_at "$port1" '{"kind":"clear"}'
until_true 20 more_cycles one 1

# Whose line it is stands in every line.
grep event= "$log" | grep -v ' server=' && fail "whose lines are these?"

# A second gateway on the same store is kept out.
want 1 'another gateway' run --once -c "$work/rescan.ini"
# A command beside it is not.
want 0 '' quarantine list -c "$work/rescan.ini"

# A process that dies is started again; the other does not notice.
set -- $(children)
kill -KILL "$1"
until_true 10 logged TENANT_ENDED one 1
was=$(cycles one)
until_true 20 more_cycles one "$was"
[ "$(children | grep -c "^$2$")" = 1 ] || fail "the other process died, too"

# A configuration that is not sound is refused; the same processes go on.
before=$(children)
printf 'nonsense\n' >>"$work/rescan.ini"
kill -HUP "$gateway"
until_true 10 grep -q event=CONFIG_REFUSED "$log"
[ "$(children)" = "$before" ] || fail "a bad configuration changed something"
was=$(cycles two)
until_true 20 more_cycles two "$was"

# A sound one is used between two cycles: one server less, one more.
{
	section two "$url2"
	section three "$url1"
	common 1
} >"$work/rescan.ini"
kill -HUP "$gateway"
until_true 10 grep -q event=CONFIG_RELOADED "$log"
until_true 20 more_cycles three 1
was=$(cycles two)
until_true 20 more_cycles two "$was"
was=$(cycles one)
sleep 2
[ "$(cycles one)" = "$was" ] || fail "a server that was taken out is polled"

# Killed hard: the processes go with it, and the next one starts at once.
set -- $(children)
kill -KILL "$gateway"
until_true 5 gone "$1"
until_true 5 gone "$2"
start
until_true 20 more_cycles three 0
# Stopped: all end.
set -- $(children)
kill -TERM "$gateway"
wait "$gateway"
checks=$((checks + 1))
[ $? = 0 ] || fail "a stop is a failure"
until_true 5 gone "$1"
until_true 5 gone "$2"

# One server: in one process; a new configuration is read there.
{
	section two "$url2"
	common 3600
} >"$work/rescan.ini"
start
until_true 20 more_cycles two 0
[ -z "$(children)" ] || fail "one server needs no second process"
printf 'nonsense\n' >>"$work/rescan.ini"
kill -HUP "$gateway"
until_true 10 grep -q event=CONFIG_REFUSED "$log"
gone "$gateway" && fail "a bad configuration ended it"
both 1 >"$work/rescan.ini"
kill -HUP "$gateway"
until_true 20 more_cycles one 1
until_true 20 more_cycles two 1
kill -TERM "$gateway"
wait "$gateway" || fail "a stop is a failure"

cli_end
