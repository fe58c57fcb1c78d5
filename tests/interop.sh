#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The whole main job against servers that nobody here wrote:
#   tests/interop.sh [NAME...]              (medplum oauth hapi)
# interop/NAME/server.sh knows how to get and start one, interop/driver.py is
# the same for all.  What cannot be had is left out, with one line saying why
# (RESCAN_INTEROP=required: fails; =off: nothing is run).  Everything made stands
# in build/interop/NAME.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
export BUILD="$build"
into=build/interop
START_S=${RESCAN_INTEROP_START_S:-150}
DRIVE_S=${RESCAN_INTEROP_DRIVE_S:-480}
bad= well=0 without=0
server=

[ "${RESCAN_INTEROP:-}" != off ] || {
	echo "interop: left out, RESCAN_INTEROP=off"
	exit 0
}
stop() {
	[ -z "$server" ] || {
		kill -TERM "$server" 2>/dev/null
		wait "$server" 2>/dev/null
	}
	server=
}
trap 'stop; exit 130' INT TERM
trap stop EXIT

left_out() { # name, why
	echo "interop: $1: left out, $2"
	without=$((without + 1))
	[ "${RESCAN_INTEROP:-}" != required ] || bad="$bad $1"
}

await() { # directory; until the server says where it is
	n=0
	until [ -s "$1/url" ]; do
		n=$((n + 1))
		[ $n -le $((START_S * 5)) ] && kill -0 "$server" 2>/dev/null ||
		    return 1
		sleep 0.2
	done
}

one() { # name
	dir=$into/$1
	mkdir -p "$dir"
	rm -f "$dir/url" "$dir"/*.db* "$dir"/*.token
	why=$(sh "tests/interop/$1/server.sh" get "$dir") || {
		left_out "$1" "${why:-it could not be had}"
		return
	}
	sh "tests/interop/$1/server.sh" run "$dir" "$into/certs" \
	    >"$dir/server.log" 2>&1 &
	server=$!
	if ! await "$dir"; then
		echo "interop: $1: did not start, see $dir/server.log" >&2
		bad="$bad $1"
	elif timeout "$DRIVE_S" python3 tests/interop/driver.py "$1" \
	    "$dir" "$into/certs/ca.pem" "$build"; then
		well=$((well + 1))
	else
		echo "interop: $1: FAILED, see $dir" >&2
		bad="$bad $1"
	fi
	stop
}

sh certs/make.sh "$into/certs" || exit 1
[ $# -gt 0 ] || set -- medplum oauth hapi
for name in "$@"; do one "$name"; done
echo "interop: $well ok, $without left out${bad:+, failed:$bad}"
[ -z "$bad" ]
