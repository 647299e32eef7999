#!/usr/bin/env python3
"""What does it cost a program that it can be looked into, and what does it cost that it is?

    bench/observed.py OLD_BUILD NEW_BUILD   what messages, starts and compiling cost with the new one, by the old one
    bench/observed.py --watched BUILD       what they cost while `troupe top` reads it, by not being read
    bench/observed.py --idle BUILD          what one `troupe ps` of 1,000 idle actors costs, and whether one wakes up

Both builds need the benchmark programs of the same sources. In each round each work runs some times on each side, one
right after the other, and in an order that is shuffled. A ratio is of one round, and of the least of the runs there.
The same build given twice shows how far ratios lie from 1 by chance.
"""

import argparse
import contextlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple, Optional

sys.dont_write_bytecode = True
import measurement  # noqa: E402
import pairs  # noqa: E402
import table  # noqa: E402
from comparisons import Comparison  # noqa: E402
from machine import Watch  # noqa: E402

HERE = Path(__file__).resolve().parent
LIMIT = 120  # seconds for one run
SECONDS, WATCHED_SECONDS = 0.4, 0.8  # a figure is measured
ACTORS = 1000
MOST_CPU_OF_PS = 0.5  # seconds
UNTIL_ALL_SLEEP = 0.5


class Side(NamedTuple):
    name: str
    build: Path
    copy: str  # the folder that its programs are copied to
    tool: Optional[Path] = None  # that reads it meanwhile

    def line(self, work, copies, seconds):
        """How to run one work."""
        line = [str(copies / self.copy / work.program), "--filter", work.figure,
                "--seconds", str(0 if work.program == "compile_time" else seconds)]
        return line if self.tool is None else [sys.executable, "-B", str(HERE / "watched.py"), str(self.tool), *line]


def parse():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("builds", type=Path, nargs="+", metavar="BUILD", help="a build folder, made with -Dbench=true")
    what = options.add_mutually_exclusive_group()
    what.add_argument("--watched", action="store_true", help="set being read beside not being read")
    what.add_argument("--idle", action="store_true", help="look at idle actors")
    options.add_argument("--rounds", type=int, default=10, help="how many (10)")
    options.add_argument("--seconds", type=float,
                         help=f"how long a figure is measured in a run ({SECONDS}; --watched: {WATCHED_SECONDS:g})")
    options.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    given = options.parse_args()
    wanted = 1 if given.watched or given.idle else 2
    if len(given.builds) != wanted:
        options.error(f"{wanted} build folder{'s are' if wanted > 1 else ' is'} needed here, not {len(given.builds)}")
    if given.rounds < 1:
        options.error("one round is the least")
    given.seconds = given.seconds or (WATCHED_SECONDS if given.watched else SECONDS)
    given.builds = [one.resolve() for one in given.builds]
    return given


def tool_of(build):
    return build / "tools" / "troupe" / "troupe"


def refusals(builds, works):
    """A sentence for each program that is missing, and for those of a build that cannot measure one figure alone."""
    for build in dict.fromkeys(builds):
        older = []
        for name in sorted({work.program for work in works}):
            program = build / "bench" / name
            if not program.is_file():
                yield f"{build} has no bench/{name}: configure it with -Dbench=true, and build it."
                continue
            said = subprocess.run([program, "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if "--filter" not in said.stdout:
                older.append(name)
        if older:
            yield (f"{', '.join(older)} of {build} knows no --filter: that is older than this script. Copy the folder "
                   "bench of this tree into that one, and build it again: then both sides do the same work.")


def copy_programs(sides, works, copies):
    """Anew in each round: how a binary lies in the page cache makes a difference of some percent."""
    for side in sides:
        shutil.rmtree(copies / side.copy, ignore_errors=True)
        (copies / side.copy).mkdir()
        for name in {work.program for work in works}:
            shutil.copy2(side.build / "bench" / name, copies / side.copy / name)


def cost_of_run(work, side, line):
    """(Cost or None, what went wrong or None)."""
    said = measurement.run_once(f"{work.name} ({side.name})", line, LIMIT)
    found = [one for one in said.figures if f"{one['program']}/{one['name']}" == work.name]
    if said.wrong:
        return None, said.wrong
    if len(found) != 1:
        return None, f"{work.name} ({side.name}): {len(found)} such figures were printed, not one"
    if found[0]["errors"]:
        return None, f"{work.name} ({side.name}): {found[0]['errors']} errors"
    cost = pairs.cost_of(found[0])
    return cost, None if cost else f"{work.name} ({side.name}): nothing was measured"


def pair_of_round(work, sides, line_of):
    """The Costs of both sides, the least of their runs; or None and what went wrong."""
    costs = {side: [] for side in sides}
    for _ in range(work.runs):
        for side in random.sample(sides, len(sides)):
            cost, wrong = cost_of_run(work, side, line_of(work, side))
            if wrong:
                return None, wrong
            costs[side].append(cost)
    return tuple(pairs.least(costs[side]) for side in sides), None


def measure(works, sides, options):
    """Work -> the Costs of both sides in each round; and the complaints."""
    found, complaints, copied = {work: [] for work in works}, [], None
    with tempfile.TemporaryDirectory() as folder:
        copies = Path(folder)
        for turn, work in measurement.told([works] * options.rounds):
            if turn != copied:
                copy_programs(sides, works, copies)
                copied = turn
            pair, wrong = pair_of_round(work, sides, lambda work, side: side.line(work, copies, options.seconds))
            if pair:
                found[work].append(pair)
            else:
                complaints.append(f"round {turn + 1}: {wrong}")
    return found, complaints


def compare(works, sides, options):
    watch = Watch()
    found, complaints = measure(works, sides, options)
    print(f"{watch.told()}; {options.rounds} rounds", *watch.disturbances(), "", sep="\n")
    print(table.text([pairs.row(work, found[work]) for work in works], pairs.heads(*(side.name for side in sides)),
                     pairs.NUMBERS, "pipe" if options.markdown else "plain"))
    return complaints


@contextlib.contextmanager
def idle_actors(build):
    """A program whose actors have nothing to do; ends with the block."""
    with subprocess.Popen([build / "bench" / "idle_actors", str(ACTORS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as program:
        try:
            if program.stdout.readline() != "ready\n":
                raise RuntimeError("idle_actors did not become ready")
            time.sleep(UNTIL_ALL_SLEEP)
            yield program.pid
        finally:
            program.stdin.close()


def actors_of(tool, pid):
    """pid of each actor -> how often it has woken up, as it says itself. Not of the program."""
    said = subprocess.run([tool, "ps", "--json", "-p", str(pid)], stdout=subprocess.PIPE, text=True, check=True)
    return {one["outer_pid"]: one["wake_ups"] for one in json.loads(said.stdout)["actors"] if one["parent"] is not None}


def switches_of(pids):
    """pid -> how often it has given its CPU away by itself, as the kernel says."""
    def read(pid):
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches:"))
    return {pid: read(pid) for pid in pids}


def cpu_time_of(line):
    """Seconds of one run."""
    def used():
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return ended.ru_utime + ended.ru_stime
    before = used()
    subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return used() - before


def look_at_idle(options):
    build, = options.builds
    tool = tool_of(build)
    with idle_actors(build) as pid:
        told = actors_of(tool, pid)
        switches = switches_of(told)
        spent = [cpu_time_of([tool, "ps", "-p", str(pid)]) for _ in range(options.rounds)]
        woken = changed(switches, switches_of(told))
        told_woken = changed(told, actors_of(tool, pid))
    lower, median, upper = pairs.quartiles(spent)
    said = table.verdict(Comparison("", None, at_most=MOST_CPU_OF_PS), spent)[1]
    print(f"CPU time of one `troupe ps` of {len(told):,} idle actors: {median:.3f} s, quartiles {lower:.3f} .. "
          f"{upper:.3f} s ({said})")
    print(f"actors that woke up meanwhile: {len(woken)} as the kernel counts, {len(told_woken)} as they do themselves "
          "(target: none)")
    return [] if len(told) == ACTORS else [f"{len(told)} actors were shown, not {ACTORS}"]


def changed(before, after):
    """The keys whose value is another, or which are missing."""
    return sorted(key for key in before if after.get(key) != before[key])


def missing_files(options, works):
    if options.watched or options.idle:
        if not os.access(tool_of(options.builds[0]), os.X_OK):
            yield f"{options.builds[0]} has no tools/troupe/troupe: build it."
    if options.idle:
        if not (options.builds[0] / "bench" / "idle_actors").is_file():
            yield f"{options.builds[0]} has no bench/idle_actors: configure it with -Dbench=true, and build it."
    else:
        yield from refusals(options.builds, works)


def run(options, works):
    if options.idle:
        return look_at_idle(options)
    if options.watched:
        build, = options.builds
        return compare(works, [Side("not read", build, "build"), Side("read", build, "build", tool_of(build))], options)
    return compare(works, [Side(name, build, name) for name, build in zip(("old", "new"), options.builds)], options)


def main():
    options = parse()
    works = [work._replace(at_most=pairs.READ) for work in pairs.messages()] if options.watched else [
        *pairs.messages(), *pairs.compiling()]
    if missing := list(missing_files(options, works)):
        print(*missing, sep="\n", file=sys.stderr)
        return 1
    for sentence in Watch().disturbances():
        print(sentence, file=sys.stderr)
    try:
        complaints = run(options, works)
    except (OSError, RuntimeError, ValueError, KeyError, subprocess.CalledProcessError) as problem:
        complaints = [f"it could not be measured: {problem}"]
    for one in complaints:
        print(f"ERROR: {one}", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
