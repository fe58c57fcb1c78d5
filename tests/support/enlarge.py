#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Repeat a Bundle's entries under new ids until it has N megabytes.

Every copy is a cohort of its own: ids and references get a suffix.
"""
import json
import re
import sys


def main():
    path, megabytes = sys.argv[1], int(sys.argv[2])
    with open(path, encoding="utf-8") as f:
        bundle = json.load(f)
    ids = {e["resource"]["id"] for e in bundle["entry"] if "resource" in e}
    text = json.dumps(bundle["entry"])[1:-1]
    pattern = re.compile(
        r'(?<=["/])(' + "|".join(
            re.escape(i) for i in sorted(ids, key=len, reverse=True)
        ) + r')(?=["/])')
    out = sys.stdout
    out.write('{"resourceType":"Bundle","type":"transaction","entry":[')
    out.write(text)
    size, n = len(text), 0
    while size < megabytes * 1000000:
        n += 1
        copy = pattern.sub(lambda m: m.group(1)[:56] + f"-c{n}", text)
        out.write(",\n" + copy)
        size += len(copy)
    out.write("]}\n")


main()
