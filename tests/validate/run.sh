#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Validate FHIR R4 files with Medplum's validator and the R4 JSON schema:
#   tests/validate/run.sh FILE...
# Needs Node 20.19 or later and, the first time, the npm registry; without
# them it says what was left out and succeeds (RESCAN_VALIDATE=required: fails).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
into=$root/build/validate

left_out() {
	echo "validate: left out, $1"
	[ "${RESCAN_VALIDATE:-}" != required ] || exit 1
	exit 0
}
[ $# -gt 0 ] || {
	echo "usage: run.sh FILE..." >&2
	exit 2
}
command -v node >/dev/null || left_out 'there is no node'
command -v npm >/dev/null || left_out 'there is no npm'
node -e 'const [a, b] = process.versions.node.split(".").map(Number);
    process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    left_out 'node is older than 20.19'

mkdir -p "$into"
if ! cmp -s "$here/package-lock.json" "$into/.installed"; then
	rm -f "$into/.installed"
	cp "$here/package.json" "$here/package-lock.json" "$into/"
	(cd "$into" && npm ci --ignore-scripts --no-audit --no-fund) \
	    >"$into/npm.log" 2>&1 ||
	    left_out "npm ci failed, see build/validate/npm.log"
	cp "$here/package-lock.json" "$into/.installed"
fi
cp "$here/validate.mjs" "$into/"
exec node "$into/validate.mjs" "$@"
