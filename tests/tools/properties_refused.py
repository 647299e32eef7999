"""What a program is asked to do, who may ask, and what does not fit."""

import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from every_command import held_tool, judge_time
from inspection import PATIENCE, by_name, program
from properties import NOBODY, SIX, actors, expected, holds, identity_page, left_out, need, options, within
from properties_seen import faults_of_sections, of_sections
from random_copies import copy_of, faults_of_copies


# --- 7. kill, stop, restart


@holds("7.1", "restart: a new pid, one more restart, a mailbox that is still good", fresh=True)
def restart(_, troupe):
    before = actors(troupe)["crasher"]
    said = troupe("restart", "crasher")
    row = actors(troupe)["crasher"]
    yield from expected(row["restarts"] == 4 and str(row["outer_pid"]) in said.text, f"{row}; it said {said.text}")
    yield from expected(troupe("explain", "crasher", "--json").object["ends"][0]["signal"] == 15, "the last end is another")

    def is_good():
        now = actors(troupe)["crasher"]
        yield from expected(now["id"] == before["id"] and now["mailbox"]["channel"] == before["mailbox"]["channel"] and
                            [one["kind"] for one in now["waits"]] == ["mailbox"], f"{before} became {now}")

    yield from within(PATIENCE, is_good)


@holds("7.2", "restart: who has no supervisor is left alone", fresh=True)
def unsupervised(_, troupe):
    before = actors(troupe)["left"]["pid"]
    said = troupe("restart", "left", code=1)
    yield from expected("has no supervisor" in said.errors, said)
    yield from expected(actors(troupe)["left"]["pid"] == before, "left has another pid")


@holds("7.3", "stop is asked for, kill is done", fresh=True)
def stop_and_kill(_, troupe):
    troupe("stop", "backlog")
    said = troupe("ps")
    yield from expected(any("backlog" in line and "stop requested" in line for line in said.text.splitlines()), said)
    began = time.monotonic()
    troupe("kill", "backlog")
    left = actors(troupe, "--sample", 0).get("backlog", {"state": "dead"})
    judge_time("backlog is gone", time.monotonic() - began, 2)
    yield from expected(left["state"] == "dead", left)


@holds("7.4", "orders: a program that is stopped takes none", fresh=True)
def stopped_program(running, troupe):
    before = actors(troupe)["crasher"]["pid"]
    os.kill(running.pid, signal.SIGSTOP)
    # Until all of its threads stand still, the keeper still takes orders.
    yield from within(PATIENCE, lambda: expected(all("(stopped)" in one.read_text() for one in
                                                     Path(f"/proc/{running.pid}/task").glob("*/status")), "it still runs"))
    said = troupe("stop", "crasher", code=1, seconds=3)
    os.kill(running.pid, signal.SIGCONT)
    yield from expected("SIGSTOP" in said.errors, said)
    time.sleep(1)
    row = actors(troupe)["crasher"]
    yield from expected(row["pid"] == before and not row["stop_requested"] and row["state"] == "asleep", row)


@holds("7.5", "orders: random bytes do nothing", fresh=True)
def nonsense(running, troupe):
    def rows():
        return {name: (row["pid"], row["restarts"], row["stop_requested"]) for name, row in actors(troupe).items()}

    before = rows()
    chance = random.Random(7)
    memory = os.open(running.memory(), os.O_RDONLY)
    number = int.from_bytes(os.pread(memory, 4, identity_page(memory) + 48), "little")
    os.close(memory)
    into = os.open(f"/proc/{running.pid}/fd/{number}", os.O_WRONLY | os.O_NONBLOCK)
    written = 0
    while written < 10000:
        try:
            os.write(into, chance.randbytes(chance.randint(1, 64)))
            written += 1
        except BlockingIOError:
            time.sleep(0.001)
    os.close(into)
    after = rows()
    yield from expected(before == after, f"{before} became {after}")
    troupe("restart", "crasher")


# --- 8. Who may, and what does not fit


@holds("8.1", "another user may not look, and root may")
def other_user(running, troupe):
    if os.geteuid() != 0:
        raise left_out("it takes root to be somebody else")
    need("setpriv")
    become = ["setpriv", f"--reuid={NOBODY}", "--clear-groups"]
    with tempfile.TemporaryDirectory() as folder:  # which the other user can reach
        os.chmod(folder, 0o755)
        copy = held_tool(shutil.copy(troupe.path, folder))
        for arguments in (("ps", "-p", running.pid), ("mailbox", "backlog", "-p", running.pid)):
            said = copy(*arguments, code=1, before=become)
            yield from expected("you may not look into process" in said.errors and not said.text, said)
        with program(shutil.copy(running.path, folder), running.method, before=become) as other:
            # What changes it comes last, and what needs a backlog at the very end.
            some = [*of_sections("1", "2", "3", "4", "5"), *of_sections("3", "4", "5", only=("5.3", "3.4", "4.5"))]
            yield from faults_of_sections("of another user's program, as root", other, troupe.of(other.pid), some)


@holds("8.2", "no program, and two of them")
def how_many(running, troupe):
    with program(running.path, running.method) as other:
        said = troupe("ps", code=1)
        yield from expected("say which with -p PID" in said.errors, said)
        pid = by_name(troupe("ps", "--json", "-p", other.pid).object["actors"])["backlog"]["outer_pid"]
        found = troupe("ps", "--json", "-p", pid).object["programs"][0]["pid"]
        yield from expected(found == other.pid, f"{found}, and not {other.pid}")


@holds("8.3", "tool and program of different layouts refuse each other")
def other_layout(running, troupe):
    into, _ = copy_of(running.memory())
    page = identity_page(into)
    layout = int.from_bytes(os.pread(into, 4, page + 12), "little")
    os.pwrite(into, (layout + 1).to_bytes(4, "little"), page + 12)
    said = troupe("ps", "-p", os.getpid(), code=1)
    os.close(into)
    yield from expected(f"layout {layout + 1}" in said.errors and f"layout {layout})" in said.errors, said)
    if options.other is None:
        raise left_out("the other direction needs --other TROUPE")
    said = held_tool(options.other)("ps", "-p", running.pid, code=1)
    told = set(re.findall(r"layout (\d+)", said.errors))
    yield from expected(str(layout) in told and len(told) == 2, said)


@holds("8.4", "random bytes in the memory lead to words")
def random_bytes(running, troupe):
    yield from faults_of_copies(options.sanitized or troupe.path, running.memory(), options.copies, not options.patient)


@holds("8.5", "a program that ends meanwhile", fresh=True)
def ending(running, troupe):
    killer = threading.Timer(random.uniform(0, 0.1), os.kill, (running.pid, signal.SIGKILL))
    for number in range(100):
        if number == 20:
            killer.start()  # it is ended while it is looked at, or between two looks
        of = ("-p", running.pid) if number < 20 else ()
        said = troupe("ps", "--sample", 0, *of, code=(0, 1))
        rows = said.text.splitlines()[2:]
        whole = (said.code == 0 and said.text.startswith(Path(running.path).name) and rows and
                 all(re.search(rf"\b({'|'.join(SIX)})\b", row.split("  ")[0]) and len(row.split()) >= 10 for row in rows))
        told = said.code == 1 and ("ended while it was looked at" in said.errors or "no program" in said.errors)
        yield from expected(whole or told, said)
