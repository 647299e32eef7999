"""A program that is looked into, and the tool that does so."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))

WATCHDOG = 120
PATIENCE = 10.0  # seconds within which what is said to come about has come about


class answer:
    """What a command printed, and how it ended."""

    def __init__(self, done):
        self.code, self.text, self.errors = done.returncode, done.stdout, done.stderr

    @property
    def object(self):
        return json.loads(self.text)

    def __str__(self):
        return f"exit code {self.code}, printed {self.text[:2000]!r}, on stderr {self.errors[:2000]!r}"


class tool:
    """Asks about the program with this pid, or about the only one there is."""

    def __init__(self, path, pid=None):
        self.path, self.pid = str(Path(path).resolve()), pid

    def of(self, pid):
        return tool(self.path, pid)

    def __call__(self, *arguments, environment=None, before=(), timeout=WATCHDOG):
        asks = arguments and arguments[0] not in ("man", "completion", "doctor") and arguments[0][0] != "-"
        if self.pid is not None and asks and "-p" not in arguments and "--help" not in arguments:
            arguments = (*arguments, "-p", self.pid)
        return answer(subprocess.run([*before, self.path, *map(str, arguments)], stdin=subprocess.DEVNULL,
                                     capture_output=True, text=True, timeout=timeout, errors="replace",
                                     env={**os.environ, "NO_COLOR": "", **(environment or {})}))


class program:
    """Runs from `with` to its end, and is told to be ready by a line `ready PID`."""

    def __init__(self, path, method, *arguments, before=()):
        self.path, self.method, self.arguments, self.before = str(Path(path).resolve()), method, arguments, before

    def __enter__(self):
        self.out = tempfile.TemporaryFile("w+")
        self.errors = tempfile.TemporaryFile("w+")
        self.started = time.monotonic()
        self.process = subprocess.Popen([*self.before, self.path, *self.arguments], stdin=subprocess.DEVNULL, stdout=self.out,
                                        stderr=self.errors, start_new_session=True,
                                        env={**os.environ, "TROUPE_START_METHOD": self.method})
        end = time.monotonic() + WATCHDOG
        while not (ready := re.search(r"^ready (\d+)", self.printed(), re.MULTILINE)):
            if self.process.poll() is not None or time.monotonic() > end:
                said = self.printed() + self.errors_printed()
                self.__exit__()
                raise RuntimeError(f"{self.path} was not ready: {said[-2000:]}")
            time.sleep(0.005)
        self.ready = time.monotonic()
        self.pid = int(ready.group(1))
        return self

    def printed(self):
        return os.pread(self.out.fileno(), 1 << 20, 0).decode(errors="replace")

    def errors_printed(self):
        return os.pread(self.errors.fileno(), 1 << 20, 0).decode(errors="replace")

    def memory(self):
        """/proc/PID/fd/N of its shared memory."""
        for one in Path(f"/proc/{self.pid}/fd").iterdir():
            if os.readlink(one).startswith("/memfd:troupe"):
                return str(one)
        raise RuntimeError(f"{self.pid} has no shared memory of troupe")

    def __exit__(self, *_):
        # Its own session: whatever was stopped in it is ended as well.
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.out.close()
        self.errors.close()


def within(seconds, faults_of):
    """The faults of the last time that it was asked; it is asked until there are none."""
    end = time.monotonic() + seconds
    while True:
        faults = list(faults_of())
        if not faults or time.monotonic() > end:
            return faults
        time.sleep(0.1)


def differences(found, wanted, where=""):
    """What of `wanted` is otherwise in `found`; what else is in there does not count."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            if key not in found:
                yield f"{where}.{key} is missing"
            else:
                yield from differences(found[key], value, f"{where}.{key}")
    elif callable(wanted):
        if not wanted(found):
            yield f"{where} is {found!r}"
    elif found != wanted:
        yield f"{where} is {found!r}, and not {wanted!r}"


def by_name(rows):
    return {row["name"]: row for row in rows}
