"""Copies of a program's memory, with random bytes in them, and what the tool says of them."""

import concurrent.futures
import fcntl
import multiprocessing
import os
import random
import subprocess
import sys
import time

from inspection import tool

COMMANDS = (("ps", "--json", "--sample", 0), ("mailbox", "backlog"), ("queues", "--sample", 0), ("pipes",), ("wait-graph",),
            ("explain", "--last"), ("explain", "crasher", "--json"), ("mailbox", "backlog", "--contents", "--json"),
            ("ps", "--json", "--full", "--sample", 0), ("locks",), ("names",), ("pools",), ("metrics",), ("mailbox", "left", "--json"),
            ("wait-graph", "--json"), ("wait-graph", "--dot"), ("explain", "1", "--json"), ("stack", "left"),
            ("top", "--once", "--delay", 0.05))
AT_ONCE, PART, PAGE = 2, 50, 4096
IDENTITY_BYTES, PID_IN_IDENTITY = 4096, 20  # at the end of the memory (runtime/shm/program_identity.hpp)
MOST_FAULTS = 20
MOST_SECONDS, WATCHDOG = 2, 120
# A report of theirs has an exit code of its own, so that it is none of the tool's.
SANITIZERS = {"ASAN_OPTIONS": "exitcode=99", "UBSAN_OPTIONS": "exitcode=99:halt_on_error=1:print_stacktrace=1"}


def copy_of(memory):
    """(descriptor, offsets and lengths of what is in it): a memory of the same content, with the same holes, as if it were
    that of a program that this process has begun."""
    source = os.open(memory, os.O_RDONLY)
    size = os.fstat(source).st_size
    into = os.memfd_create("troupe", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(into, size)
    ranges, at = [], 0
    while True:
        try:
            at = os.lseek(source, at, os.SEEK_DATA)
        except OSError:
            break
        end = os.lseek(source, at, os.SEEK_HOLE)
        ranges.append((at, end - at))
        while at < end:
            some = os.pread(source, min(end - at, 1 << 20), at)
            os.pwrite(into, some, at)
            at += len(some)
    fcntl.fcntl(into, fcntl.F_ADD_SEALS, fcntl.fcntl(source, fcntl.F_GET_SEALS))
    os.close(source)
    # The tool takes a memory for that of a program whose first process has this pid.
    os.pwrite(into, os.getpid().to_bytes(4, "little"), size - IDENTITY_BYTES + PID_IN_IDENTITY)
    return into, ranges


def change(into, ranges, chance):
    """Eight bytes at some places, of every second copy all in one page; what was there before."""
    was = []
    if chance.random() < 0.5:
        begin, length = chance.choice(ranges)
        ranges = [(begin + chance.randrange(length) // PAGE * PAGE, PAGE)]
    for _ in range(chance.choice((1, 10, 100, 1000))):
        begin, length = chance.choice(ranges)
        at = begin + chance.randrange(length) // 8 * 8
        was.append((at, os.pread(into, 8, at)))
        value = chance.choice((chance.randbytes(8), b"\xff" * 8, bytes(8), chance.randrange(1 << 16).to_bytes(8, "little")))
        os.pwrite(into, value, at)
    return was


def faults_of_one(path, number, timed):
    command = COMMANDS[number % len(COMMANDS)]
    began = time.monotonic()
    try:
        said = tool(path)(*command, "-p", os.getpid(), timeout=WATCHDOG, environment=SANITIZERS)
    except subprocess.TimeoutExpired:
        return [f"copy {number}, {command}: it was not over after {WATCHDOG} s"]
    took = time.monotonic() - began
    if said.code not in (0, 1, 3) or "Sanitizer" in said.errors or "runtime error" in said.errors:
        return [f"copy {number}, {command}: {said}"]
    return [f"copy {number}, {command}: it took {took:.2f} s"] if timed and took > MOST_SECONDS else []


def faults_of_some(path, memory, numbers, timed):
    """In a process of its own, by whose pid the tool finds the copy. The number of a copy says what is in it."""
    into, ranges = copy_of(memory)
    unchanged = tool(path)("ps", "-p", os.getpid(), timeout=WATCHDOG, environment=SANITIZERS)
    faults = [] if unchanged.code == 0 else [f"a copy as it was: {unchanged}"]
    for number in numbers:
        was = change(into, ranges, random.Random(number))
        faults += faults_of_one(path, number, timed)
        for at, value in reversed(was):
            os.pwrite(into, value, at)
    os.close(into)
    return faults


def faults_of_copies(path, memory, copies, timed):
    """Those of the first parts that have some; it says on stderr how far it is where there are many."""
    parts = [range(first, min(first + PART, copies)) for first in range(0, copies, PART)]
    faults = []
    with concurrent.futures.ProcessPoolExecutor(AT_ONCE, multiprocessing.get_context("fork")) as pool:
        some = [pool.submit(faults_of_some, path, memory, part, timed) for part in parts]
        for number, one in enumerate(some, 1):
            faults += one.result()
            if number % 10 == 0:
                print(f"8.4: {parts[number - 1].stop} of {copies} copies", file=sys.stderr, flush=True)
            if len(faults) >= MOST_FAULTS:
                pool.shutdown(cancel_futures=True)
                break
    return faults
