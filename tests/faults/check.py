"""Runs the programs of this folder, faults that people met once, under each start method, and prints a table.

usage: check.py BUILD_FOLDER COMPILER... [-- NAME...]        all, or those; the build is installed and used from there
       check.py BUILD_FOLDER COMPILER... -- --sample COUNT   a choice that differs each day, under one start method
"""

import datetime
import os
import random
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from cases import ALL, CASES  # noqa: E402
from closing_line import report  # noqa: E402
from lab import HERE, Lab  # noqa: E402


def choose(names):
    """(the cases, the start methods)"""
    if names[:1] == ["--sample"]:
        day = random.Random(datetime.date.today().toordinal())
        return day.sample(CASES, int(names[1])), [day.choice(ALL)]
    for name in set(names) - {one.name for one in CASES}:
        sys.exit(f"there is no case '{name}'; there are {', '.join(one.name for one in CASES)}")
    return [one for one in CASES if not names or one.name in names], ALL


def without_case():
    built = {source for one in CASES for source, *_ in one.programs}
    return [f"{path.name}: no case" for path in sorted(HERE.rglob("*.cpp")) if str(path.relative_to(HERE)) not in built]


def main():
    build, *rest = sys.argv[1:]
    compiler, names = (rest[: rest.index("--")], rest[rest.index("--") + 1 :]) if "--" in rest else (rest, [])
    chosen, methods = choose(names)
    tests, table = report(), []
    tests.check("every program has a case", without_case())
    with tempfile.TemporaryDirectory(prefix="faults-") as top:
        lab = Lab(build, compiler, top)
        for one in chosen:
            for program in one.programs:
                lab.order(*program)
        lab.finish_building()
        for one in chosen:
            row = [one.name]
            for method in methods:
                if method not in one.methods:
                    row.append("-")
                elif one.root and os.geteuid() != 0:
                    row.append("needs root")
                else:
                    fine = tests.check(f"{one.name} ({method}): {one.promise}", one.act(lab, method))
                    row.append("ok" if fine else "FAILED")
            table.append(row)
    print()
    for row in [["program", *methods], *table]:
        print(f"{row[0]:<24}" + "".join(f"{cell:<12}" for cell in row[1:]).rstrip())
    print()
    tests.close()


main()
