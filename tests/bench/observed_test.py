"""Do the ratios of ./dev bench observed tell what was measured?

The programs that are measured here are scripts, and their figures are made up.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
BENCH = HERE.parents[1] / "bench"
sys.path += [str(HERE.parent), str(BENCH)]

import observed  # noqa: E402
import pairs  # noqa: E402
from closing_line import report  # noqa: E402
from pairs import Cost, Work  # noqa: E402

# Prints the one figure that it is asked for. FACTOR is what it costs more than it did.
MEASURING = """#!{python}
import json, sys, time
from pathlib import Path
if "--help" in sys.argv:
    print("--seconds FLOAT  {filter}")
    sys.exit()
figure, program = sys.argv[sys.argv.index("--filter") + 1], Path(sys.argv[0]).name
rate = program == "stream"
time.sleep({takes})
print(json.dumps({{"program": program, "name": figure, "unit": "M/s" if rate else "us", "count": 1, "errors": {errors},
                  "value": 20 / {factor} if rate else 5 * {factor}, "cpu_us": 8 * {factor}}}))
"""
# A `troupe` that shows one actor, and of which `top` reads nothing at all.
READING = """#!{python}
import os, sys, time
from pathlib import Path
if "ps" in sys.argv:
    print('{{"actors": [{{"parent": null, "outer_pid": 1, "wake_ups": 5}},'
          '{{"parent": 1, "outer_pid": %d, "wake_ups": 3}}]}}' % os.getppid())
    sys.exit()
pid = sys.argv[sys.argv.index("-p") + 1]
print("a frame", flush=True)
while {stays} and Path("/proc", pid).exists():
    time.sleep(0.01)
sys.exit("troupe: program " + pid + " {said}")
"""
IDLE = "#!{python}\nimport sys\nprint('ready', flush=True)\nsys.stdin.read()\n"


def write(path, text, **values):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.format(python=sys.executable, **values), encoding="utf-8")
    path.chmod(0o755)


def made_build(folder, factor=1.0, filter="--filter TEXT", errors=0, takes=0, stays=True,
               said="ended while it was looked at"):
    """A build folder as it is made with -Dbench=true, of scripts."""
    for name in ("ping_pong", "stream", "spawn_join", "compile_time"):
        write(folder / "bench" / name, MEASURING, factor=factor, filter=filter, errors=errors, takes=takes)
    write(folder / "bench" / "idle_actors", IDLE)
    write(folder / "tools" / "troupe" / "troupe", READING, stays=stays, said=said)
    return folder


def run(*arguments):
    return subprocess.run([sys.executable, "-B", BENCH / "observed.py", *arguments], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)


def expected(is_so, done):
    return [] if is_so else [f"exit code {done.returncode}: {done.stdout[-1500:]}{done.stderr[-1500:]}"]


def faults_of_costs():
    for figure, cost in (({"unit": "us", "value": 5.0, "cpu_us": 2.0}, Cost(2.0, 5.0)),
                         ({"unit": "M/s", "value": 4.0, "cpu_us": 2.0}, Cost(2.0, 0.25)),
                         ({"unit": "s", "value": 4.0}, Cost(0, 4.0)), ({"unit": "M/s", "value": 0.0}, None)):
        if pairs.cost_of(figure) != cost:
            yield f"{figure} costs {pairs.cost_of(figure)}, not {cost}"
    if pairs.least([Cost(3, 10), Cost(2, 12), Cost(4, 11)]) != Cost(2, 10):
        yield "the least run is another"


def faults_of_ratios():
    rounds = [(Cost(2, 10), Cost(3, 5)), (Cost(4, 10), Cost(4, 20)), (Cost(0, 10), Cost(4, 10))]
    for of, wanted in (("cpu", [1.5, 1.0]), ("wall", [0.5, 2.0, 1.0])):
        if pairs.ratios(rounds, of) != wanted:
            yield f"of {of}: {pairs.ratios(rounds, of)}, not {wanted}"
    for us, wanted in ((0.0816, "81.6 ns"), (5.0, "5 us"), (1500, "1.5 ms"), (2.5e6, "2.5 s")):
        if pairs.duration(us) != wanted:
            yield f"{us} us are {pairs.duration(us)}"
    for values, wanted in (([3.0], (3.0, 3.0, 3.0)), ([5.0, 1.0, 3.0, 2.0, 4.0], (2.0, 3.0, 4.0)),
                           ([1.0, 2.0], (1.25, 1.5, 1.75))):
        if pairs.quartiles(values) != wanted:
            yield f"quartiles of {values}: {pairs.quartiles(values)}"


def faults_of_rows():
    """A target is met that four rounds of five reach, whatever the median is."""
    work = Work("stream/mailbox 64 B, different CPUs", 1.02)
    for late, verdict in ((2, "<= 1.02, met: 8 of 10"), (3, "<= 1.02, missed: 7 of 10")):
        row = pairs.row(work, [(Cost(100, 10), Cost(150 if turn < late else 102, 9)) for turn in range(10)])
        told = {"work": "one way, mailbox 64 B, different CPUs", "cpu": "1.020", "wall": "0.900", "cpu_met": verdict,
                "wall_met": "<= 1.02, met: 10 of 10", "first": "100 us", "second": "102 us",
                "wall_quartiles": "0.900 .. 0.900"}
        yield from (f"{name} is {row[name]!r}, not {text!r}" for name, text in told.items() if row[name] != text)
    row = pairs.row(work, [(Cost(0, 10), Cost(0, 10))])
    if row["cpu"] != "not measured" or row["cpu_met"] or row["wall"] != "1.000":
        yield f"without CPU time: {row}"
    if pairs.row(work, [])["wall"] != "not measured":
        yield "a work without rounds was measured"


def faults_of_works():
    """Each program is one of the suite, and no figure is asked for twice or fits the filter of another."""
    works = [*pairs.messages(), *pairs.compiling()]
    for one in works:
        if not list(BENCH.glob(f"{one.program}.[cp]*")):
            yield f"there is no program {one.program}"
        yield from (f"the filter of {one.name} fits {other.name}" for other in works
                    if other is not one and other.program == one.program and one.figure in other.figure)


def faults_of_two_builds(folder):
    old, dearer = made_build(folder / "old"), made_build(folder / "dearer", factor=1.5)
    works = len(pairs.messages()) + len(pairs.compiling())
    for builds, rounds, ratio, verdict in (((old, dearer), 2, "1.500", "missed: 0 of 2"),
                                           ((dearer, old), 1, "0.667", "met: 1 of 1")):
        done = run(*builds, "--rounds", str(rounds))
        lines = [line for line in done.stdout.splitlines() if line.count(f" {ratio} ") >= 2]
        yield from expected(done.returncode == 0 and len(lines) == works and all(line.count(verdict) == 2
                                                                                  for line in lines), done)


def faults_of_refusals(folder):
    build, older = made_build(folder / "build"), made_build(folder / "older", filter="")
    without, wrong = made_build(folder / "without"), made_build(folder / "wrong", errors=2)
    (without / "bench" / "stream").unlink()
    (without / "bench" / "idle_actors").unlink()
    for arguments, code, text in (((older, build), 1, "knows no --filter"), ((build, without), 1, "no bench/stream"),
                                  ((build,), 2, "2 build folders are needed"),
                                  (("--idle", without), 1, "no bench/idle"),
                                  (("--watched", build, build), 2, "1 build folder is needed"),
                                  ((build, wrong, "--rounds", "1"), 1, "(new): 2 errors")):
        done = run(*arguments)
        yield from expected(done.returncode == code and text in done.stderr, done)


def faults_of_watching(folder):
    build = made_build(folder / "read", takes=1)
    wrong = made_build(folder / "wrong end", stays=False, said="is another's")
    for tool_of, code, text in ((build, 0, '"name": "x"'), (wrong, 1, "is another's")):
        done = subprocess.run([sys.executable, "-B", BENCH / "watched.py", observed.tool_of(tool_of),
                               build / "bench" / "ping_pong", "--filter", "x"], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)
        yield from expected(done.returncode == code and text in done.stdout + done.stderr, done)


def faults_of_idleness(folder):
    if observed.changed({1: 5, 2: 6, 3: 7}, {1: 5, 2: 9}) != [2, 3]:
        yield "what woke up is not what is told"
    if observed.switches_of([os.getpid()])[os.getpid()] < 0:
        yield "the kernel's count cannot be read"
    done = run("--idle", made_build(folder / "idle"), "--rounds", "2")
    yield from expected(done.returncode == 1 and "1 actors were shown, not 1000" in done.stderr and
                        "of 2)" in done.stdout and "as they do themselves" in done.stdout, done)


def main():
    tests = report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tests.check("observed: times and rates become costs, and the least run of a side counts", faults_of_costs())
        tests.check("observed: ratios are of one round, with their quartiles", faults_of_ratios())
        tests.check("observed: a target is met that four rounds of five reach", faults_of_rows())
        tests.check("observed: every work is a figure of the suite, found by its name alone", faults_of_works())
        tests.check("observed: two builds are set side by side", faults_of_two_builds(folder))
        tests.check("observed: what cannot be measured is refused, and says why", faults_of_refusals(folder))
        tests.check("observed: a program is read until its end, or that is told", faults_of_watching(folder))
        tests.check("observed: who woke up is counted", faults_of_idleness(folder))
    tests.close()


main()
