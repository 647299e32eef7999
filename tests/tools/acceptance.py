"""Holds the tool to what an inspector has to show of one program, whose kinds of actors are known: a loop, a cycle of
two, a mailbox that grows, three crashes, a queue and a pipe. It prints a line for each property.

usage: acceptance.py PROGRAM TROUPE [--method forkserver|spawn|fork|all] [--only 1.8,3] [--stripped PROGRAM] [--patient]
                     [--busy] [--copies N] [--sanitized TROUPE] [--other TROUPE]

PROGRAM prints `ready PID restarts 3` when all of that has come about; built with -O2 -g. No other program of troupe may
run meanwhile, as seen from here: `unshare --pid --fork --kill-child --mount-proc sh -c
'acceptance.py ...; exit $?'` sees none.
No time is judged with --patient, with --busy, and where CI is set in the environment.
"""

import argparse
import os
import subprocess
import sys
from contextlib import contextmanager

import properties
import properties_dash  # noqa: F401
import properties_refused  # noqa: F401
import properties_seen  # noqa: F401
import properties_watched  # noqa: F401
from every_command import held, held_tool
from inspection import program

RESULTS = ("passed", "failed", "not tried")
WORDS = {"passed": "ok", "failed": "FAILED", "not tried": "NOT TRIED"}
NAMES = {"0": "nothing is changed", "1": "ps", "2": "mailbox, queues, pipes", "3": "wait-graph", "4": "explain",
         "5": "stack", "6": "trace, timing, metrics, doctor, top", "7": "kill, stop, restart",
         "8": "who may, and what does not fit", "9": "dash", "10": "costs"}


def section_of(number):
    return number.split(".")[0]


class table:
    """How many properties of each section had which result."""

    def __init__(self):
        self.counts = {}

    def add(self, number, what, result, said=()):
        row = self.counts.setdefault(section_of(number), dict.fromkeys(RESULTS, 0))
        row[result] += 1
        print(f"{WORDS[result]} - {number} {what}" + (f": {said[0]}" if said else ""), flush=True)
        for fault in said[1:5]:
            print(f"    {fault}", flush=True)
        if len(said) > 5:
            print(f"    and {len(said) - 5} more", flush=True)

    def total(self, result):
        return sum(row[result] for row in self.counts.values())

    def print(self):
        print(f"\n{'section':40}{'passed':>8}{'failed':>8}{'not tried':>11}")
        for number, row in sorted(self.counts.items(), key=lambda one: int(one[0])):
            print(f"{number + '. ' + NAMES[number]:40}{row['passed']:8}{row['failed']:8}{row['not tried']:11}")
        print(f"{self.total('passed')} passed, {self.total('failed')} failed")


def try_one(number, what, function, running, troupe, results):
    # These ask without -p, because how many programs there are is what is tried.
    asked = troupe if number in ("8.2", "8.5") else troupe.of(running.pid)
    try:
        faults = properties.faults_of(function, running, asked)
    except properties.left_out as why:
        results.add(number, what, "not tried", [str(why)])
        return
    results.add(number, what, "failed" if faults else "passed", faults)


def try_without_program(troupe, results):
    def alone(_, asked):
        said = asked("ps", code=1)
        yield from properties.expected("no program of troupe runs" in said.errors, said)

    faults = properties.faults_of(alone, None, troupe)
    results.add("8.2", "no program runs", "failed" if faults else "passed", faults)


def is_wanted(number, only):
    return not only or any(number == one or number.startswith(one + ".") for one in only)


def run_under(method, results):
    troupe = held_tool(options.troupe)
    wanted = sorted((one for one in properties.properties if is_wanted(one[0], options.only)),
                    key=lambda one: [int(part) for part in one[0].split(".")])
    print(f"start method {method}", flush=True)
    shared = [one for one in wanted if not one[3]]
    if shared:
        with program(options.program, method) as running:
            for number, what, function, _ in shared:
                try_one(number, what, function, running, troupe, results)
    for number, what, function, fresh in wanted:
        if fresh:
            with program(options.program, method) as running:
                try_one(number, what, function, running, troupe, results)
    if is_wanted("8.2", options.only):
        try_without_program(troupe, results)


@contextmanager
def busy_loops(how_many):
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(how_many)]
    try:
        yield
    finally:
        for one in loops:
            one.kill()
            one.wait()


parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
parser.add_argument("program")
parser.add_argument("troupe")
parser.add_argument("--method", default="forkserver", choices=("forkserver", "spawn", "fork", "all"))
parser.add_argument("--only", type=lambda text: text.split(","), help="numbers of properties or sections, as 1.8,3")
parser.add_argument("--stripped", metavar="PROGRAM", help="the same without symbols; otherwise it is made by strip")
parser.add_argument("--patient", action="store_true", help="judge no time, because the machine is busy")
parser.add_argument("--busy", action="store_true", help="make it busy, with a loop for each CPU, and be patient")
parser.add_argument("--copies", type=int, default=200, help="of the segment, with random bytes (8.4)")
parser.add_argument("--sanitized", metavar="TROUPE", help="a tool that was built with the sanitizers (8.4)")
parser.add_argument("--other", metavar="TROUPE", help="a tool that was built with another layout (8.3)")
options = parser.parse_args(namespace=properties.options)
options.patient = held.patient = options.patient or options.busy or bool(os.environ.get("CI"))

results = table()
with busy_loops(os.cpu_count() if options.busy else 0):
    for one in ("forkserver", "spawn", "fork") if options.method == "all" else (options.method,):
        run_under(one, results)
results.print()
sys.exit(1 if results.total("failed") or not results.total("passed") else 0)
