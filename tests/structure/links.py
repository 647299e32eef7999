"""A layer's library uses nothing that only a layer above it defines: so each can be linked with those below it alone.

usage: links.py LAYER LIBRARY LAYER LIBRARY ...     from the lowest to the highest
"""

import subprocess
import sys

from layers import below
from closing_line import report


def symbols(library):
    """(what it defines, what it needs) of troupe's own, as the linker calls them."""
    said = subprocess.run(["nm", "--format=posix", library], capture_output=True, text=True, check=True).stdout
    defined, needed = set(), set()
    for line in said.splitlines():
        words = line.split()
        if len(words) < 2 or "6troupe" not in words[0]:
            continue
        (needed if words[1] == "U" else defined).add(words[0])
    return defined, needed - defined


def main():
    libraries = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    found = {name: symbols(path) for name, path in libraries.items()}
    tests = report()
    for name, (_, needed) in found.items():
        above = [other for other in found if other != name and other not in below(name)]
        tests.check(f"structure: {name} links with what stands below it",
                    [f"{one} is defined in {other}" for other in above for one in sorted(needed & found[other][0])])
    tests.close()


main()
