#!/usr/bin/env python3
"""How long does a small program that uses troupe take to compile, at -O0 and at -O2?

Compiles examples/queue.cpp with the compiler of the build. The floor beside it is a file that includes the standard
headers that troupe's include, and nothing else. Prints a figure a line, as the other programs do.
"""

import argparse
import json
import os
import re
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMPILER = [word for word in shlex.split("@compiler@") if Path(word).name != "ccache"]
ROOT = Path("@root@")
HEADERS = ROOT / "include"


def standard_headers():
    """A source that includes what the public headers include of the standard library."""
    names = set()
    for path in (HEADERS / "troupe").rglob("*.hpp"):
        names.update(re.findall(r"^#include <([a-z_]+)>$", path.read_text(encoding="utf-8"), re.MULTILINE))
    return "".join(f"#include <{name}>\n" for name in sorted(names)) + "int main() {}\n"


def cpu_time():
    """Seconds of CPU time that children have used which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compile_once(source, level, folder):
    """Seconds, and whether an object came of it."""
    made = Path(folder) / "made.o"
    made.unlink(missing_ok=True)
    began = time.monotonic()
    done = subprocess.run([*COMPILER, "-std=c++20", level, f"-I{HEADERS}", "-c", str(source), "-o", str(made)],
                          env={**os.environ, "CCACHE_DISABLE": "1"}, stdin=subprocess.DEVNULL, check=False)
    return time.monotonic() - began, done.returncode == 0 and made.is_file()


def measure(name, source, level, seconds, folder):
    durations, errors, before = [], 0, cpu_time()
    end = time.monotonic() + seconds
    while not durations or time.monotonic() < end:
        duration, right = compile_once(source, level, folder)
        durations.append(duration)
        errors += not right
    print(json.dumps({"program": "compile_time", "name": f"{name} {level}", "unit": "s",
                      "value": statistics.median(durations), "p99": 0, "jain": 0,
                      "cpu_us": 1e6 * (cpu_time() - before) / len(durations), "count": len(durations),
                      "errors": errors}), flush=True)
    return errors == 0


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=5, help="how long each figure is measured; once at least")
    options.add_argument("--filter", default="", help="only figures whose name contains it")
    given = options.parse_args()
    right = True
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "standard.cpp"
        bare.write_text(standard_headers(), encoding="utf-8")
        sources = (("standard headers", bare), ("queue.cpp", ROOT / "examples" / "queue.cpp"))
        for name, level, source in ((name, level, source) for level in ("-O0", "-O2") for name, source in sources):
            if given.filter in f"{name} {level}":
                right = measure(name, source, level, given.seconds, folder) and right
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
