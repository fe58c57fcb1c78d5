# SPDX-License-Identifier: Apache-2.0
"""Are two files alike but for lengths, which are TIMES as long in the second?

Lengths stand before mm (areas before mm2, mm²: the square of TIMES) or in a
member that says so; every other number and word is the same.  Displayed
numbers are rounded, so a length may miss by that.
"""
import re
import sys

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# Members whose number is a length or, in irRC, an area.
SIZES = ("burden", "nadir", "base", "value", "threshold", "reference")


def alike(a, b, times):
    if a == b:
        return True
    if NUMBER.sub("#", a) != NUMBER.sub("#", b):
        return False
    member = re.match(r'\s*"(\w+)":', a)
    size = member and (member[1].endswith("_mm") or member[1] in SIZES)
    for x, y in zip(NUMBER.finditer(a), NUMBER.finditer(b)):
        p, q = float(x[0]), float(y[0])
        if p == q:
            continue
        after = a[x.end():x.end() + 12]
        if not size and not re.match(r"\)?[ ~]?mm|/d| mm/", after):
            return False
        if not any(abs(q - k * p) <= 0.06 * k for k in (times, times ** 2)):
            return False
    return True


def main():
    times = int(sys.argv[1])
    with open(sys.argv[2]) as f, open(sys.argv[3]) as g:
        one, other = f.read().splitlines(), g.read().splitlines()
    if len(one) != len(other):
        print(f"scaled: {len(one)} lines and {len(other)}")
    bad = [(n, a, b) for n, (a, b) in enumerate(zip(one, other), 1)
           if not alike(a, b, times)]
    for n, a, b in bad[:20]:
        print(f"scaled: line {n}:\n  {a}\n  {b}")
    return 1 if bad or len(one) != len(other) else 0


if __name__ == "__main__":
    sys.exit(main())
