#!/usr/bin/env python3
"""The same maps in the pools that Python programmers install beside the standard ones: joblib (over loky), pebble,
billiard and distributed, two processes each. One that is not installed is left out; the settings say so.

Settings: what each does by default, and chunks of one where it takes a size; numbers in, numbers out. Prints a figure a
line, as the other programs do. Both sides run where the scheduler likes.
"""

import argparse
import importlib.util
import json
import sys
import time

PROCESSES = 2
MANY, SOME, FEW = 1_000_000, 30_000, 3_000
SETTINGS = "two processes each; joblib over loky; billiard by fork; a distributed LocalCluster without its dashboard"


def same(number):
    return number


def show(name, count, took, right):
    print(json.dumps({"program": "python_pools", "name": name, "unit": "M/s", "value": count / took / 1e6, "p99": 0,
                      "jain": 0, "count": count, "errors": 0 if right else 1}), flush=True)
    return right


def mapped(name, map_in, count):
    """An empty task for each of so many numbers; the processes are there by then."""
    list(map_in(range(1000)))
    start = time.perf_counter()
    answers = list(map_in(range(count)))
    return show(name, count, time.perf_counter() - start, answers == list(range(count)))


def joblib(module):
    with module.Parallel(PROCESSES) as workers:
        call = module.delayed(same)
        return mapped("map joblib", lambda numbers: workers(call(n) for n in numbers), SOME)


def pebble(module):
    with module.ProcessPool(PROCESSES) as pool:
        right = mapped("map pebble, chunks of 1,000", lambda numbers: pool.map(same, numbers, chunksize=1000).result(),
                       10 * SOME)
        return mapped("map pebble, chunks of one", lambda numbers: pool.map(same, numbers).result(), FEW) and right


def billiard(module):
    with module.Pool(PROCESSES) as pool:
        right = mapped("map billiard, its own chunks", lambda numbers: pool.map(same, numbers), MANY)
        return mapped("map billiard, chunks of one", lambda numbers: pool.map(same, numbers, 1), SOME) and right


def distributed(module):
    with module.LocalCluster(n_workers=PROCESSES, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        with module.Client(cluster) as client:
            return mapped("map distributed", lambda numbers: client.gather(client.map(same, list(numbers), pure=False)),
                          FEW)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=0.5, help="not used: each map has an end of its own")
    options.parse_args()
    pools = (joblib, pebble, billiard, distributed)
    there = [one for one in pools if importlib.util.find_spec(one.__name__)]
    missing = [f"; {one.__name__} is left out: python3-{one.__name__} is not installed" for one in pools if one not in there]
    print(json.dumps({"program": "python_pools", "settings": SETTINGS + "".join(missing)}), flush=True)
    right = True
    for measure in there:
        right = measure(importlib.import_module(measure.__name__)) and right
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
