"""Runs the programs of examples/ and holds them to what they say they print, and to leaving nothing behind.

usage: check.py START_METHOD FOLDER     FOLDER holds the built programs; START_METHOD is their default
"""

import ctypes
import os
import platform
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


reports = []  # of crashes, by the program that was run last


def run(program, *arguments, cpus=None, own_group=False):
    """(lines printed, faults); what it wrote to stderr is a fault, but for reports of crashes"""
    pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    try:
        done = subprocess.run([FOLDER / program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=WATCHDOG, preexec_fn=pin,
                              start_new_session=own_group, env={**os.environ, "TROUPE_START_METHOD": METHOD})
    except OSError as missing:
        return [], [f"{program} could not be started: {missing}"]
    except subprocess.TimeoutExpired as late:
        return [], [f"{program} had not ended after {WATCHDOG} s; so far: {late.stdout}"]
    faults = [f"{program} ended with {done.returncode}"] if done.returncode else []
    reports.clear()
    for line in done.stderr.splitlines():
        if re.match(r"troupe: actor '.*' \(pid \d+\) ", line) or reports and re.match(r"  |troupe: \d+ ", line):
            reports.append(line)
        else:
            faults.append(f"{program} wrote to stderr: {line}")
    return done.stdout.splitlines(), faults[:20]


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
    if platform.machine() == "aarch64":  # 1 / 0 is 0 there
        return faults + expected(lines == ["6 / 3 = 2", "8 / 2 = 4"], lines)
    told = [line for line in reports if line.startswith("troupe: actor 'calculator'") and "signal 8 (SIGFPE)" in line]
    return (faults + expected(lines == ["6 / 3 = 2", "1 / 0 : the calculator died of signal 8", "8 / 2 = 4"], lines)
            + expected(len(told) == 1, reports))


FARMED = [  # a kind of job, and why it fails; where names of functions are known, that is said as well
    ("good", r""),
    ("reads nowhere", r"was ended by signal 11 \(SIGSEGV\).*"),
    ("aborts", r"was ended by signal 6 \(SIGABRT\).*"),
    ("overruns the stack", r"overran its stack \(signal 11, SIGSEGV\).*"),
    ("eats memory", r"threw std::bad_alloc: std::bad_alloc"),
    ("loops for ever", r"was killed \(signal 9, SIGKILL\), because it took too long to handle job.*"),
    ("leaves with _exit(3)", r"exited with 3"),
    ("throws", r"threw std::runtime_error: this cannot be done"),
]
LATE = FARMED[5][1]  # on a busy machine any job may be


def job_farm(jobs, *arguments):
    lines, faults = run("job_farm", *([str(jobs)] if jobs else []), *arguments)
    jobs = jobs or 210
    tenths = [i // 10 for i in range(9, jobs, 10)]
    wanted, died = [r"job +done results  failed  because it"], 0
    for kind, (name, cause) in enumerate(FARMED):
        count = jobs - len(tenths) if kind == 0 else sum(1 for tenth in tenths if tenth % 7 == kind - 1)
        figures = (count, count, 0) if kind == 0 else (count, 0, count)
        causes = f"  ({cause}|{LATE})(, or ({cause}|{LATE}))*" if kind and count else ""
        if count == 3:
            causes = f"(?=.*{cause})" + causes  # all three are not late
        wanted.append(re.escape("%-20s %7d %7d %7d" % (name, *figures)) + causes)
        died += count if kind and "threw" not in cause else 0
    wanted.append(re.escape("%-20s %7d %7d %7d" % ("all", jobs, jobs - len(tenths), len(tenths))))
    wanted.append(r"(\d+) workers died, and \1 were started again")
    holds = len(lines) == len(wanted) and all(map(re.fullmatch, wanted, lines)) and int(lines[-1].split()[0]) >= died
    return faults + expected(holds and not faults, lines + ["and not:"] + wanted)


def pipe():
    lines, faults = run("pipe")
    return faults + expected(lines == ["['amami', 'haruka', 'boss']", "['Chihaya', 72, 'keut']", "closed"], lines)


def kv_store():
    lines, faults = run("kv_store")
    asked, ended = ["haru999 = haru", "boss = nothing"], ["store held 2000 entries", "store ended with 0"]
    in_order = [l for l in lines if l in asked] == asked and [l for l in lines if l in ended] == ended
    return faults + expected(len(lines) == 4 and in_order, lines)


def shared_counter():
    lines, faults = run("shared_counter")
    wanted = ["balance 40000 after 4000 bookings, 1000 of the first teller",
              "whoever had the lock was ended by signal 9 (SIGKILL)", "balance 40000"]
    return faults + expected(lines == wanted, lines)


def names():
    lines, faults = run("names")
    wanted = ["found the same actor: yes", "counted to 1000",
              r"the other one ended with troupe::name_taken: the name 'counter' is taken by actor 'counter' \(pid \d+\).*",
              "the name is free: yes"]
    return faults + expected(len(lines) == len(wanted) and all(map(re.fullmatch, wanted, lines)), lines)


def news():
    lines, faults = run("news")
    wanted = ["2 subscribers, read by paper 1000, by screen 1000",
              "2 subscribers, read by paper 1010, by the next screen 10", "paper is forgotten"]
    return faults + expected(lines == wanted, lines)


def echo_server():
    lines, faults = run("echo_server")
    told = [line for line in reports if line.startswith("troupe: actor 'worker'") and "signal 11 (SIGSEGV)" in line]
    wanted = ["haru: you said hello", "chiha: (hung up)", "haru: you said still there?", "again: you said one",
              "other: you said two"]
    return faults + expected(lines == wanted and len(told) == 1, lines + reports)


def heat():
    lines, faults = run("heat")
    return faults + expected(len(lines) == 1 and re.fullmatch(r"heat \d+\.\d{6}, difference 0", lines[0]), lines)


def phone_book():
    lines, faults = run("phone_book")
    return faults + expected(lines == ["Seoul: caller 142 has 142", "nobody: std::out_of_range"], lines)


def word_count(files, cpus=None):
    lines, faults = run("word_count", *files, cpus=cpus)
    theirs = counted_by_coreutils(files)[0].splitlines() if files else []
    return faults + expected(lines == theirs, lines + ["and coreutils:"] + theirs)


POOLED = [  # what pool prints, line by line
    r"0: 1000", r"1: 1001", r"2: 1004", r"3: .*signal 11 \(SIGSEGV\).*", r"4: 1016", r"5: .*five is not wanted",
    r"6: 1036", r"7: .*took too long.*", r"8: 1064", r"9: 1081", r"one alone: 1144", r"all: 1001 1004 1016",
]


def pool():
    lines, faults = run("pool")
    return faults + expected(len(lines) == len(POOLED) and all(map(re.fullmatch, POOLED, lines)), lines)


def reload():
    lines, faults = run("reload", own_group=True)  # it sends a SIGHUP to all of its group
    return faults + expected(lines == ["level 1", "level 2", "worker is alive"], lines)


def asio_loop():
    lines, faults = run("asio_loop")
    return faults + expected(lines == ["Haruka: 765-0876", "Nobody: not listed", "the gateway was asked to end"], lines)


def tls():
    lines, faults = run("tls")
    return faults + expected(lines == ["hello, Haruka, by TLS"], lines)


def commands():
    lines, faults = run("commands")
    wanted = [r"c", r"b", r"a", r"exited with 0", r"ls exited with 2, and said \d\d+ bytes", r"sleep was ended", r"line 1",
              r"line 2", r"line 3", r"sh exited with 0", r"not started"]
    return faults + expected(len(lines) == len(wanted) and all(map(re.fullmatch, wanted, lines)), lines)


def checksums(folder):
    lines, faults = run("checksums", folder)
    files = files_below([folder])
    theirs = subprocess.run(["sha256sum", "--", *files], capture_output=True, text=True).stdout.splitlines()
    return faults + expected(lines == theirs, lines + ["and sha256sum:"] + theirs)


def damaged_checksums(folder):
    """One file of three is changed, and one is gone."""
    files = [Path(folder) / name for name in ("kept", "changed", "lost")]
    for one in files:
        one.write_text(one.name)
    with tempfile.NamedTemporaryFile("w+") as list_of_them:
        list_of_them.write(subprocess.run(["sha256sum", *files], capture_output=True, text=True).stdout)
        list_of_them.flush()
        files[1].write_text("changed indeed")
        files[2].unlink()
        lines, faults = run("checksums", "--check", list_of_them.name)
    wanted = [f"{files[1]}: FAILED", "1 of 3 files are as they were"]
    told = [one for one in faults if "lost" in one and "No such file" in one]
    return expected(lines == wanted and len(told) == 1 and "checksums ended with 1" in faults, lines + faults)


def web_server():
    lines, faults = run("web_server")
    told = [line for line in reports if "signal 11 (SIGSEGV)" in line]
    return faults + expected(lines == ["two workers answer: yes", "what is not there: 404", "the first crashes: hung up",
                                       "the second notices nothing: yes", "the first is there again: yes"] and
                             len(told) == 1, lines + reports)


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
    check("shared_counter loses no booking, and tells of the death of a holder", shared_counter)
    check("names are found, refused and free again", names)
    check("news reach all subscribers, also one that is started again", news)
    check("echo_server loses a worker, and the client of the other notices nothing", echo_server)
    check("heat computes on one array what one loop computes", heat)
    check("phone_book answers from another process", phone_book)
    check("let_it_crash goes on after a division by zero", let_it_crash)
    # AddressSanitizer reserves terabytes, which no limit of memory allows.
    if b"__asan_init" not in (FOLDER / "job_farm").read_bytes():
        check("job_farm has every result, and the cause of every failure", job_farm, None)
        check("job_farm does so with more workers than jobs", job_farm, 29, "40")
        check("job_farm of good jobs alone loses no worker", job_farm, 9, "1")
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
    check("commands runs, ends and reads from other programs", commands)
    check("pool prints a value or a cause for each input", pool)
    check("reload loads anew at a SIGHUP to its group, which disturbs nobody else", reload)
    if (FOLDER / "asio_loop").exists():
        check("asio_loop answers over TCP from Asio's loop, and ends", asio_loop)
    if (FOLDER / "tls").exists():
        check("tls carries a greeting over OpenSSL", tls)
    if (FOLDER / "checksums").exists():
        check("checksums of many files are what sha256sum says", checksums, "/usr/share/common-licenses")
        with tempfile.TemporaryDirectory() as folder:
            check("checksums names what was changed, and what is gone", damaged_checksums, folder)
    if (FOLDER / "web_server").exists():
        check("web_server loses a worker, and the clients of the other notice nothing", web_server)
    tests.check(f"examples ({METHOD}): no file is left behind", sorted(names_in(places) - before))
    tests.close()


main()
