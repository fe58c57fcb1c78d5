#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Check assessment documents against assessment.schema.json.

usage: validate.py FILE...   (JSON: one document or an array; NDJSON; "-")
"""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("validate.py: python3-jsonschema is not installed, nothing checked")
    sys.exit(0)

HERE = pathlib.Path(__file__).parent


def documents(text):
    """Every document of a file, whatever its layout."""
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        value, at = decoder.raw_decode(text, at)
        yield from value if isinstance(value, list) else [value]


def main(names):
    schema = json.loads((HERE / "assessment.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    bad = count = 0
    for name in names:
        text = sys.stdin.read() if name == "-" else open(name).read()
        for document in documents(text):
            count += 1
            for error in validator.iter_errors(document):
                where = "/".join(str(p) for p in error.absolute_path)
                print(f"{name}: /{where}: {error.message}")
                bad += 1
    print(f"{count} documents, {bad} errors")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))
