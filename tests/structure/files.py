"""Sizes and names of files and types, and what may not stand in them."""

import re
import subprocess
import sys

from sources import ROOT, files, text
from closing_line import report

LONGEST = 600
EMPTY_WORDS = re.compile(r"(?:^|_)(managers?|helpers?|utils?|utilities|common|misc|context|data|info)(?:_|$)")
FOLDERS = ("include", "runtime", "tests", "bench", "examples", "build-aux")
ENDINGS = (".hpp", ".cpp", ".py", ".sh")


def too_long():
    for path in files(*FOLDERS, endings=ENDINGS):
        lines = len(text(path).splitlines())
        if lines > LONGEST:
            yield f"{path}: {lines} lines, at most {LONGEST}"


def empty_file_names():
    for path in files(*FOLDERS, endings=ENDINGS):
        if any(EMPTY_WORDS.search(part) for part in (*path.parts[:-1], path.stem)):
            yield f"{path}: says nothing about what it holds"


def empty_type_names():
    for path in files("include", "runtime"):
        for number, line in enumerate(text(path).splitlines(), 1):
            found = re.match(r"\s*(?:class|struct|enum class|enum|union|namespace)\s+([\w:]+)", line)
            if found and any(EMPTY_WORDS.search(name) for name in found.group(1).split("::")):
                yield f"{path}:{number}: {found.group(1)} says nothing about what it is"


def not_as_written():
    for script in files("build-aux", endings=(".py",)):
        said = subprocess.run([sys.executable, "-B", ROOT / script, "--check"], capture_output=True, text=True)
        if said.returncode != 0:
            yield said.stderr.strip()


def unfinished():
    for path in files(*FOLDERS):
        for number, line in enumerate(text(path).splitlines(), 1):
            if re.search(r"\b(TODO|FIXME|XXX)\b", line):
                yield f"{path}:{number}: {line.strip()}"


def steps_out_of_place():
    """A library that is built for use has no steps, and its tests are to build and pass all the same."""
    for path in files("runtime", "tests", endings=(".hpp", ".cpp")):
        if "step_hook" in text(path) and path.parts[:2] not in (("tests", "kill"), ("tests", "shm"), ("runtime", "base")):
            yield f"{path}: step_hook, outside of tests/kill and tests/shm"


def headers_without_guard():
    for path in files("include", "runtime", "tests", "bench", endings=(".hpp",)):
        if "#pragma once" not in text(path):
            yield f"{path}: no #pragma once"


def unlisted():
    """Sources that no meson.build names: they would be built by nobody."""
    for path in files("runtime", "tests", "bench", endings=(".cpp",)):
        if path.parts[1] in ("must_not_compile", "faults"):  # their own scripts build these
            continue
        builds = [parent / "meson.build" for parent in path.parents if (ROOT / parent / "meson.build").exists()]
        names = [(path.relative_to(build.parent), text(build)) for build in builds]
        if not any(f"'{name}'" in said or f"'{name.stem}'" in said for name, said in names):
            yield f"{path}: in no meson.build"


tests = report()
tests.check(f"structure: no file is longer than {LONGEST} lines", too_long())
tests.check("structure: every file is named after what it holds", empty_file_names())
tests.check("structure: every type and namespace is named after what it is", empty_type_names())
tests.check("structure: nothing is left to do in the code", unfinished())
tests.check("structure: named steps are used by those tests alone that are built only with them", steps_out_of_place())
tests.check("structure: every header may be included twice", headers_without_guard())
tests.check("structure: every source is in a meson.build", unlisted())
tests.check("structure: what a script writes is as it writes it", not_as_written())
tests.close()
