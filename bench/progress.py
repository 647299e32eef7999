"""How far is it? A bar on a terminal, a line for each program anywhere else."""

import sys
import time

WIDTH = 30


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class Progress:
    """Writes between the programs only: nothing wakes up while one measures."""

    def __init__(self, steps, to=None):
        self.to = to or sys.stderr
        self.steps, self.done, self.start = steps, 0, time.monotonic()
        self.terminal = self.to.isatty()

    def begins(self, sentence):
        share = self.done / max(1, self.steps)
        if self.terminal:
            filled = round(WIDTH * share)
            took = time.monotonic() - self.start
            left = f", about {clock(took / share - took)} left" if self.done > 2 else ""
            print(f"\r\x1b[K[{'#' * filled}{'.' * (WIDTH - filled)}] {100 * share:3.0f} %  {sentence}{left}",
                  end="", file=self.to, flush=True)
        else:
            print(f"{self.done + 1} of {self.steps}: {sentence}", file=self.to, flush=True)
        self.done += 1

    def ends(self):
        if self.terminal:
            print("\r\x1b[K", end="", file=self.to, flush=True)
