"""The list of properties that acceptance.py goes through, and what all of them use."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from inspection import by_name, program

# Commands that only read, each in one of its forms.
READERS = (("ps", "--json"), ("mailbox", "backlog"), ("queues",), ("pipes",), ("wait-graph",), ("explain", "--last"))
SIX = ["backlog", "crasher", "left", "program", "right", "spinner"]
SLACK = 0.01  # seconds, to either side of a moment
DAY = 24 * 3600
NOBODY = 65534

properties = []  # (number, what, function, whether it needs a program of its own)


def holds(number, what, fresh=False):
    def add(function):
        properties.append((number, what, function, fresh))
        return function
    return add


class left_out(Exception):
    """Why a property cannot be tried here."""


def need(*programs):
    for name in programs:
        if not shutil.which(name):
            raise left_out(f"there is no {name} here")


def expected(condition, said):
    return [] if condition else [str(said)[:3000]]


def good(said, code=0):
    return expected(said.code == code and not said.errors, said)


def actors(troupe, *more):
    said = troupe("ps", "--json", *more)
    if said.code != 0:
        raise RuntimeError(str(said))
    return by_name(said.object["actors"])


def status(pid):
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


class options:
    """What was said on the command line."""

    copies = 200  # of the segment, with random bytes in them
    other = None  # a tool that was built with another layout


class stripped:
    """The same program without symbols and debug information."""

    def __init__(self, running):
        need("strip")
        self.folder = tempfile.TemporaryDirectory()
        copy = Path(self.folder.name) / Path(running.path).name
        subprocess.run(["strip", "-s", "-o", copy, running.path], check=True)
        self.program = program(copy, running.method, "quiet")

    def __enter__(self):
        return self.program.__enter__()

    def __exit__(self, *error):
        self.program.__exit__(*error)
        self.folder.cleanup()


def identity_page(memory):
    """Where it begins, which says what program this is (runtime/shm/program_identity.hpp)."""
    return os.fstat(memory).st_size - 4096


def faults_of(function, running, troupe):
    try:
        return list(function(running, troupe))
    except left_out:
        raise
    except Exception as problem:  # a missing key, or no JSON: a fault of what is tested
        return [f"{type(problem).__name__}: {problem}"]
