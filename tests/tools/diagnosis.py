"""Holds `troupe doctor` and `troupe metrics` to what they print.

usage: diagnosis.py START_METHOD TROUPE PROGRAM     PROGRAM is tests/programs/observed
"""

import re
import shutil
import subprocess
import sys

from inspection import PATIENCE, program, tool, within
from closing_line import report

METHOD, TROUPE, PROGRAM = sys.argv[1], tool(sys.argv[2]), sys.argv[3]
GRADES = {"ok", "note", "low"}
LINE = re.compile(r'^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})? (\S+)$')

tests = report()


def expected(condition, said):
    return [] if condition else [str(said)]


def entry(said, name):
    return next(one for one in said.object["entries"] if one["name"] == name)


def check_limit(name, option, value):
    """Lowered for the test, it is found; what is advised names the option that puts it right."""
    said = TROUPE("doctor", "--json", before=["sh", "-c", f'ulimit {option} {value}; exec "$@"', "sh"])
    one = entry(said, name)
    tests.check(f"doctor: a limit of {name} that is too low is found",
                expected(said.code == 3 and one["state"] == "low" and f"ulimit {option}" in one["advice"], said))


def check_doctor():
    said = TROUPE("doctor", "--json")
    entries = said.object["entries"]
    strings = all(isinstance(one[key], str) for one in entries for key in ("name", "value", "needed", "state", "advice"))
    low = any(one["state"] == "low" for one in entries)
    tests.check("doctor: each entry says what it found, and what to do unless that is well",
                expected(said.code == (3 if low else 0) and not said.errors and strings and
                         all(one["state"] in GRADES and (one["state"] == "ok") == (not one["advice"]) for one in entries),
                         said))
    text = TROUPE("doctor")
    tests.check("doctor: the text has a line for each entry",
                expected(len(text.text.splitlines()) == len(entries), text))
    check_limit("open files", "-n", 64)
    check_limit("file size", "-f", 1024)
    cores = TROUPE("doctor", "--json", before=["sh", "-c", 'ulimit -c 0; exec "$@"', "sh"])
    tests.check("doctor: that there will be no core dump is a note",
                expected(entry(cores, "core dumps")["state"] == "note", cores))


def samples(text):
    """What stands in each line that is no comment: name, labels, value."""
    return [LINE.match(line) for line in text.splitlines() if not line.startswith("#")]


def check_metrics():
    with program(PROGRAM, METHOD) as running:
        asked = TROUPE.of(running.pid)

        def faults():
            said = asked("metrics")
            wanted = {"troupe_mailbox_messages": ("idle", "30"), "troupe_restarts_total": ("crasher", "2")}
            lines = [f'^{name}{{[^}}]*actor="{actor}"[^}}]*}} {value}$' for name, (actor, value) in wanted.items()]
            return [*expected(said.code == 0 and not said.errors, said),
                    *(f"no line {line}" for line in lines if not re.search(line, said.text, re.MULTILINE))]

        tests.check("metrics: mailboxes and restarts have their numbers", within(PATIENCE, faults))
        said = asked("metrics")
        found = samples(said.text)
        tests.check("metrics: each line is a sample", expected(all(found), said))
        keys = [one.group(1, 2) for one in found if one]
        tests.check("metrics: no sample is there twice", sorted(map(str, {key for key in keys if keys.count(key) > 1})))
        timed = asked("metrics", "--latency")
        tests.check("metrics: with times, each line is a sample as well",
                    expected(timed.code == 0 and all(samples(timed.text)), timed))
        if shutil.which("promtool"):
            checked = subprocess.run(["promtool", "check", "metrics"], input=said.text, capture_output=True, text=True)
            tests.check("metrics: promtool has nothing to say",
                        expected(checked.returncode == 0 and not checked.stdout + checked.stderr,
                                 checked.stdout + checked.stderr))


check_doctor()
check_metrics()
tests.close()
