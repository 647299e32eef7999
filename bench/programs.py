"""Which programs does ./dev bench run, for how long, and how are they started?"""

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple, Optional

from peers.programs import SECONDS, commands

HERE = Path(__file__).resolve().parent


class Program(NamedTuple):
    name: str
    seconds: Optional[float] = 0.5  # for which each figure is measured in a full run; None: its work has an end
    limit: float = 60  # seconds after which it is ended
    rounds: Optional[int] = None  # it runs in the first so many only; None: in all
    command: tuple = ()  # where it is no program of the build folder
    near_floor: bool = False  # its figures are divided by the floor's: they run back to back


# Long enough that the scheduler has had its say; several senders must be watched longer.
PROGRAMS = (
    Program("floor", 0.4, near_floor=True),
    Program("ping_pong", 0.3, near_floor=True),
    Program("stream", 0.5, near_floor=True),
    Program("fan_in", 5.0, near_floor=True),
    Program("spawn_join", 0.5, near_floor=True),
    Program("command_run", 1),
    Program("recovery", 0.5, near_floor=True),
    Program("idle_wakeup", 2.0),
    Program("fan_out", 0.5),
    Program("publish", 0.5),
    Program("queue_consumers", 0.5),
    Program("pool_tasks", 0.5),
    Program("locks", 0.5),
    Program("floor_locks", 0.5),
    Program("echo", 0.5),
    Program("floor_echo", 0.5),
    Program("readable", 0.5),
    Program("log_lines", 0.5),
    Program("open_loop", 1.0),
    Program("oversubscribed", 1.0),
    Program("selective_receive", 0.3),
    Program("spawn_many", 2.0),
    Program("handover", 1.0),
    Program("compile_time", 4.0),
    Program("micro", 0.2),
    Program("python_peer", 0.5, command=(sys.executable, "-B", str(HERE / "peers" / "python.py"))),
)
OWN = frozenset(one.name for one in PROGRAMS if not one.command)  # what is neither these nor Savina is a peer

QUICK_SECONDS = 0.1
SAVINA_ROUNDS, QUICK_SAVINA_ROUNDS = 2, 1


def program_of(key):
    """Of a figure's key PROGRAM/NAME, or of a curve's name, which may be "PROGRAM" or "PROGRAM, more" as well."""
    return re.split("[/,]", key, maxsplit=1)[0]


def is_peer(key):
    """Whether it was measured of something else than troupe or the bare machine."""
    return program_of(key) not in OWN and not is_savina(key)


def is_savina(key):
    return program_of(key) == "savina"


def is_floor(key):
    return program_of(key) == "floor"


def savina(folder, quick):
    """Those of the actor field's own suite that were built."""
    built = folder / "bench" / "savina"
    found = sorted(p for p in built.iterdir() if p.is_file() and os.access(p, os.X_OK)) if built.is_dir() else []
    rounds = QUICK_SAVINA_ROUNDS if quick else SAVINA_ROUNDS
    return [Program("savina/" + path.name, None, rounds=rounds) for path in found]


def peers(folder):
    """Other systems, those that were built; and wrk, which asks a server that is written with troupe."""
    built = [Program(name, SECONDS, command=tuple(line)) for name, line in commands(folder).items() if line]
    scripts = {"python_pools": [], "wrk": [str(folder / "examples" / "web_server")]}
    return [*built, *(Program(name, SECONDS, command=(sys.executable, "-B", str(HERE / "peers" / f"{name}.py"), *rest))
                      for name, rest in scripts.items())]


def command(program, folder, quick):
    """How to run it; None where it was not built."""
    line = list(program.command)
    if not line:
        places = (folder / "bench" / program.name, folder / program.name)
        line = next(([str(place)] for place in places if place.is_file()), None)
        if line is None:
            return None
    if program.seconds is not None:
        return line + ["--seconds", str(min(QUICK_SECONDS, program.seconds) if quick else program.seconds)]
    return line + (["--quick"] if quick else [])
