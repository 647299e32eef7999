"""Runs `check` over every file of this folder.

usage: all.py COMPILER...
"""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.append(str(ROOT / "tests"))

from closing_line import report  # noqa: E402

tests = report()
for path in sorted(HERE.glob("*.cpp")):
    done = subprocess.run([HERE / "check", " ".join(sys.argv[1:]), ROOT / "include", path],
                          capture_output=True, text=True)
    sentence = path.read_text().splitlines()[0].removeprefix("// must say: ")
    tests.check(f"must not compile: {path.stem}: {sentence}",
                (done.stdout + done.stderr).splitlines() if done.returncode else [])

# The headers refuse a compiler that would build a wrong program, whoever calls it.
old = next((one for one in ("g++-12", "g++-11", "g++-10") if shutil.which(one)), None)
if old:
    done = subprocess.run([old, "-std=c++20", "-fsyntax-only", "-I", ROOT / "include", "-x", "c++", "-"],
                          input="#include <troupe/troupe.hpp>\n", capture_output=True, text=True)
    errors = [line for line in done.stderr.splitlines() if "error" in line]
    tests.check(f"must not compile: with {old}, and the headers say why",
                [] if errors and "troupe: GCC before 13" in errors[0] else ["it said:"] + errors[:3])
else:
    print("skipped: no GCC before 13 is installed here, which the headers would refuse")
tests.close()
