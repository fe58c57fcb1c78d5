#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Medplum's FHIR router; a static bearer token in DIR/client.token.
#   server.sh get DIR           install what it needs; prints why it cannot
#   server.sh run DIR CERTS     serve; writes its base URL to DIR/url
set -eu
here=$(dirname "$0")
verb=$1 dir=$2
case $verb in
get) exec sh "$here/../get_npm.sh" "$here" "$dir" ;;
run)
	printf 'mode = patient\nroster = medications\n' >"$dir/lost.ini"
	(umask 077 && openssl rand -hex 24 >"$dir/client.token")
	cp "$dir/client.token" "$dir/driver.token"
	echo "token_file = $dir/client.token" >"$dir/server.ini"
	exec node ${NODE_ARGS:-} "$dir/server.mjs" "$3" "$dir/url" "$dir/client.token"
	;;
esac
