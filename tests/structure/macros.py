"""Names that programs and their libraries define as macros do not break the public headers.

usage: macros.py COMPILER...

The standard headers are included first, as they come first in any program that defines such names: they are not asked to
bear them. What is public in troupe (send, error, run, queue, log and so on) cannot be a macro, as no name that a program uses.
"""

import re
import subprocess
import sys

from sources import ROOT, files
from closing_line import report

# Of test frameworks and logging; of Qt; of X11, Windows and the C library; of who likes short names.
CALLS = """check require verify expect ensure must fail assert abort_if log debug trace info warn warning fatal panic print
    emit foreach forever connect min max major minor makedev bit test assume unreachable concat stringify unused""".split()
WORDS = """slots signals emit foreach forever interface small near far cdecl pascal IN OUT OPTIONAL TRUE FALSE DELETE ERROR
    STRICT CONST VOID BOOL None True False Bool Status Success Always Above Below EMPTY OVERFLOW UNDERFLOW DOMAIN HUGE
    PI I B0 unix linux i386 major minor likely unlikely check verify require assume yes no debug hz mhz DEBUG LOG
    INFO WARNING FATAL CHECK REQUIRE ASSERT MIN MAX""".split()

compiler = sys.argv[1:] + ["-std=c++20", "-I", str(ROOT / "include"), "-fsyntax-only", "-x", "c++", "-"]
HEADERS = [one.relative_to("include") for one in files("include")
           if one.suffix == ".hpp" and one.name != "msgpack.hpp"]


def standard_headers():
    found = set()
    for one in files("include"):
        if one.suffix == ".hpp":
            found |= set(re.findall(r"^#include <([a-z_]+)>$", (ROOT / one).read_text(), re.MULTILINE))
    return sorted(found)


def broken_by(definitions):
    lines = [f"#include <{one}>" for one in standard_headers()]
    lines += definitions
    lines += [f"#include <{one}>" for one in HEADERS]
    done = subprocess.run(compiler, input="\n".join(lines) + "\n", capture_output=True, text=True)
    return [line for line in done.stderr.splitlines() if "error" in line][:5] if done.returncode else []


tests = report()
tests.check("structure: the public headers bear function-like macros of common names",
            broken_by([f"#undef {one}\n#define {one}(...) macro of a program" for one in CALLS]))
tests.check("structure: the public headers bear macros of common words",
            broken_by([f"#undef {one}\n#define {one} 7 macro 7" for one in WORDS]))
tests.close()
