#!/usr/bin/env python3
"""Adds up the closing lines of the tests that Meson ran.

usage: tally.py BUILD_FOLDER     prints what failed, and how, then `N passed, N failed`

A test that fails without counting a failure itself (it crashed, ran out of time, or a sanitizer spoke at its end)
counts as one that failed; one that has no closing line and succeeds, as one that passed. Skipped ones count nothing.
"""

import json
import re
import sys
from pathlib import Path

CLOSING = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)
BEFORE, AFTER, END = 6, 20, 20  # lines shown around each failure, and of the output's end


def counts(one):
    """(passed, failed) of one test of Meson's log."""
    if one["result"] == "SKIP":
        return 0, 0
    fine = one["result"] == "OK"
    closing = CLOSING.findall(one.get("stdout", ""))
    passed, failed = map(int, closing[-1]) if closing else (int(fine), 0)
    return passed, failed if fine else max(failed, 1)


def what_failed(said):
    """The lines of a failed test's output that tell."""
    shown = set(range(max(0, len(said) - END), len(said)))
    for at, line in enumerate(said):
        if "FAILED" in line or "ERROR: " in line or "runtime error: " in line:
            shown |= set(range(max(0, at - BEFORE), min(len(said), at + AFTER)))
    return [said[at] for at in sorted(shown)]


def main():
    passed = failed = 0
    log = Path(sys.argv[1]) / "meson-logs/testlog.json"
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        one = json.loads(line)
        more, fewer = counts(one)
        passed, failed = passed + more, failed + fewer
        if fewer:
            print(f"\n--- {one['name']}: {one['result']}, exit {one['returncode']}")
            said = (one.get("stdout", "") + one.get("stderr", "")).splitlines()
            print("\n".join(what_failed(said)))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
