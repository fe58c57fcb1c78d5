#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: get_npm.sh FROM DIR    install FROM's locked packages into DIR, and
# copy its programs there.  Prints why and fails when that cannot be.
set -u
from=$1 dir=$2
command -v node >/dev/null && command -v npm >/dev/null || {
	echo "there is no node or no npm"
	exit 1
}
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || {
	echo "node is older than 20"
	exit 1
}
mkdir -p "$dir"
if ! cmp -s "$from/package-lock.json" "$dir/.installed"; then
	rm -f "$dir/.installed"
	cp "$from/package.json" "$from/package-lock.json" "$dir/"
	(cd "$dir" && timeout 240 npm ci --ignore-scripts --no-audit --no-fund \
	    --prefer-offline --fetch-retries=1 --fetch-retry-mintimeout=1000) \
	    >"$dir/get.log" 2>&1 || {
		echo "npm ci failed, see $dir/get.log"
		exit 1
	}
	cp "$from/package-lock.json" "$dir/.installed"
fi
cp "$from"/*.mjs "$dir/"
