"""Runs `check` over every file of this folder.

usage: all.py COMPILER...
"""

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
tests.close()
