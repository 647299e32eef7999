"""Each public header compiles alone, and the one that programs include stays cheap to include.

usage: public_headers.py COMPILER...
"""

import subprocess
import sys

from sources import ROOT, files
from closing_line import report

# Seconds of every compilation of every user, or somebody else's names.
DEAR = ("iostream", "regex", "functional", "ranges", "format", "filesystem", "thread", "future", "msgpack.hpp", "uv.h")

compiler = sys.argv[1:] + ["-std=c++20", "-I", str(ROOT / "include"), "-x", "c++"]


def alone(path):
    header = path.relative_to("include")
    done = subprocess.run(compiler + ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-"],
                          input=f"#include <{header}>\n", capture_output=True, text=True)
    return done.stderr.splitlines()[:5] if done.returncode else []


def dear_includes(header):
    """Files of those names among everything the header pulls in."""
    done = subprocess.run(compiler + ["-M", "-"], input=f"#include <{header}>\n", capture_output=True, text=True)
    if done.returncode:
        return done.stderr.splitlines()[:5]
    pulled = [word for word in done.stdout.split() if "/" in word and "/bits/" not in word]
    return [f"{header} includes <{name}>: {word}" for word in pulled for name in DEAR if word.endswith("/" + name)]


tests = report()
for one in files("include"):
    # The bridge to msgpack-cxx includes it for those who ask, and it is not clean under -Wpedantic everywhere.
    tests.check(f"structure: {one.relative_to('include')} compiles alone", alone(one))
if (ROOT / "include/troupe/troupe.hpp").exists():
    tests.check("structure: troupe/troupe.hpp includes nothing that makes every program slow to compile",
                dear_includes("troupe/troupe.hpp"))
tests.close()
