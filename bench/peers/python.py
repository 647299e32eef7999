#!/usr/bin/env python3
"""The same work in Python's multiprocessing: round trips, one way, several senders, and start to join.

Settings: bytes, which pickle copies at once, or Connection.send_bytes; queues of 1024 messages, of large ones 16; a
pool of one worker, given 64 calls at a time where many go one way. Prints a figure a line, as the other programs do.
Both sides run where the scheduler likes.
"""

import argparse
import concurrent.futures
import json
import multiprocessing
import statistics
import struct
import sys
import time

WARMING_UP = 3
FEWEST = 3
SETTINGS = "bytes; queues of 1024, of large ones 16; Connection.send_bytes; a pool of one, 64 calls at a time; fork"
SENDERS = 4
SMALL = 64
SIZES = {SMALL: "", 64 << 10: " 64 KiB", 1 << 20: " 1 MiB"}
NUMBER = struct.Struct("<q")
REST = {size: bytes(i % 251 for i in range(size - NUMBER.size)) for size in SIZES}


def message(number, size=SMALL):
    """Bytes, all of them written."""
    return NUMBER.pack(number) + REST[size]


def number_of(received):
    """The number of a message, or -1 if it is not whole."""
    rest = REST.get(len(received))
    return NUMBER.unpack_from(received)[0] if rest and received.endswith(rest) else -1


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

    def __init__(self, method, size):
        depth = 1024 if size == SMALL else 16
        self.out, self.back = method.Queue(depth), method.Queue(depth)

    def other(self):
        return self.out.get, self.back.put

    def mine(self):
        return self.out.put, self.back.get


class SimpleQueues(Queues):
    def __init__(self, method, _):
        self.out, self.back = method.SimpleQueue(), method.SimpleQueue()


class Pipes:
    def __init__(self, method, _):
        self.near, self.far = method.Pipe()

    def other(self):
        return self.far.recv_bytes, self.far.send_bytes

    def mine(self):
        return self.near.send_bytes, self.near.recv_bytes


def answer(channel):
    get, put = channel.other()
    while received := get():
        put(message(next_number(received)))


def round_trip(method, kind, seconds):
    channel = kind(method, SMALL)
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


def send(put, seconds, size, end):
    """Sends for a time, and then the end; gives how many."""
    stop = time.perf_counter() + seconds
    sent = 0
    while time.perf_counter() < stop:
        for _ in range(16 if size == SMALL else 1):
            put(message(sent, size))
            sent += 1
    put(end)
    return sent


def rate(size, count, took):
    return ("M/s", count / took / 1e6) if size == SMALL else ("GB/s", count * size / took / 1e9)


def one_way(method, kind, seconds, size=SMALL):
    channel = kind(method, size)
    peer = method.Process(target=read, args=(channel,), daemon=True)
    peer.start()
    put, get = channel.mine()
    sent = send(put, seconds, size, b"")
    took, count, errors = json.loads(get())
    peer.join()
    return show(f"one way{SIZES[size]} {kind.__name__[:-1]}", *rate(size, count, took), count,
                errors + abs(sent - count))


def send_numbered(queue, mine, seconds, sent):
    sent.put((mine, send(lambda one: queue.put((mine, one)), seconds, SMALL, b"")))


def several_senders(method, kind, seconds):
    channel, sent = kind(method, SMALL), method.SimpleQueue()
    crew = [method.Process(target=send_numbered, args=(channel.out, mine, seconds, sent), daemon=True)
            for mine in range(SENDERS)]
    for one in crew:
        one.start()
    next_one, errors, left, start = [0] * SENDERS, 0, SENDERS, 0
    while left:
        mine, received = channel.out.get()
        start = start or time.perf_counter()
        if not received:
            left -= 1
            continue
        errors += number_of(received) != next_one[mine]
        next_one[mine] += 1
    took = time.perf_counter() - start
    for mine, count in (sent.get() for _ in crew):
        errors += abs(count - next_one[mine])
    for one in crew:
        one.join()
    return show(f"{SENDERS} senders {kind.__name__[:-1]}", "M/s", sum(next_one) / took / 1e6, sum(next_one), errors)


def next_number(received):
    return number_of(received) + 1


def pool_round_trip(method, seconds):
    durations, errors, number = [], 0, 0
    with method.Pool(1) as pool:
        start = last = time.perf_counter()
        while last < start + seconds:
            answer_to = pool.apply(next_number, (message(number),))
            now = time.perf_counter()
            errors += answer_to != number + 1
            if now > start + seconds / 10:
                durations.append(now - last)
            number += 1
            last = time.perf_counter()
    return timed("round trip Pool", "us", 1e6, durations, errors)


def pool_one_way(method, seconds, at_a_time=64):
    def messages(stop):
        number = 0
        while number % at_a_time or time.perf_counter() < stop:
            yield message(number)
            number += 1

    count = errors = 0
    with method.Pool(1) as pool:
        start = time.perf_counter()
        for answer_to in pool.imap(next_number, messages(start + seconds), at_a_time):
            count += 1
            errors += answer_to != count
        took = time.perf_counter() - start
    return show("one way Pool", "M/s", count / took / 1e6, count, errors)


def same(number):
    return number


def mapped(name, map_in, count):
    """An empty task for each of so many numbers, in two processes."""
    map_in(same, range(1000))
    start = time.perf_counter()
    answers = list(map_in(same, range(count)))
    took = time.perf_counter() - start
    return show(name, "M/s", count / took / 1e6, count, 0 if answers == list(range(count)) else 1)


def maps(method):
    with method.Pool(2) as pool:
        right = mapped("map Pool, its own chunks", pool.map, 1_000_000)
        right = mapped("map Pool, chunks of one", lambda of, them: pool.map(of, them, 1), 30_000) and right
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=method) as pool:
        right = mapped("map ProcessPoolExecutor, chunks of 1,000",
                       lambda of, them: pool.map(of, them, chunksize=1000), 1_000_000) and right
        right = mapped("map ProcessPoolExecutor, chunks of one", pool.map, 10_000) and right
    return right


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
    print(json.dumps({"program": "python_peer", "settings": SETTINGS}), flush=True)
    right = True
    for kind in (Queues, SimpleQueues, Pipes):
        right = round_trip(fork, kind, seconds) and right
        for size in SIZES:
            right = one_way(fork, kind, seconds, size) and right
    for kind in (Queues, SimpleQueues):
        right = several_senders(fork, kind, seconds) and right
    right = pool_round_trip(fork, seconds) and right
    right = pool_one_way(fork, seconds) and right
    right = maps(fork) and right
    for name in ("fork", "forkserver", "spawn"):
        right = start_and_join(name, seconds) and right
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
