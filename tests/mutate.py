# SPDX-License-Identifier: Apache-2.0
"""Break every threshold on purpose; some test must notice.

Two kinds of mutation, in a copy of the sources under build/mutate:
tests/mutations.txt turns one comparison the other way, and every row of
gateway/thresholds.def is made one larger.  What no test notices is printed
and fails.  `--list` names the test that covers each threshold;
`--only TEXT` tries the mutations that contain TEXT.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "mutate"
TABLE = ROOT / "tests" / "mutations.txt"
EQUIVALENT = {  # a larger value changes nothing, and why
    "IRRC_CUTANEOUS": "only skin is cutaneous, so the limit of one organ, "
                      "which is the same, is reached first",
    "LUGANO_TARGETS": "a sum of more lesions than the option max_targets "
                      "allows does not arise",
}
PROGRAMS = {  # of a value of thresholds.def, by where it is used
    "gateway/kinetics.c": "kinetics contested",
    "gateway/patterns.c": "patterns courses edges",
    "gateway/lymphoma.c": "edges", "gateway/best.c": "best",
    "gateway/readings.c": "assess edges", "gateway/area.c": "edges contested",
    "gateway/visits_new.c": "assess edges",
}


def comparisons():
    """(file, text, instead, rule, [programs]) of each line of the table."""
    for line in TABLE.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        parts = [p.replace("\\|", "|").replace("@@", "\n\n")
                 for p in re.split(r"(?<!\\)\|", line)]
        if len(parts) != 5:
            sys.exit(f"mutate: not five columns: {line}")
        yield (*parts[:4], parts[4].split())


def thresholds():
    """(name, value, section) of every threshold."""
    text = (ROOT / "gateway" / "thresholds.def").read_text()
    return re.findall(r'^THRESHOLD\((\w+), (\d+), \w+, "([^"]+)"', text, re.M)


def users(name):
    """The files that use a threshold."""
    return [str(f.relative_to(ROOT))
            for f in sorted((ROOT / "gateway").rglob("*.c"))
            if re.search(rf"\b{name}\b", f.read_text())]


def values():
    """The same five for every threshold made one larger."""
    for name, value, section in thresholds():
        if name in EQUIVALENT:
            continue
        programs = []
        for f in users(name):
            programs += PROGRAMS.get(
                f, "metabolic" if "/pet/" in f else "assess").split()
        yield ("gateway/thresholds.def", f"THRESHOLD({name}, {value},",
               f"THRESHOLD({name}, {int(value) + 1},", section,
               sorted(set(programs)))


def prepare():
    COPY.mkdir(parents=True, exist_ok=True)
    for d in ("fhir", "mappings", "gateway", "tests"):
        subprocess.run(["cp", "-ru", ROOT / d, COPY], check=True)
        # What an interrupted run left changed is put back.
        for f in (COPY / d).rglob("*"):
            src = ROOT / f.relative_to(COPY)
            if f.is_file() and f.suffix in (".c", ".h", ".def"):
                if not src.exists():
                    f.unlink()
                elif src.read_bytes() != f.read_bytes():
                    shutil.copy(src, f)
    shutil.copy(ROOT / "Makefile", COPY)


def run(programs):
    """True when all pass; None when they do not compile."""
    targets = [f"build/check_{p}" for p in programs]
    made = subprocess.run(["make", "-s", "-j2", "CFLAGS=-O0", *targets],
                          cwd=COPY, capture_output=True, text=True)
    if made.returncode != 0:
        print(made.stderr[-800:])
        return None
    return all(subprocess.run([COPY / t], cwd=COPY, timeout=120,
                              capture_output=True).returncode == 0
               for t in targets)


def try_one(row):
    file, text, instead, rule, programs = row
    path = COPY / file
    before = path.read_text()
    if before.count(text) != 1:
        return f"stands {before.count(text)} times"
    path.write_text(before.replace(text, instead))
    try:
        passed = run(programs)
    finally:
        path.write_text(before)
    if passed is None:
        return "does not compile"
    return "no test notices" if passed else None


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--list", action="store_true")
    args.add_argument("--quick", action="store_true",
                      help="comparisons only, not the values")
    args.add_argument("--only", default="")
    opt = args.parse_args()
    rows = list(comparisons()) + ([] if opt.quick else list(values()))
    rows = [r for r in rows if opt.only in " ".join(map(str, r))]
    if opt.list:
        for file, text, _, rule, programs in rows:
            print(f"{rule}\t{file}\t{text!r}\t{' '.join(programs)}")
        return 0
    prepare()
    if not run(sorted({p for r in rows for p in r[4]})):
        sys.exit("mutate: the tests fail without any mutation")
    bad = 0
    for row in rows:
        why = try_one(row)
        if why:
            bad += 1
            print(f"mutate: {row[0]}: {row[1]!r} -> {row[2]!r}: {why}",
                  flush=True)
    print(f"{len(rows)} mutations, {len(rows) - bad} noticed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
