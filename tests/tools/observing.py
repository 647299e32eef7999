"""Holds trace and top to what they say, and to what they leave behind whoever is killed meanwhile.

usage: observing.py START_METHOD TROUPE PROGRAM     PROGRAM is tests/programs/observed
"""

import fcntl
import os
import pty
import random
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

from inspection import PATIENCE, WATCHDOG, by_name, program, tool, within
from closing_line import report
from traces import faults_of_arrows, faults_of_open_slice, faults_of_slices, instants_of, tracing, tracks_of

METHOD, TROUPE, PROGRAM = sys.argv[1], tool(sys.argv[2]), sys.argv[3]
# What is observed is observed for eight seconds more; and the machine may be busy.
OVER = PATIENCE * 6

tests = report()


def expected(condition, said):
    return [] if condition else [str(said)]


def actors():
    return by_name(TROUPE("ps", "--json", "--sample", 0).object["actors"])


def shared_bytes():
    return TROUPE("ps", "--json", "--sample", 0).object["programs"][0]["shared_bytes"]


def check_trace(folder):
    before = actors()
    made = tracing(TROUPE, folder)
    made.has_begun()
    for _ in range(5):
        TROUPE("restart", "crasher")
    code, said, errors = made.end()
    tests.check("trace: Ctrl-C ends it in order", expected(code == 0 and not errors and "ui.perfetto.dev" in said,
                                                          (code, said, errors)))
    events = made.events
    tracks = tracks_of(events)
    tests.check("trace: each actor has a track", [f"{name} has none" for name in before if name not in tracks])
    tests.check("trace: a handler that never returns is one open slice",
                faults_of_open_slice(events, tracks.get("spinner"), "observed::spin"))
    instants = instants_of(events, tracks.get("crasher"))
    tests.check("trace: as many beginnings as ends of an actor that is started again",
                expected(instants.count("began") == instants.count("ended") == 5, instants))
    tests.check("trace: slices end after they began", faults_of_slices(events))
    tests.check("trace: each arrow has both ends", faults_of_arrows(events))
    refused = TROUPE("trace", "--seconds", 0, "-o", folder + "/nowhere/trace.json")
    tests.check("trace: a file that cannot be written is told",
                expected(refused.code == 1 and "cannot be written" in refused.errors, refused))


def check_messages(folder):
    """Of a program that works, and ends while it is traced."""
    with program(PROGRAM, METHOD, "busy") as working:
        made = tracing(TROUPE.of(working.pid), folder)
        made.has_begun()
        time.sleep(1)
        os.kill(working.pid, signal.SIGTERM)
        code, said, errors = made.until_over()
    tests.check("trace: it ends with the program", expected(code == 0 and not errors and "ui.perfetto.dev" in said,
                                                            (code, said, errors)))
    events = made.events
    tests.check("trace: an arrow goes from where a message was sent to where it was taken",
                [*expected(any(one["ph"] == "s" for one in events), "there is no arrow"), *faults_of_arrows(events)])
    tests.check("trace: slices end after they began, also of a program that ends", faults_of_slices(events))


def check_deaths(folder):
    """Blocks are free again, whoever is killed at whatever moment."""
    within(OVER, lambda: expected(shared_bytes() == TROUPE.unobserved, "still observed"))
    moments = random.Random(os.getpid())
    for _ in range(3):
        made = tracing(TROUPE, folder)
        made.has_begun()
        time.sleep(moments.random() / 5)
        within(OVER, lambda: expected(actors()["crasher"]["outer_pid"], "crasher is down"))
        os.kill(actors()["crasher"]["outer_pid"], signal.SIGKILL)
        time.sleep(moments.random() / 5)
        made.kill()

    def over():
        now = shared_bytes()
        return expected(now <= TROUPE.unobserved, f"{now} bytes are used, and {TROUPE.unobserved} were before")

    tests.check("observing: it is over, and its memory is free, when tools and actors were killed", within(OVER, over))
    names = set(actors())
    tests.check("observing: all actors live", expected("crasher" in names and "spinner" in names, names))


class pseudo_terminal:
    def __init__(self, *more, rows=24, columns=80):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen([TROUPE.path, "top", "--delay", "0.2", *more, "-p", str(TROUPE.pid)], stdin=self.slave, stdout=self.slave,
                                        stderr=subprocess.PIPE, start_new_session=True,
                                        env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"})
        self.seen = b""

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        if select.select([self.master], [], [], 0.1)[0]:
            self.seen += os.read(self.master, 65536)

    def until(self, text):
        end = time.monotonic() + WATCHDOG
        while text not in self.seen and self.process.poll() is None and time.monotonic() < end:
            self.read()
        return expected(text in self.seen, f"no {text!r} in {self.seen[-3000:]!r}")

    def press(self, keys):
        self.seen = b""
        os.write(self.master, keys)

    def until_over(self):
        end = time.monotonic() + WATCHDOG
        while self.process.poll() is None and time.monotonic() < end:
            self.read()
        code = self.process.poll()
        is_as_before = termios.tcgetattr(self.slave) == self.before
        self.process.kill()
        errors = self.process.communicate()[1]
        os.close(self.master)
        os.close(self.slave)
        return [*expected(code == 0, (code, errors)), *expected(is_as_before, "the terminal's modes are others")]


def check_top():
    once = TROUPE("top", "--once")
    tests.check("top: --once has a line for each actor",
                expected(once.code == 0 and all(name in once.text for name in actors()), once))
    none = TROUPE("top")
    tests.check("top: without a terminal it says what to do instead",
                expected(none.code == 1 and "top needs a terminal" in none.errors, none))
    timed = TROUPE("top", "--once", "--latency", "--json")
    tests.check("top: --latency has a list of message types", expected("latency" in timed.object, timed))

    at = pseudo_terminal("--sort", "name")  # the first is no program, which it would not kill
    tests.check("top: 80 columns and 24 lines are enough", at.until(b"spinner"))
    at.press(b"k")
    tests.check("top: it asks before it kills", at.until(b"y/n"))
    at.press(b"n")
    tests.check("top: it goes on when the answer is no", at.until(b"q quits"))
    at.resize(10, 40)
    os.kill(at.process.pid, signal.SIGWINCH)
    at.press(b"\r")
    tests.check("top: one actor is shown, and a smaller terminal is enough", at.until(b"(pid "))
    at.press(b"q")
    tests.check("top: q ends it, and leaves the terminal as it was", at.until_over())

    at = pseudo_terminal("--sort", "name")  # crasher, east, holder, idle, program
    faults = at.until(b"crasher")
    at.press(b"r")
    faults += at.until(b"y/n")
    at.press(b"y")
    faults += at.until(b"was told to end")
    tests.check("top: an actor is restarted when the answer is yes", faults)
    at.press(b"\x1bOB" * 4 + b"k")
    tests.check("top: it does not kill the program itself", at.until(b"is the program itself"))
    at.press(b"q")
    at.until_over()

    at = pseudo_terminal()
    faults = at.until(b"spinner")
    at.process.terminate()
    tests.check("top: a signal ends it, and leaves the terminal as it was", [*faults, *at.until_over()])


with tempfile.TemporaryDirectory() as folder, program(PROGRAM, METHOD) as running:
    TROUPE.pid = running.pid
    TROUPE("trace", "--seconds", 0, "-o", folder + "/first.json")
    # The first one makes pages that say which blocks are taken; they stay.
    smallest = []

    def is_over():
        smallest.append(shared_bytes())
        return expected(len(smallest) > 90 or smallest[-1] < smallest[0], smallest)

    within(OVER / 5, is_over)
    TROUPE.unobserved = min(smallest)
    check_trace(folder)
    check_messages(folder)
    check_deaths(folder)
    check_top()
tests.close()
