#!/usr/bin/env python3
"""Runs checksums over every file below the given folders, and sha256sum beside it.

usage: against_sha256sum.py CHECKSUMS FOLDER...     exits with 0 when both print the same
"""

import subprocess
import sys
import time

from against_coreutils import files_below


def timed(*arguments, **options):
    """(what it printed, seconds)"""
    start = time.monotonic()
    done = subprocess.run(*arguments, stdout=subprocess.PIPE, **options)
    if done.returncode != 0:
        sys.exit(f"{arguments[0][0]} ended with {done.returncode}")
    return done.stdout.decode(errors="surrogateescape"), time.monotonic() - start


def summed_by_coreutils(files):
    names = b"\0".join(name.encode(errors="surrogateescape") for name in files)
    return timed(["xargs", "-0", "sha256sum", "--"], input=names)


def main():
    checksums, folders = sys.argv[1], sys.argv[2:]
    files = files_below(folders)
    print(f"{len(files)} files below {' and '.join(folders)}", flush=True)
    for name in files:  # so that neither finds them on the disk, and the other in memory
        with open(name, "rb") as file:
            while file.read(1 << 20):
                pass
    theirs, their_seconds = summed_by_coreutils(files)
    ours, our_seconds = timed([checksums] + folders)
    print(f"checksums {our_seconds:.2f} s, sha256sum {their_seconds:.2f} s")
    same = sorted(ours.splitlines()) == sorted(theirs.splitlines())
    print(f"{len(files)} answers, and both are the same" if same else "THE ANSWERS DIFFER")
    sys.exit(0 if files and same else 1)


if __name__ == "__main__":
    main()
