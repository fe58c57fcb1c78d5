#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual page names every command and every option there is, and none
# that is not; every command's --help names its options.  BUILD names the
# build folder.
set -u
build=${BUILD:-build}
. tests/support/cli.sh
page=gateway/dist/rescan.1

# synopsis COMMAND: its part of the page, one line
synopsis() {
	awk -v c="$1" '/^\.Sh DESCRIPTION/ { exit }
	    /^\.Nm/ { on = 0 }
	    /^\.Cm/ { on = $2 == c }
	    on' $page
}

"$rescan" --help >"$work/help" || fail "rescan --help"
commands=$(awk '$1 == "rescan" && $2 ~ /^[a-z]+$/ { print $2 }' "$work/help")
[ "$(echo "$commands" | wc -l)" -ge 12 ] || fail "few commands: $commands"
for c in $commands; do
	checks=$((checks + 1))
	[ -n "$(synopsis "$c")" ] || fail "$c: not in the synopsis"
	grep -qE "^\.It Cm $c\$" $page || fail "$c: not described"
	"$rescan" "$c" --help >"$work/help.$c" 2>&1 ||
	    fail "$c --help: exit $?"
	[ "$c" = sandbox ] && continue
	for o in $(grep -oE -- '--[a-z]+(-[a-z]+)*' "$work/help.$c" |
	    sort -u); do
		[ "$o" = --print-defaults ] && [ "$c" != check ] && continue
		[ "$o" = --capture ] && [ "$c" = replay ] && continue
		checks=$((checks + 1))
		synopsis "$c" | grep -q -- "Fl -${o#--}" ||
		    fail "$c $o: not in the synopsis"
	done
	for o in $(synopsis "$c" | grep -oE 'Fl -[a-z-]+' | sed 's/Fl -//'); do
		checks=$((checks + 1))
		grep -q -- "--$o" "$work/help.$c" ||
		    fail "$c --$o: in the synopsis, not in its help"
	done
done
for c in $(awk '/^\.Sh DESCRIPTION/ { exit } /^\.Cm/ { print $2 }' $page |
    sort -u); do
	checks=$((checks + 1))
	echo "$commands" | grep -qx "$c" || fail "$c: described, no command"
done
# What getopt knows stands in a command's help.
for f in gateway/command_*.c gateway/offline.c; do
	for o in $(grep -oE '\{"[a-z-]+", (no|required)_argument' "$f" |
	    cut -d '"' -f 2); do
		case $o in config | help) continue ;; esac
		checks=$((checks + 1))
		cat "$work"/help.* | grep -q -- "--$o" ||
		    fail "$f: --$o stands in no help"
	done
done
# The configuration describes itself: each option below its help.
checks=$((checks + 1))
"$rescan" check --print-defaults | awk '
	/^;? ?[a-z_0-9.]+ = / && last !~ /^; [^ ]/ { print; bad = 1 }
	{ last = $0 } END { exit bad }' || fail "an option without help"
checks=$((checks + 1))
grep -q 'print-defaults' $page || fail "where the options are said is not said"
# And it is one that man can show.
if command -v groff >/dev/null; then
	checks=$((checks + 1))
	groff -mandoc -Tascii -ww $page 2>&1 >"$work/page" | head -3 |
	    grep . && fail "groff complains"
fi

echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[ $failures = 0 ]
