#!/usr/bin/env python3
"""How fast is examples/web_server, as wrk sees it: requests a second, and how long one takes?

usage: wrk.py WEB_SERVER [--seconds N]

The server has a worker for each CPU, two at least, and wrk takes one thread on the same machine; nobody is pinned. The
answer to each request is a text of some twenty bytes. Prints a figure a line, as the other programs do. Where wrk or the
server is missing, the settings say so.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys

CONNECTIONS = (1, 100)
MICROSECONDS = {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}
READY = re.compile(r"\d+ workers serve http://localhost:(\d+)")


def show(**figure):
    print(json.dumps({"program": "wrk", **figure}), flush=True)


def duration(text, percent):
    """That percentile of wrk's, in microseconds."""
    value, unit = re.search(rf"^ +{percent}% +([\d.]+)(us|ms|s|m)$", text, re.MULTILINE).groups()
    return float(value) * MICROSECONDS[unit]


def errors_in(text):
    """Requests without an answer, and answers that are no success. Both lines are missing where there is none."""
    failed = [int(n) for line in re.findall(r"Socket errors: (.*)", text) for n in re.findall(r"\d+", line)]
    return sum(failed) + sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", text))


def measure(address, connections, seconds):
    done = subprocess.run(["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s",
                           "--latency", address], capture_output=True, text=True, check=True)
    text = done.stdout
    count = int(re.search(r"(\d+) requests in", text).group(1))
    rate = float(re.search(r"Requests/sec: +([\d.]+)", text).group(1))
    name = f"{connections} connection" + ("s" if connections > 1 else "")
    wrong = errors_in(text)
    show(name=f"requests on {name}", unit="k/s", value=rate / 1e3, p99=0, jain=0, count=count, errors=wrong)
    show(name=f"a request on {name}", unit="us", value=duration(text, 50), p99=duration(text, 99), jain=0, count=count,
         errors=wrong)
    return wrong == 0 and count > 0


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("server", help="the program examples/web_server")
    options.add_argument("--seconds", type=float, default=2, help="for each number of connections; wrk takes whole ones")
    given = options.parse_args()
    missing = [program for program in ("wrk", given.server) if not shutil.which(program)]
    settings = "wrk --threads 1 against examples/web_server, a worker for each CPU, the scheduler picks the CPUs"
    if missing:
        settings = f"left out: there is no {' and no '.join(missing)}"
    print(json.dumps({"program": "wrk", "settings": settings}), flush=True)
    if missing:
        return 0
    with subprocess.Popen([given.server, "0"], stdout=subprocess.PIPE, text=True) as server:
        try:
            ready = READY.match(server.stdout.readline())
            if not ready:
                print(f"{given.server} does not serve", file=sys.stderr)
                return 1
            right = [measure(f"http://127.0.0.1:{ready.group(1)}/", n, max(1, round(given.seconds))) for n in CONNECTIONS]
        finally:
            server.terminate()
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
