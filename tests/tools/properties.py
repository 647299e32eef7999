"""The list of properties that acceptance.py goes through, and what all of them use."""

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import inspection
from every_command import faults_since, held, marks
from inspection import by_name, program

# Commands that only read, each in one of its forms, and the exit code that it has while there is a cycle.
READERS = ((("ps", "--json"), 0), (("mailbox", "backlog"), 0), (("queues",), 0), (("pipes",), 0), (("wait-graph",), 3),
           (("explain", "--last"), 0))
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


def actors(troupe, *more):
    said = troupe("ps", "--json", *more)
    if said.code != 0:
        raise RuntimeError(str(said))
    rows = by_name(said.object["actors"])
    if len(rows) != len(said.object["actors"]):
        raise RuntimeError(f"two actors have one name: {[row['name'] for row in said.object['actors']]}")
    return rows


def status(pid):
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


class options:
    """What was said on the command line."""

    copies = 200      # of the segment, with random bytes in them
    other = None      # a tool that was built with another layout
    sanitized = None  # a tool that was built with the sanitizers
    stripped = None   # the program without symbols
    patient = False   # the machine is busy


class standing:
    """While all processes are stopped or traced, all is as before but for STATE and CPU."""

    state = None


def state_is(wanted):
    return lambda found: found in (wanted, standing.state)


def has_free_cpu():
    return not options.patient and standing.state is None and os.getloadavg()[0] + 1 < (os.cpu_count() or 1)


@contextmanager
def without_symbols(running):
    """The same program, stripped, without its spinner."""
    with tempfile.TemporaryDirectory() as folder:
        copy = options.stripped
        if copy is None:
            need("strip")
            copy = Path(folder) / Path(running.path).name
            subprocess.run(["strip", "-s", "-o", copy, running.path], check=True)
        with program(copy, running.method, "quiet") as other:
            yield other


def stripped(running):
    """For each program that is the same without symbols: one, or none while the first one is stopped or traced."""
    if standing.state is None:
        with without_symbols(running) as other:
            yield other


def within(seconds, faults_of):
    """As inspection.within. A command that was asked again was allowed to fail before."""
    begun = marks()

    def asked():
        del held.broken[begun[0]:]
        return [*faults_of(), *held.broken[begun[0]:]]

    faults = inspection.within(seconds * (6 if options.patient else 1), asked)
    del held.broken[begun[0]:]
    return faults


def identity_page(memory):
    """Where it begins, which says what program this is (runtime/shm/program_identity.hpp)."""
    return os.fstat(memory).st_size - 4096


def faults_of(function, running, troupe):
    """Also those of the commands that it ran."""
    begun, faults = marks(), []
    try:
        for fault in function(running, troupe):
            faults.append(fault)
    except left_out:
        faults += faults_since(begun)
        if not faults:
            raise
    except Exception as problem:  # a missing key, or no JSON: a fault of what is tested
        faults.append(f"{type(problem).__name__}: {problem}")
    return faults + faults_since(begun)
