#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: sh certs/make.sh DIR
#
# Make a development CA and certificates, good and bad ones, in DIR.  Does
# nothing when they are there, still valid and no older than this recipe.
# Silent unless something fails.
set -eu

[ $# -eq 1 ] || { echo "usage: sh certs/make.sh DIR" >&2; exit 1; }
dir=$1
mkdir -p "$dir"
umask 077

names="ca otherca server client expired notyet wrongname selfsigned"

fresh() {
	for n in $names; do
		[ -s "$dir/$n.pem" ] && [ -s "$dir/$n.key.pem" ] || return 1
		[ -z "$(find "$0" -newer "$dir/$n.pem")" ] || return 1
		[ $n = expired ] || openssl x509 -noout -checkend 86400 \
		    -in "$dir/$n.pem" >/dev/null || return 1
	done
}

fresh && exit 0

# Tests may start together; the first makes, the others wait.
tries=0
until mkdir "$dir/.lock" 2>/dev/null; do
	tries=$((tries + 1))
	[ $tries -lt 60 ] || { echo "$dir/.lock is in the way" >&2; exit 1; }
	sleep 1
done
trap 'rm -rf "$dir/.lock"' EXIT
trap 'exit 1' HUP INT TERM
fresh && exit 0
tmp=$dir/.lock

cat >"$tmp/ca.cnf" <<END
[ca]
default_ca = dev
[dev]
database = $tmp/index
new_certs_dir = $tmp
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
commonName = unused
[authority]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[here]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = DNS:localhost,IP:127.0.0.1,IP:::1
[elsewhere]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = DNS:other.example
[person]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
END
: >"$tmp/index"

# Run quietly; what openssl said is shown only when it fails.
quiet() {
	"$@" >"$tmp/log" 2>&1 || { cat "$tmp/log" >&2; exit 1; }
}

request() { # name, common name
	quiet openssl req -new -config "$tmp/ca.cnf" -newkey ec \
	    -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -subj "/CN=$2" \
	    -keyout "$tmp/$1.key.pem" -out "$tmp/$1.csr"
}

own() { # name, common name, extensions: signs itself
	request "$1" "$2"
	quiet openssl x509 -req -in "$tmp/$1.csr" -signkey "$tmp/$1.key.pem" \
	    -days 730 -extfile "$tmp/ca.cnf" -extensions "$3" \
	    -out "$tmp/$1.pem"
}

signed() { # name, common name, extensions, period: signed by the CA
	request "$1" "$2"
	# shellcheck disable=SC2086 # the period is two or four words
	quiet openssl ca -batch -config "$tmp/ca.cnf" -notext -in "$tmp/$1.csr" \
	    -cert "$tmp/ca.pem" -keyfile "$tmp/ca.key.pem" -extensions "$3" \
	    $4 -out "$tmp/$1.pem"
}

own ca "Rescan development CA" authority
own otherca "Rescan other CA" authority
own selfsigned localhost here
signed server localhost here "-days 730"
signed client "rescan client" person "-days 730"
signed expired localhost here \
    "-startdate 20200101000000Z -enddate 20210101000000Z"
signed notyet localhost here \
    "-startdate 20400101000000Z -enddate 20410101000000Z"
signed wrongname other.example elsewhere "-days 730"

# Certificates go last, so that a half-made set is never taken for whole.
for n in $names; do
	mv "$tmp/$n.key.pem" "$dir/$n.key.pem"
done
for n in $names; do
	chmod 644 "$tmp/$n.pem"
	mv "$tmp/$n.pem" "$dir/$n.pem"
done
