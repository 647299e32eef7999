"""Programs that load plugins with actors of their own, and unload them: with the shared library they work, and with a
copy of the library in each they are told what to do.

usage: check.py START_METHOD HOST_SHARED PLUGIN_OF_7 PLUGIN_OF_50 [HOST_STATIC PLUGIN_WITH_COPY]
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))

from closing_line import report  # noqa: E402

METHOD = sys.argv[1]
HOST_SHARED, OF_7, OF_50, *COPIES = map(os.path.abspath, sys.argv[2:])
WATCHDOG = 120
ADVICE = "-Ddefault_library=shared"

tests = report()


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=WATCHDOG, start_new_session=True,
                          env={**os.environ, "TROUPE_START_METHOD": METHOD})
    return done, ["ended with " + str(done.returncode), *done.stdout.splitlines(), *done.stderr.splitlines()]


def answers(of):
    return [f"ask_answer: {1 + of}", f"ask_named_alike: {1 + 2 * of}", f"ask_parent: {1 + of}", f"ask_sum: {3 + of}",
            f"ask_supervised: {1 + of}", "ask_crash: 11", f"ask_refuse: {of}"]


round_of_both = [*answers(7), *answers(50), "own: 3"]
done, said = run(HOST_SHARED, "asks", OF_7, OF_50)
holds = done.returncode == 0 and done.stdout.splitlines() == [*2 * round_of_both, *answers(50), *answers(7)]
tests.check("plugin: actors of two plugins work, also unloaded, loaded again, in another order and by another path",
            [] if holds else said)

if not COPIES:
    tests.close()
HOST_STATIC, WITH_COPY = COPIES
done, said = run(HOST_STATIC, "copies", WITH_COPY)
lines = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
for name in ["ask_answer", "ask_supervised", "first_sleep", "first_when_all", "first_group", "first_task",
             "first_queue", "first_name"]:
    tests.check(f"plugin: with a copy of its own, it is told what to do: {name}",
                [] if ADVICE in lines.get(name, "") else said)
tests.check("plugin: with a copy of its own, run is wrong use, with a sentence",
            [] if lines.get("run_again") == "2" and "another copy of troupe" in done.stderr else said)
tests.check("plugin: the program goes on after all that",
            [] if done.returncode == 0 and lines.get("own") == "3" and lines.get("nothing_else") == "1" else said)

done, said = run(HOST_STATIC, "stranded", WITH_COPY)
tests.check("plugin: a task that ends in the wrong copy ends the program with a sentence, and does not hang",
            [] if done.returncode == -6 and ADVICE in done.stderr else said)
tests.close()
