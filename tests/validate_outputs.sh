#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the program writes, and what the sandbox serves, judged by validators
# that are not ours.  Needs build/check_to_fhir_bundle and _irae (made by make check).
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
in=build/validate-in
files=

"$build/check_to_fhir_bundle" >build/validate-in.log 2>&1 || {
	cat build/validate-in.log
	exit 1
}
"$build/check_to_fhir_irae" >build/validate-in.log 2>&1 || {
	cat build/validate-in.log
	exit 1
}
for f in "$in"/*.json; do
	# A patient without anything to write gives an empty Bundle.
	files="$files $f"
done
if [ -x "$build/rescan-sandbox" ] &&
    "$build/rescan-sandbox" --print-cohort >"$in/cohort.tmp" 2>/dev/null &&
    [ -s "$in/cohort.tmp" ]; then
	mv "$in/cohort.tmp" "$in/cohort.json"
	files="$files $in/cohort.json"
else
	rm -f "$in/cohort.tmp"
	echo "validate: the sandbox's cohort is left out"
fi
for f in mappings/maps/*.json; do
	files="$files $f"
done
# shellcheck disable=SC2086 # the names hold no blanks
exec tests/validate/run.sh $files
