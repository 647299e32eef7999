"""What is watched of a program: stacks, traces, metrics, limits, and the table that goes on."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from inspection import PATIENCE, program, within
from properties import SIX, actors, expected, good, holds, need, status, stripped


# --- 5. stack


def has_frame(found, function, lines):
    return any(function in (one["function"] or "") and one["line"] in lines for one in found["frames"])


@holds("5.1", "stack: a loop is shown, and goes on")
def loop(_, troupe):
    row = actors(troupe)["spinner"]
    pid = row["outer_pid"]
    before = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    said = troupe("stack", "spinner", "--json")
    yield from good(said)
    yield from expected(has_frame(said.object, "inspected::turn_for_ever(unsigned long)", range(55, 58)), said)
    if os.getloadavg()[0] + 1 < (os.cpu_count() or 1):
        yield from expected(said.object["held_ms"] < 50, f"held for {said.object['held_ms']} ms")
    time.sleep(1)
    after = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    yield from expected(before[0] == after[0] == "R" and int(after[11]) > int(before[11]), f"{before[:12]}, then {after[:12]}")


@holds("5.2", "stack: waiting coroutines have their lines, in the stripped program too")
def coroutines(running, troupe):
    def faults(pid):
        said = troupe("stack", "left", "--json", "--all", "-p", pid)
        yield from good(said)
        rows = [place["line"] for one in said.object["waiting"] for place in one["places"]
                if place and place["file"].endswith("inspected.cpp")]
        yield from expected(78 in rows and 75 in rows[rows.index(78):], said)

    yield from faults(running.pid)
    said = troupe("stack", "left", "--all")
    yield from expected("epoll_wait" in said.text, said)
    with stripped(running) as other:
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


def observing(troupe):
    """What the header says; `ps` has it where the tool shows it, and else the trace command's own test does."""
    return troupe("ps", "--json", "--sample", 0).object["programs"][0].get("observing", 0)


@holds("6.1", "trace: a track for each actor, and arrows with both ends", fresh=True)
def traced(_, troupe):
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "t.json"
        tracing = subprocess.Popen([troupe.path, "trace", "--seconds", "3", "-o", str(into)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(0.3)
        for _ in range(10):
            troupe("restart", "crasher")
        said, errors = tracing.communicate(timeout=60)
        yield from expected(tracing.returncode == 0, said + errors)
        events = json.loads(into.read_text())["traceEvents"]
    tracks = {one["args"]["name"] for one in events if one.get("ph") == "M" and one["name"] in ("thread_name", "process_name")}
    yield from (f"there is no track of {name}" for name in SIX if not any(name in track for track in tracks))
    yield from expected(any("inspected::spin" in one.get("name", "") for one in events), "no slice of inspected::spin")
    arrows = {"s": set(), "f": set()}
    for one in events:
        if one.get("ph") in arrows:
            arrows[one["ph"]].add(one["id"])
    yield from expected(arrows["s"] == arrows["f"], f"{len(arrows['s'] ^ arrows['f'])} arrows have one end")
    yield from within(PATIENCE + 1, lambda: expected(observing(troupe) == 0, "it is still observed"))


@holds("6.2", "trace: a tool that was killed leaves nothing on", fresh=True)
def killed_tool(_, troupe):
    with tempfile.TemporaryDirectory() as folder:
        tracing = subprocess.Popen([troupe.path, "trace", "--seconds", "60", "-o", folder + "/t.json"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        tracing.kill()
        tracing.wait()
    before = troupe("ps", "--json", "--sample", 0).object["programs"][0]["shared_bytes"]
    yield from within(PATIENCE + 2, lambda: expected(observing(troupe) == 0, "it is still observed"))
    after = troupe("ps", "--json", "--sample", 0).object["programs"][0]["shared_bytes"]
    yield from expected(after <= before, f"shared memory {before}, and then {after}")


@holds("6.3", "metrics: what Prometheus reads")
def metrics(_, troupe):
    said = troupe("metrics")
    yield from good(said)
    for name, actor, value in (("mailbox_messages", "backlog", 1000), ("restarts_total", "crasher", 3)):
        wanted = rf'^troupe_{name}\{{[^}}]*actor="{actor}"[^}}]*\}} {value}$'
        yield from expected(re.search(wanted, said.text, re.MULTILINE), f"no line {wanted}")
    need("promtool")
    checked = subprocess.run(["promtool", "check", "metrics"], input=said.text, capture_output=True, text=True)
    yield from expected(checked.returncode == 0 and not (checked.stdout + checked.stderr).strip(),
                        checked.stdout + checked.stderr)


@holds("6.4", "doctor: limits that are too low")
def doctor(_, troupe):
    said = troupe("doctor", "--json")
    entries = said.object.get("entries", said.object.get("checks", []))
    yield from expected(entries and all({"name", "value", "needed", "state", "advice"} <= one.keys() and
                                        one["state"] in ("ok", "note", "low") for one in entries), said)
    said = troupe("doctor", "--json", before=["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"])
    entries = said.object.get("entries", said.object.get("checks", []))
    yield from expected(said.code == 3 and any(one["state"] == "low" and "ulimit -n" in (one["advice"] or "")
                                               for one in entries), said)


@holds("6.5", "top: one frame, and a terminal that is as before")
def top(_, troupe):
    said = troupe("top", "--once")
    yield from expected(said.code == 0 and all(name in said.text for name in SIX), said)
    none = troupe("top")
    yield from expected(none.code == 1 and "terminal" in none.errors, none)
    import fcntl
    import pty
    import struct
    import termios
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(slave)
    running = subprocess.Popen([troupe.path, "top"], stdin=slave, stdout=slave, stderr=slave,
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
