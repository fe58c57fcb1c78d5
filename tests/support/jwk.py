# SPDX-License-Identifier: Apache-2.0
"""Print a PEM private key as a private JWK, with nothing but openssl(1).

usage: jwk.py KEY.pem | jwk.py --mismatch
"""
import base64
import json
import re
import subprocess
import sys
import tempfile


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def text_of(pem):
    return subprocess.run(
        ["openssl", "pkey", "-in", pem, "-noout", "-text"],
        check=True, capture_output=True, text=True).stdout


def number(text, name):
    """The colon-separated bytes under "name:"."""
    block = re.search(name + r":\s*\n((?:\s+[0-9a-f:]+\n)+)", text)
    return bytes.fromhex(re.sub(r"[\s:]", "", block.group(1)))


def jwk(pem):
    text = text_of(pem)
    if "ASN1 OID: secp384r1" in text:
        point = number(text, "pub")
        return {"kty": "EC", "crv": "P-384", "kid": "from-python",
                "x": b64(point[1:49]), "y": b64(point[49:]),
                "d": b64(number(text, "priv").lstrip(b"\0").rjust(48, b"\0"))}
    names = {"n": "modulus", "d": "privateExponent", "p": "prime1",
             "q": "prime2", "dp": "exponent1", "dq": "exponent2",
             "qi": "coefficient"}
    key = {"kty": "RSA", "kid": "from-python", "e": "AQAB"}
    for member, name in names.items():
        key[member] = b64(number(text, name).lstrip(b"\0"))
    return key


def fresh():
    with tempfile.NamedTemporaryFile() as f:
        subprocess.run(["openssl", "ecparam", "-name", "secp384r1", "-genkey",
                        "-noout", "-out", f.name], check=True)
        return jwk(f.name)


if sys.argv[1] == "--mismatch":
    a, b = fresh(), fresh()
    a["d"] = b["d"]
    print(json.dumps(a))
else:
    print(json.dumps(jwk(sys.argv[1])))
