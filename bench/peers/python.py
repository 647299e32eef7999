#!/usr/bin/env python3
"""The same work in Python's multiprocessing: round trips, one way, and start to join.

Prints a figure a line, as the other programs do. Both sides run where the scheduler likes.
"""

import argparse
import json
import multiprocessing
import statistics
import struct
import sys
import time

WARMING_UP = 3
FEWEST = 3
FORM = struct.Struct("<q56s")
REST = bytes(range(56))


def message(number):
    """64 bytes, all written."""
    return FORM.pack(number, REST)


def number_of(received):
    """The number of a message, or -1 if it is not whole."""
    number, rest = FORM.unpack(received)
    return number if rest == REST else -1


def show(name, unit, value, count, errors, p99=0.0):
    print(json.dumps({"program": "python_peer", "name": name, "unit": unit, "value": value, "p99": p99, "jain": 0,
                      "count": count, "errors": errors}), flush=True)
    return errors == 0 and count > 0


def timed(name, unit, scale, durations, errors):
    ranked = sorted(durations)
    if not ranked:
        return show(name, unit, 0, 0, errors)
    return show(name, unit, statistics.median(ranked) * scale, len(ranked), errors,
                ranked[int(0.99 * (len(ranked) - 1))] * scale)


class Queues:
    """Two queues; each side puts into one and gets from the other."""

    def __init__(self, method):
        self.out, self.back = method.Queue(1024), method.Queue(1024)

    def other(self):
        return self.out.get, self.back.put

    def mine(self):
        return self.out.put, self.back.get


class Pipes:
    def __init__(self, method):
        self.near, self.far = method.Pipe()

    def other(self):
        return self.far.recv_bytes, self.far.send_bytes

    def mine(self):
        return self.near.send_bytes, self.near.recv_bytes


def answer(channel):
    get, put = channel.other()
    while received := get():
        put(message(number_of(received) + 1))


def round_trip(method, kind, seconds):
    channel = kind(method)
    peer = method.Process(target=answer, args=(channel,), daemon=True)
    peer.start()
    put, get = channel.mine()
    durations, errors, number = [], 0, 0
    start = last = time.perf_counter()
    while last < start + seconds:
        put(message(number))
        if number_of(get()) != number + 1:
            errors += 1
        now = time.perf_counter()
        if now > start + seconds / 10:
            durations.append(now - last)
        number += 1
        last = time.perf_counter()
    put(b"")
    peer.join()
    return timed(f"round trip {kind.__name__[:-1]}", "us", 1e6, durations, errors)


def read(channel):
    """Counts until the empty message, and says what it saw."""
    get, put = channel.other()
    count = errors = 0
    start = time.perf_counter()
    while received := get():
        if count == 0:
            start = time.perf_counter()
        if number_of(received) != count:
            errors += 1
        count += 1
    put((json.dumps([time.perf_counter() - start, count, errors])).encode())


def one_way(method, kind, seconds):
    channel = kind(method)
    peer = method.Process(target=read, args=(channel,), daemon=True)
    peer.start()
    put, get = channel.mine()
    end = time.perf_counter() + seconds
    sent = 0
    while time.perf_counter() < end:
        for _ in range(16):
            put(message(sent))
            sent += 1
    put(b"")
    took, count, errors = json.loads(get())
    peer.join()
    return show(f"one way {kind.__name__[:-1]}", "M/s", count / took / 1e6, count, errors + abs(sent - count))


def nothing():
    pass


def start_and_join(name, seconds):
    method = multiprocessing.get_context(name)
    durations, errors, i = [], 0, 0
    end = time.perf_counter() + seconds
    while i < WARMING_UP + FEWEST or time.perf_counter() < end:
        start = time.perf_counter()
        one = method.Process(target=nothing)
        one.start()
        one.join()
        if i >= WARMING_UP:
            durations.append(time.perf_counter() - start)
        errors += one.exitcode != 0
        i += 1
    return timed(f"start and join {name}", "ms", 1e3, durations, errors)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=0.5, help="how long each figure is measured")
    seconds = options.parse_args().seconds
    fork = multiprocessing.get_context("fork")
    right = True
    for kind in (Queues, Pipes):
        right = round_trip(fork, kind, seconds) and right
        right = one_way(fork, kind, seconds) and right
    for name in ("fork", "forkserver", "spawn"):
        right = start_and_join(name, seconds) and right
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
