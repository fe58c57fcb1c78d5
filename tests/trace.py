# SPDX-License-Identifier: Apache-2.0
"""rule -> code -> test, and what is missing between them.

Lists every threshold (its rule, the code that compares with it, the tests
that fail when it is changed), every citation comment and every rule id.
Fails on a threshold without a citation, without code or without a test, on a
file that judges without citing a rule, on a rule id in the code that is not
in gateway/rules.def, and on one there that nothing says.
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import mutate  # noqa: E402

ROOT = mutate.ROOT
bad = []


def sources():
    for f in sorted((ROOT / "gateway").rglob("*.c")):
        yield str(f.relative_to(ROOT)), f.read_text()


def trace_thresholds(files):
    text = (ROOT / "gateway" / "thresholds.def").read_text()
    rows = re.findall(
        r'^THRESHOLD\((\w+), (\d+), \w+, "([^"]*)", (\w*),', text, re.M)
    if len(rows) != len(re.findall(r"^THRESHOLD\(", text, re.M)):
        bad.append("gateway/thresholds.def: a row that is not understood")
    tested = {}
    for file, old, _, _, programs in mutate.comparisons():
        if (ROOT / file).read_text().count(old) != 1:
            bad.append(f"tests/mutations.txt: {file}: {old!r} is not there "
                       "once")
        for name, _, _, _ in rows:
            if re.search(rf"\b{name}\b", old):
                tested.setdefault(name, set()).update(programs)
    for row in mutate.values():
        name = re.match(r"THRESHOLD\((\w+),", row[1])[1]
        tested.setdefault(name, set()).update(row[4])
    for name, value, section, citation in rows:
        places = [f"{f}:{n}" for f, body in files
                  for n, line in enumerate(body.splitlines(), 1)
                  if re.search(rf"\b{name}\b", line)]
        if not section or not citation:
            bad.append(f"threshold {name}: no citation")
        if not places:
            bad.append(f"threshold {name}: nothing compares with it")
        if not tested.get(name) and name not in mutate.EQUIVALENT:
            bad.append(f"threshold {name}: no test")
        print(f"{section}\t{name}={value}\t{' '.join(places)}\t"
              + " ".join(f"check_{t}" for t in sorted(tested.get(name, []))))


def trace_comparisons(files):
    """Every comparison with a threshold is turned by some mutation."""
    text = (ROOT / "gateway" / "thresholds.def").read_text()
    names = "|".join(re.findall(r"^THRESHOLD\((\w+),", text, re.M))
    turned = {}
    for file, old, _, _, _ in mutate.comparisons():
        turned.setdefault(file, []).append(re.sub(r"\s+", " ", old))
    for file, body in files:
        code = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
        # one statement, or the head of one, at a time
        for part in re.split(r"[;{}]", code):
            part = re.sub(r"\s+", " ", part)
            for m in re.finditer(rf"\b(?:{names})\b", part):
                near = part[max(0, m.start() - 60):m.end() + 60]
                if m[0] in mutate.EQUIVALENT or not re.search(
                        r" [<>]=? |pet_(?:rises|falls)\(", near):
                    continue
                if not any(t in part for t in turned.get(file, [])):
                    bad.append(f"{file}: compares with {m[0]} and no "
                               f"mutation turns it: {near.strip()}")


def trace_citations(files):
    covered = {}
    for file, _, _, _, programs in mutate.comparisons():
        covered.setdefault(file, set()).update(programs)
    judging = re.compile(
        r"gateway/(criteria/|pet/|(rules|best|area|burden|irecist|kinetics|"
        r"patterns|metabolic|lymphoma|windows|visits\w*|readings)\.c)")
    for file, body in files:
        cited = re.findall(r"/\*= ([^*]+?) *\*/|/\*= ([^*\n]+)", body)
        if judging.match(file) and not cited and file not in (
                "gateway/burden.c", "gateway/visits.c"):
            bad.append(f"{file}: cites no rule")
        for n, line in enumerate(body.splitlines(), 1):
            m = re.search(r"/\*= ([^*]+)", line)
            if m:
                tests = " ".join(
                    f"check_{t}" for t in sorted(covered.get(file, [])))
                print(f"{m[1].strip()}\t{file}:{n}\t{tests}")


def trace_ids(files):
    text = (ROOT / "gateway" / "rules.def").read_text()
    book = re.findall(r'^RULE\("([^"]+)"', text, re.M)
    roots = {i.split(".")[0] for i in book}
    literals = set()
    for file, body in files:
        code = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
        # a path into a resource is no rule
        code = re.sub(r'(json_\w+\([^;"]*)"[^"]*"', r"\1", code)
        literals |= set(re.findall(r'"([a-z0-9_.]+)"', code))
        for i in re.findall(r'"([a-z0-9_]+(?:\.[a-z0-9_]+)+)"', code):
            if i.split(".")[0] in roots and i not in book:
                bad.append(f"{file}: rule {i} is not in gateway/rules.def")
    for i in book:
        root, _, rest = i.partition(".")
        composed = root in ("irrc", "irrecist", "imrecist", "hpd", "window")
        said = i in literals or (composed and (
            rest in literals or rest in ("best", "ne.not_imaged")))
        if not said:
            bad.append(f"gateway/rules.def: nothing says {i}")
        print(f"{i}\t{'said' if said else 'not said'}")


def main():
    files = list(sources())
    trace_thresholds(files)
    trace_comparisons(files)
    trace_citations(files)
    trace_ids(files)
    for b in bad:
        print(f"trace: {b}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
