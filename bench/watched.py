#!/usr/bin/env python3
"""Runs a program of the benchmarks while `troupe top` reads it ten times a second.

    bench/watched.py TROUPE PROGRAM OPTION...

What the program prints, and its exit code, are those of the program. Where it was not read, that is told, and the exit
code is 1.
"""

import os
import pty
import subprocess
import sys
import threading
import time

BETWEEN_LOOKS = 0.1  # seconds
BETWEEN_TRIES = 0.01
SEEN_TO_THE_END = "ended while it was looked at"  # as top says it


class Top:
    """A `troupe top` on a terminal of its own. What it draws is taken away, or it would wait."""

    def __init__(self, tool, pid):
        self.has_drawn = False
        self.said = ""
        self.master, terminal = pty.openpty()
        self.process = subprocess.Popen(
            [tool, "top", "--delay", str(BETWEEN_LOOKS), "-p", str(pid)], stdin=terminal, stdout=terminal,
            stderr=subprocess.PIPE, text=True, start_new_session=True, env={**os.environ, "TERM": "xterm"})
        os.close(terminal)
        self.taker = threading.Thread(target=self._take, daemon=True)
        self.taker.start()

    def _take(self):
        try:
            while os.read(self.master, 1 << 16):
                self.has_drawn = True
        except OSError:  # nobody has the terminal any more
            pass

    def has_ended(self):
        return self.process.poll() is not None

    def close(self):
        """It ends by itself once its program has."""
        try:
            self.said = self.process.communicate(timeout=5)[1].strip()
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.said = self.process.communicate()[1].strip()
        self.taker.join()
        os.close(self.master)


def watch(tool, program):
    """Until it ends; gives what was wrong, or None."""
    top = Top(tool, program.pid)
    while program.poll() is None and not top.has_drawn:
        if top.has_ended():  # the program was not there yet
            top.close()
            time.sleep(BETWEEN_TRIES)
            top = Top(tool, program.pid)
        time.sleep(BETWEEN_TRIES)
    program.wait()
    top.close()
    if top.has_drawn and SEEN_TO_THE_END in top.said:
        return None
    return f"troupe top has not read it to its end: {top.said or 'it was over too soon'}"


def main():
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    program = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)
    wrong = watch(sys.argv[1], program)
    if program.returncode == 0 and wrong:
        print(wrong, file=sys.stderr)
        return 1
    return program.returncode if program.returncode >= 0 else 128 - program.returncode


if __name__ == "__main__":
    sys.exit(main())
