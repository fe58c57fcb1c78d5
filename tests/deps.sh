#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Install the Debian packages named as arguments that are missing, as root or
# through sudo, and say so.  Does nothing, silently, when all are there.
set -eu
missing=
for p in "$@"; do
	dpkg-query -W -f='${Status}' "$p" 2>/dev/null |
	    grep -q 'install ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ]; then
	as_root=
elif command -v sudo >/dev/null; then
	as_root=sudo
else
	echo "deps: please install as root: apt-get install$missing" >&2
	exit 1
fi
echo "deps: installing Debian packages${as_root:+ through sudo}:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # the list is meant to be split
{
	$as_root apt-get update -qq
	$as_root apt-get install -y -qq --no-install-recommends $missing
} >/dev/null
