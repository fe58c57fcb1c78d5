#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# oidc-provider in front of Medplum's router: tokens for signed assertions.
#   server.sh get DIR           install what it needs; prints why it cannot
#   server.sh run DIR CERTS     serve; writes its base URL to DIR/url
set -eu
here=$(dirname "$0")
verb=$1 dir=$2
rescan=${BUILD:-build}/rescan
ini() { # whose key
	printf 'auth = smart\nclient_id = rescan-interop\nkey_file = %s\n' \
	    "$dir/$1.pem"
}

case $verb in
get)
	"$rescan" check --print-defaults | grep -q client_id || {
		echo "this rescan has no SMART Backend Services"
		exit 1
	}
	sh "$here/../get_npm.sh" "$here/../medplum" "$dir/../medplum"
	exec sh "$here/../get_npm.sh" "$here" "$dir"
	;;
run)
	printf 'mode = patient\nroster = medications\n' >"$dir/lost.ini"
	(umask 077 && openssl rand -hex 24 >"$dir/driver.token")
	rm -f "$dir/key.pem" "$dir/strange.pem"
	"$rescan" keys --out "$dir/key.pem" --jwks "$dir/jwks.json"
	"$rescan" keys --out "$dir/strange.pem" --jwks "$dir/strange.json"
	ini key >"$dir/server.ini"
	ini strange >"$dir/strange.ini"
	exec node "$dir/server.mjs" "$3" "$dir/url" "$dir/jwks.json" \
	    "$dir/driver.token"
	;;
esac
