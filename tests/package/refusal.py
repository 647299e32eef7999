"""GCC before 13 is refused when configuring, with the sentence that says why and what to do.

usage: refusal.py     exits with 77, which Meson takes for skipped, where `g++` is no such GCC
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))

from closing_line import report  # noqa: E402

SENTENCE = "GCC bug 107288"
ADVICE = "CXX=clang++-19 meson setup build"


def old_gcc():
    try:
        version = subprocess.run(["g++", "-dumpversion"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return int(re.match(r"\d+", version).group()) < 13


if not old_gcc():
    print("no GCC before 13 here")
    sys.exit(77)

# Its linker is its own, not the one chosen for the compiler that tests are built with.
environment = {name: value for name, value in os.environ.items() if name not in ("CXX_LD", "AR")} | {"CXX": "g++"}
with tempfile.TemporaryDirectory() as folder:
    done = subprocess.run(["meson", "setup", folder + "/build", ROOT], capture_output=True, text=True, env=environment)
errors = [line for line in done.stdout.splitlines() if "ERROR:" in line]
tests = report()
tests.check("package: configuring with GCC before 13 fails", [] if done.returncode else ["it succeeded"])
tests.check("package: its one error names the bug and says what to do",
            [] if len(errors) == 1 and SENTENCE in errors[0] and ADVICE in errors[0] else done.stdout.splitlines()[-5:])
tests.close()
