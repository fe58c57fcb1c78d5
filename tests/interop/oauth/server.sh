#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# oidc-provider in front of Medplum's router: tokens for signed assertions.
#   server.sh get DIR           install what it needs; prints why it cannot
#   server.sh run DIR CERTS     serve; writes its base URL to DIR/url
set -eu
here=$(dirname "$0")
verb=$1 dir=$2
rescan=${BUILD:-build}/rescan
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
	(umask 077 && openssl rand -hex 24 >"$dir/driver.token")
	exec node "$dir/server.mjs" "$3" "$dir/url" "$dir/jwks.json" \
	    "$dir/driver.token"
	;;
esac
