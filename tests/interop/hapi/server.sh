#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# HAPI FHIR's JPA server from Maven Central, behind a proxy for TLS.
#   server.sh get DIR           install what it needs; prints why it cannot
#   server.sh run DIR CERTS     serve; writes its base URL to DIR/url
set -eu
here=$(dirname "$0")
verb=$1 dir=$2
GOAL=org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath

refuse() {
	echo "$1"
	exit 1
}

# The jars named by the class path are still in the local repository.
whole() {
	cmp -s "$here/pom.xml" "$dir/.pom" && [ -s "$dir/classpath" ] &&
	    tr ':' '\n' <"$dir/classpath" | while read -r jar; do
		[ -f "$jar" ] || exit 1
	done
}

get() {
	for c in node java javac mvn; do
		command -v $c >/dev/null || refuse "there is no $c"
	done
	[ "$(java -XshowSettings:properties -version 2>&1 |
	    sed -n 's/.*java.specification.version = //p')" -ge 17 ] 2>/dev/null ||
	    refuse "java is older than 17"
	if ! whole; then
		rm -f "$dir/.pom"
		timeout "${RESCAN_INTEROP_GET_S:-240}" mvn -B -q -f "$here/pom.xml" \
		    "$GOAL" "-Dmdep.outputFile=$(cd "$dir" && pwd)/classpath" \
		    >"$dir/get.log" 2>&1 ||
		    refuse "its packages did not come in time, see $dir/get.log"
		cp "$here/pom.xml" "$dir/.pom"
	fi
	cp "$here/proxy.mjs" "$here/logback.xml" "$dir/"
}

case $verb in
get) get ;;
run)
	printf 'mode = history\n' >"$dir/lost.ini"
	[ "$dir/Serve.class" -nt "$here/Serve.java" ] ||
	    javac -cp "$(cat "$dir/classpath")" -d "$dir" "$here/Serve.java"
	# A short life: compiling well would cost more than it gives.
	exec node "$dir/proxy.mjs" "$3" "$dir/url" java -Xmx1g \
	    -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
	    -cp "$dir:$(cat "$dir/classpath")" Serve
	;;
esac
