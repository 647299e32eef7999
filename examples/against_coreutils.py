#!/usr/bin/env python3
"""Runs word_count over every file below the given folders, and beside it the pipeline of word_count's first comment.

usage: against_coreutils.py WORD_COUNT FOLDER...     exits with 0 when both print the same
"""

import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

SOURCE = Path(__file__).with_name("word_count.cpp")


def pipeline():
    """What follows `cat FILES |` in the first comment of word_count.cpp."""
    return re.search(r"//\s*cat FILES \| (.*)", SOURCE.read_text()).group(1)


def files_below(folders):
    found = []
    for folder in folders:
        for place, _, names in os.walk(folder):
            found += [path for path in (os.path.join(place, name) for name in names)
                      if os.path.isfile(path) and not os.path.islink(path)]
    return sorted(found)


def with_room_for_arguments():
    """Linux gives a quarter of the stack's limit to the arguments; all files go in one command."""
    _, hard = resource.getrlimit(resource.RLIMIT_STACK)
    wanted = 64 << 20
    resource.setrlimit(resource.RLIMIT_STACK, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def counted_by_troupe(word_count, files):
    """(what it printed, seconds)"""
    start = time.monotonic()
    done = subprocess.run([word_count] + files, stdout=subprocess.PIPE, preexec_fn=with_room_for_arguments)
    if done.returncode != 0:
        sys.exit(f"word_count ended with {done.returncode}")
    return done.stdout.decode(), time.monotonic() - start


def counted_by_coreutils(files):
    start = time.monotonic()
    done = subprocess.run(["bash", "-c", f"xargs -0 cat | {pipeline()}"],
                          input=b"\0".join(os.fsencode(f) for f in files), stdout=subprocess.PIPE,
                          env={**os.environ, "LC_ALL": "C"})
    return done.stdout.decode(), time.monotonic() - start


def main():
    word_count, folders = sys.argv[1], sys.argv[2:]
    files = files_below(folders)
    size = sum(os.path.getsize(f) for f in files)
    print(f"{len(files)} files, {size / 1e6:.1f} MB, below {' and '.join(folders)}", flush=True)
    theirs, their_seconds = counted_by_coreutils(files)
    ours, our_seconds = counted_by_troupe(word_count, files)

    print(f"\n{'word_count':24}coreutils")
    left, right = ours.splitlines(), theirs.splitlines()
    for row in range(max(len(left), len(right))):
        print(f"{left[row] if row < len(left) else '':24}{right[row] if row < len(right) else ''}")
    print(f"{our_seconds:7.2f} s{'':15}{their_seconds:7.2f} s\n")
    print("both answers are the same" if ours == theirs else "THE ANSWERS DIFFER")
    sys.exit(0 if files and ours and ours == theirs else 1)


if __name__ == "__main__":
    main()
