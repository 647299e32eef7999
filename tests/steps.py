#!/usr/bin/env python3
"""Which tests kill at which of the named steps of the library.

usage: steps.py BUILD_FOLDER     after `meson test` there; prints a table, and fails where nobody kills

A step of the keeper is none at which a process is killed: it is a thread of the program, which takes everything along.
"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STEP = re.compile(r'TROUPE_STEP\("([^"]+)"\)')
DIED = re.compile(r"^died at (.+)$", re.MULTILINE)


def steps():
    for path in sorted((ROOT / "runtime").rglob("*.[ch]pp")):
        yield from STEP.findall(path.read_text(encoding="utf-8"))


def deaths(log):
    """{step: names of the tests that killed there}."""
    found = defaultdict(set)
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        one = json.loads(line)
        for step in DIED.findall(one.get("stdout", "")):
            found[step].add(one["name"].split(" / ")[-1].split(" (")[0])
    return found


def main():
    killed = deaths(Path(sys.argv[1]) / "meson-logs/testlog.json")
    wanted = [step for step in sorted(set(steps())) if not step.startswith("keeper: ")]
    missed = [step for step in wanted if step not in killed]
    for step in wanted:
        print(f"{step:36} {', '.join(sorted(killed[step])) or 'NOBODY KILLS HERE'}")
    sys.exit(f"{len(missed)} of {len(wanted)} steps are such that no test kills there" if missed else 0)


main()
