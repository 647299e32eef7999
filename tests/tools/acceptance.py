"""Holds the tool to what an inspector has to show of one program, whose kinds of actors are known: a loop, a cycle of
two, a mailbox that grows, three crashes, a queue and a pipe. It prints a line for each property.

usage: acceptance.py PROGRAM TROUPE [--method forkserver|spawn|fork|all] [--only 1.8,3] [--copies N] [--other TROUPE]

PROGRAM prints `ready PID restarts 3` when all of that has come about; built with -O2 -g. --copies: of the segment, with
random bytes in them. --other: a tool that was built with another layout. No other program of troupe may run meanwhile.
"""

import argparse
import sys

import properties
import properties_refused  # noqa: F401
import properties_seen  # noqa: F401
import properties_watched  # noqa: F401
from inspection import program, tool


def try_one(number, what, function, running, troupe, counts):
    # These ask without -p, because how many programs there are is what is tried.
    asked = troupe if number in ("8.2", "8.5") else troupe.of(running.pid)
    try:
        faults = properties.faults_of(function, running, asked)
    except properties.left_out as why:
        counts["not tried"] += 1
        print(f"NOT TRIED - {number} {what}: {why}", flush=True)
        return
    counts["failed" if faults else "passed"] += 1
    print(f"{'FAILED' if faults else 'ok'} - {number} {what}" + (f": {faults[0]}" if faults else ""), flush=True)
    for fault in faults[1:5]:
        print(f"    {fault}", flush=True)


def is_wanted(number, only):
    return not only or any(number == one or number.startswith(one + ".") for one in only)


def run_under(method, counts):
    troupe = tool(options.troupe)
    wanted = sorted((one for one in properties.properties if is_wanted(one[0], options.only)),
                    key=lambda one: [int(part) for part in one[0].split(".")])
    print(f"start method {method}")
    shared = [one for one in wanted if not one[3]]
    if shared:
        with program(options.program, method) as running:
            for number, what, function, _ in shared:
                try_one(number, what, function, running, troupe, counts)
    for number, what, function, fresh in wanted:
        if fresh:
            with program(options.program, method) as running:
                try_one(number, what, function, running, troupe, counts)
    if is_wanted("8.2", options.only):
        said = troupe("ps")
        is_so = said.code == 1 and "no program of troupe runs" in said.errors
        counts["passed" if is_so else "failed"] += 1
        print(f"{'ok' if is_so else 'FAILED'} - 8.2 no program runs" + ("" if is_so else f": {said}"), flush=True)


parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
parser.add_argument("program")
parser.add_argument("troupe")
parser.add_argument("--method", default="forkserver", choices=("forkserver", "spawn", "fork", "all"))
parser.add_argument("--only", type=lambda text: text.split(","), help="numbers of properties or sections, as 1.8,3")
parser.add_argument("--copies", type=int, default=200, help="of the segment, with random bytes (8.4)")
parser.add_argument("--other", help="a tool that was built with another layout (8.3)")
options = parser.parse_args(namespace=properties.options)

totals = {"passed": 0, "failed": 0, "not tried": 0}
for one in ("forkserver", "spawn", "fork") if options.method == "all" else (options.method,):
    run_under(one, totals)
if totals["not tried"]:
    print(f"{totals['not tried']} not tried")
print(f"{totals['passed']} passed, {totals['failed']} failed")
sys.exit(1 if totals["failed"] or not totals["passed"] else 0)
