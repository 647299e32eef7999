"""What is watched of a program: stacks, traces, metrics, limits, and the table that goes on."""

import fcntl
import functools
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
from pathlib import Path

from every_command import judge_ended
from inspection import PATIENCE, program
from properties import (SIX, actors, expected, has_free_cpu, holds, identity_page, left_out, need, status, stripped,
                        within)
from traces import faults_of_arrows, faults_of_open_slice, faults_of_slices, instants_of, tracing, tracks_of


# --- 5. stack


def has_frame(found, function, lines):
    return any(function in (one["function"] or "") and one["line"] in lines for one in found["frames"])


@holds("5.1", "stack: a loop is shown, and goes on")
def loop(_, troupe):
    row = actors(troupe)["spinner"]
    pid = row["outer_pid"]
    before = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    said = troupe("stack", "spinner", "--json")
    yield from expected(has_frame(said.object, "inspected::turn_for_ever(unsigned long)", range(55, 58)), said)
    if has_free_cpu():
        yield from expected(said.object["held_ms"] < 50, f"held for {said.object['held_ms']} ms")
    time.sleep(1)
    after = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    yield from expected(before[0] == after[0] == "R" and int(after[11]) > int(before[11]), f"{before[:12]}, then {after[:12]}")


@holds("5.2", "stack: waiting coroutines have their lines, in the stripped program too")
def coroutines(running, troupe):
    def faults(pid):
        said = troupe("stack", "left", "--json", "--all", "-p", pid)
        rows = [place["line"] for one in said.object["waiting"] for place in one["places"]
                if place and place["file"].endswith("inspected.cpp")]
        yield from expected(78 in rows and 75 in rows[rows.index(78):], said)

    yield from faults(running.pid)
    said = troupe("stack", "left", "--all")
    yield from expected("epoll_wait" in said.text, said)
    for other in stripped(running):
        yield from faults(other.pid)


@holds("5.3", "stack: who is stopped stays so", fresh=True)
def stopped_stack(_, troupe):
    pid = actors(troupe)["spinner"]["outer_pid"]
    os.kill(pid, signal.SIGSTOP)
    yield from within(PATIENCE, lambda: expected(status(pid)["State"][0] == "T", status(pid)["State"]))
    said = troupe("stack", "spinner", "--json")
    yield from expected(has_frame(said.object, "inspected::turn_for_ever(unsigned long)", range(55, 58)), said)
    yield from expected(status(pid)["State"][0] == "T", status(pid)["State"])
    os.kill(pid, signal.SIGCONT)
    need("gdb")
    debugger = subprocess.Popen(["gdb", "-q", "-p", str(pid)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
    try:
        yield from within(60, lambda: expected(status(pid)["State"][0] == "t", status(pid)["State"]))
        said = troupe("stack", "spinner", "--json")
        yield from expected(has_frame(said.object, "inspected::turn_for_ever(unsigned long)", range(55, 58)), said)
        yield from expected(status(pid)["TracerPid"] == str(debugger.pid), status(pid)["TracerPid"])
    finally:
        debugger.kill()
        debugger.wait()


@holds("5.4", "stack: the executable was replaced meanwhile")
def replaced(running, troupe):
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / Path(running.path).name
        shutil.copy(running.path, copy)
        with program(copy, running.method) as other:
            copy.unlink()
            shutil.copy("/bin/true", copy)
            said = troupe("stack", "spinner", "--json", "-p", other.pid)
            yield from expected(has_frame(said.object, "inspected::turn_for_ever(unsigned long)", range(55, 58)), said)


# --- 6. trace, timing, metrics, doctor, top


@functools.cache
def place_of_observation(path):
    """Where it stands in the header of the program's memory."""
    need("gdb")
    said = subprocess.run(["gdb", "-batch", "-nx", "-ex", "print (long)&((troupe::shm::program_header*)0)->observation", path],
                          capture_output=True, text=True).stdout
    if not (found := re.search(r"= (\d+)", said)):
        raise left_out("the program has no debug information of the library")
    return int(found.group(1))


def observed(running):
    """What is observed of the program, as its header says."""
    memory = os.open(running.memory(), os.O_RDONLY)
    header = int.from_bytes(os.pread(memory, 8, identity_page(memory) + 40), "little")
    what = int.from_bytes(os.pread(memory, 4, header + place_of_observation(running.path)), "little")
    os.close(memory)
    return what


def is_unobserved(running):
    return within(PATIENCE, lambda: expected(observed(running) == 0, "it is still observed"))


def taken(running, troupe):
    """Bytes of shared memory, and blocks of its file."""
    return (troupe("ps", "--json", "--sample", 0).object["programs"][0]["shared_bytes"], os.stat(running.memory()).st_blocks)


@holds("6.1", "trace: a track for each actor, and arrows with both ends", fresh=True)
def traced(running, troupe):
    place_of_observation(running.path)
    with tempfile.TemporaryDirectory() as folder:
        made = tracing(troupe, folder, 1)
        judge_ended(made.arguments, *made.until_over())
        events = made.events
        tracks = tracks_of(events)
        yield from expected(sorted(tracks) == SIX, f"the tracks are {sorted(tracks)}")
        yield from faults_of_open_slice(events, tracks.get("spinner"), "inspected::spin")

        made = tracing(troupe, folder)
        made.has_begun()
        yield from expected(observed(running) != 0, "the header does not say that it is observed")
        for _ in range(10):
            troupe("restart", "crasher")
        # The last one began before the trace is over.
        yield from within(PATIENCE, lambda: expected(actors(troupe)["crasher"]["state"] == "asleep", "crasher does not sleep"))
        judge_ended(made.arguments, *made.end())
        events = made.events
    happened = instants_of(events, tracks_of(events).get("crasher"))
    yield from expected(happened.count("began") == happened.count("ended") == 10, happened)
    yield from faults_of_slices(events)
    yield from faults_of_arrows(events)
    yield from is_unobserved(running)


@holds("6.2", "trace: a tool that was killed leaves nothing on", fresh=True)
def killed_tool(running, troupe):
    place_of_observation(running.path)
    with tempfile.TemporaryDirectory() as folder:
        first = tracing(troupe, folder, 0)  # The pages that say which blocks are taken stay.
        judge_ended(first.arguments, *first.until_over())
        yield from is_unobserved(running)
        before = taken(running, troupe)
        made = tracing(troupe, folder)
        made.has_begun()
        yield from expected(observed(running) != 0, "the header does not say that it is observed")
        time.sleep(0.5)
        made.kill()
    yield from is_unobserved(running)

    def as_before():
        after = taken(running, troupe)
        yield from expected(after == before, f"{before} bytes of shared memory and blocks of the file became {after}")

    yield from within(PATIENCE, as_before)


@holds("6.3", "metrics: what Prometheus reads", fresh=True)
def metrics(_, troupe):
    said = troupe("metrics")
    for name, actor, value in (("mailbox_messages", "backlog", 1000), ("restarts_total", "crasher", 3)):
        wanted = rf'^troupe_{name}\{{[^}}]*actor="{actor}"[^}}]*\}} {value}$'
        yield from expected(re.search(wanted, said.text, re.MULTILINE), f"no line {wanted}")
    need("promtool")
    checked = subprocess.run(["promtool", "check", "metrics"], input=said.text, capture_output=True, text=True)
    yield from expected(checked.returncode == 0 and not (checked.stdout + checked.stderr).strip(),
                        checked.stdout + checked.stderr)


@holds("6.4", "doctor: limits that are too low")
def doctor(_, troupe):
    said = troupe("doctor", "--json", code=(0, 3))  # as the machine is
    entries = said.object.get("entries", said.object.get("checks", []))
    yield from expected(entries and all({"name", "value", "needed", "state", "advice"} <= one.keys() and
                                        one["state"] in ("ok", "note", "low") for one in entries), said)
    said = troupe("doctor", "--json", code=3, before=["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"])
    entries = said.object.get("entries", said.object.get("checks", []))
    yield from expected(any(one["state"] == "low" and "ulimit -n" in (one["advice"] or "")
                                               for one in entries), said)


@holds("6.5", "top: one frame, and a terminal that is as before", fresh=True)
def top(_, troupe):
    said = troupe("top", "--once")
    yield from (f"no row of {name}: {said}" for name, row in actors(troupe).items()
                if not re.search(rf"^{name} +{row['outer_pid']} ", said.text, re.MULTILINE))
    none = troupe("top", code=1)
    yield from expected("terminal" in none.errors, none)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(slave)
    running = subprocess.Popen([troupe.path, "top", "-p", str(troupe.pid)], stdin=slave, stdout=slave, stderr=slave,
                               env={**os.environ, "TERM": "xterm"}, start_new_session=True)
    try:
        seen = b""
        end = time.monotonic() + 30
        os.set_blocking(master, False)
        while b"spinner" not in seen and time.monotonic() < end:
            time.sleep(0.05)
            try:
                seen += os.read(master, 65536)
            except BlockingIOError:
                pass
        yield from expected(b"spinner" in seen, seen[-500:])
        os.write(master, b"q")
        end = time.monotonic() + 30
        while running.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
            try:
                os.read(master, 65536)
            except BlockingIOError:
                pass
        yield from expected(running.poll() == 0, f"exit code {running.poll()}")
        yield from expected(termios.tcgetattr(slave) == before, "the terminal's modes are others")
    finally:
        running.kill()
        running.wait()
        os.close(master)
        os.close(slave)


# --- 10. Costs


def is_measured(arguments):
    def test(*_):
        raise left_out(f"bench/observed.py {arguments} measures it")
        yield
    return test


holds("10.1", "what it costs that a program can be looked into")(is_measured("OLD_BUILD NEW_BUILD"))
holds("10.2", "what it costs that a program is looked into")(is_measured("--watched BUILD"))
holds("10.3", "what a look at 1,000 idle actors costs")(is_measured("--idle BUILD"))
