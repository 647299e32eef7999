"""Runs the programs of examples/ and holds them to what they say they print, and to leaving nothing behind.

usage: check.py START_METHOD FOLDER     FOLDER holds the built programs; START_METHOD is their default
"""

import ctypes
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests"), str(ROOT / "examples")]

from against_coreutils import counted_by_coreutils, files_below  # noqa: E402
from closing_line import report  # noqa: E402

METHOD, FOLDER = sys.argv[1], Path(sys.argv[2])
WATCHDOG = 120
DYING = 1.0  # seconds within which no process of an ended program is left
PR_SET_CHILD_SUBREAPER = 36


def run(program, *arguments, cpus=None):
    """(lines printed, faults)"""
    pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    try:
        done = subprocess.run([FOLDER / program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=WATCHDOG, preexec_fn=pin,
                              env={**os.environ, "TROUPE_START_METHOD": METHOD})
    except OSError as missing:
        return [], [f"{program} could not be started: {missing}"]
    except subprocess.TimeoutExpired as late:
        return [], [f"{program} had not ended after {WATCHDOG} s; so far: {late.stdout}"]
    faults = [f"{program} ended with {done.returncode}"] if done.returncode else []
    faults += [f"{program} wrote to stderr: {line}" for line in done.stderr.splitlines()[:20]]
    return done.stdout.splitlines(), faults


def expected(condition, lines):
    return [] if condition else ["it printed:"] + lines


def processes():
    lines, faults = run("processes")
    found = [re.fullmatch(r"(producer|haru|chiha)'s pid : (\d+)", line) for line in lines]
    holds = len(lines) == 3 and all(found) and found[0].group(1) == "producer"
    holds = holds and {m.group(1) for m in found} == {"producer", "haru", "chiha"}
    return faults + expected(holds and len({m.group(2) for m in found}) == 3, lines)


def independence(*arguments):
    lines, faults = run("independence", *arguments)
    return faults + expected(lines == (["72", "73", "73"] if arguments == ("fork",) else ["72"] * 3), lines)


def queue():
    lines, faults = run("queue")
    joined = sorted(re.sub(r" joined\. Now [12] members\.$", "", line) for line in lines[:2])
    return faults + expected(len(lines) == 4 and joined == ["Chihaya", "Haruka"] == sorted(lines[2:]), lines)


def let_it_crash():
    lines, faults = run("let_it_crash")
    return faults + expected(lines == ["6 / 3 = 2", "1 / 0 : the calculator died of signal 8", "8 / 2 = 4"], lines)


def pipe():
    lines, faults = run("pipe")
    return faults + expected(lines == ["['amami', 'haruka', 'boss']", "['Chihaya', 72, 'keut']", "closed"], lines)


def kv_store():
    lines, faults = run("kv_store")
    asked, ended = ["haru999 = haru", "boss = nothing"], ["store held 2000 entries", "store ended with 0"]
    in_order = [l for l in lines if l in asked] == asked and [l for l in lines if l in ended] == ended
    return faults + expected(len(lines) == 4 and in_order, lines)


def word_count(files, cpus=None):
    lines, faults = run("word_count", *files, cpus=cpus)
    theirs = counted_by_coreutils(files)[0].splitlines() if files else []
    return faults + expected(lines == theirs, lines + ["and coreutils:"] + theirs)


def left_behind():
    """Orphans become our children; whoever is still there a second after the last program is one too many."""
    until = time.monotonic() + DYING
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return []
        if pid == 0 and time.monotonic() > until:
            return subprocess.run(["ps", "-o", "pid,ppid,stat,args", "--ppid", str(os.getpid())],
                                  capture_output=True, text=True).stdout.splitlines()
        if pid == 0:
            time.sleep(0.01)


def names_in(folders):
    return {os.path.join(folder, name) for folder in folders for name in os.listdir(folder) if "troupe" in name}


def main():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    places = [place for place in ("/dev/shm", "/tmp") if os.path.isdir(place)]
    before = names_in(places)
    tests = report()

    def check(sentence, act, *arguments):
        tests.check(f"examples ({METHOD}): {sentence}", act(*arguments) + left_behind())

    check("processes prints three different pids", processes)
    check("independence shares no state by default", independence)
    check("independence shares no state when spawned", independence, "spawn")
    check("independence shares no state from the forkserver", independence, "forkserver")
    check("independence starts from its parent's state when forked", independence, "fork")
    check("queue gives back both names", queue)
    check("pipe carries both ways and ends", pipe)
    check("kv_store answers, and ends in order", kv_store)
    check("let_it_crash goes on after a division by zero", let_it_crash)
    licenses = files_below(["/usr/share/common-licenses"])
    check("word_count of no file prints nothing", word_count, [])
    check("word_count of one file is what coreutils count", word_count, licenses[:1])
    check("word_count of many files is what coreutils count", word_count, licenses * 20)
    check("word_count by one actor is what coreutils count", word_count, licenses, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        odd = Path(folder) / "odd"
        odd.write_bytes(bytes(range(256)) * 40 + b"End Of\0file without a newline")
        (Path(folder) / "empty").touch()
        check("word_count of bytes that are no text is what coreutils count", word_count, files_below([folder]))
    tests.check(f"examples ({METHOD}): no file is left behind", sorted(names_in(places) - before))
    tests.close()


main()
