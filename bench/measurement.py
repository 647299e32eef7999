"""Runs the programs: one at a time, each once a round, in an order that is shuffled each round, troupe's own first.

A machine that is slow for a while is so for all of them. The CPUs of a virtual machine may share a core for some
minutes, and then no more, which makes a floor three times as fast or as slow: what is divided by it runs right beside
it. Nothing runs beyond the time there is: a program that would not be done is left out of that round, and that is told.
"""

import json
import os
import random
import subprocess
import sys
import time
from typing import NamedTuple, Optional

from tqdm import tqdm

from programs import is_peer, is_savina

tqdm.monitor_interval = 0  # nothing wakes up while a program measures

FULL_TIME, QUICK_TIME = 39 * 60, 105  # seconds for all of it
NEEDED = {"program", "name", "unit", "value", "count", "errors"}  # of a figure; the rest may be missing


class Measured(NamedTuple):
    figures: list  # as they were printed, each with its round
    settings: dict  # what a program says it was set to, by its name
    complaints: list
    left_out: list


class Said(NamedTuple):
    figures: list
    settings: dict
    wrong: Optional[str]  # what went wrong
    late: bool  # it was ended


def run_once(name, line, limit):
    try:
        done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                              timeout=limit, check=False, env={**os.environ, "TROUPE_BENCH_BUCKETS": "1"})
        said, complaint = done.stdout, done.stderr.strip()
        wrong = f"{name} ended with {done.returncode}: {complaint}" if done.returncode != 0 else None
        ended = False
    except subprocess.TimeoutExpired as late:
        said = late.stdout or ""
        said = said.decode() if isinstance(said, bytes) else said
        wrong, ended = f"{name} did not end within {limit:.0f} s", True
    figures, settings = [], {}
    for text in said.splitlines():
        try:
            one = json.loads(text)
        except ValueError:
            one = None
        if isinstance(one, dict) and NEEDED <= one.keys():
            figures.append(one)
        elif isinstance(one, dict) and {"program", "settings"} == one.keys():
            settings[one["program"]] = one["settings"]
        else:
            wrong = wrong or f"{name} printed what is no figure: {text}"
    return Said(figures, settings, wrong, ended)


def shuffled(programs):
    """troupe's own in any order, but those that belong near the floor back to back; then the others in any order."""
    near = [one for one in programs if one.near_floor]
    others = [one for one in programs if not one.near_floor]
    random.shuffle(near)
    random.shuffle(others)
    own = [one for one in others if not is_peer(one.name) and not is_savina(one.name)]
    place = random.randint(0, len(own))
    return [*own[:place], *near, *own[place:], *(one for one in others if one not in own)]


def told(plan):
    """Each (round, program), when it is its turn: as a bar on a terminal, as a line anywhere else."""
    steps = [(turn, one) for turn, programs in enumerate(plan) for one in shuffled(programs)]
    bar = tqdm(steps, file=sys.stderr, disable=None, leave=False,
               bar_format="{percentage:3.0f} % |{bar:30}| {desc}, about {remaining} left")
    for number, (turn, one) in enumerate(bar, 1):
        sentence = f"round {turn + 1} of {len(plan)}: {one.name}"
        if bar.disable:
            print(f"{number} of {len(steps)}: {sentence}", file=sys.stderr, flush=True)
        else:
            bar.set_description_str(sentence)
        yield turn, one


def measure(lines, rounds, time_for_all):
    """`lines`: the command of each Program."""
    end = time.monotonic() + time_for_all
    all_of = Measured([], {}, [], [])
    took = {}
    plan = [[one for one in lines if one.rounds is None or turn < one.rounds] for turn in range(rounds)]
    for turn, one in told(plan):
        began = time.monotonic()
        left = end - began
        if left < max(1, took.get(one.name, 0)):
            all_of.left_out.append(f"{one.name} in round {turn + 1}")
            continue
        said = run_once(one.name, lines[one], min(one.limit, left))
        took[one.name] = time.monotonic() - began
        all_of.figures.extend({"round": turn, **figure} for figure in said.figures)
        all_of.settings.update(said.settings)
        all_of.complaints.extend(
            f"{one.name}: {figure['name']}: {figure['errors']} messages lost, doubled, out of order or damaged, or "
            "acts that failed" for figure in said.figures if figure["errors"])
        if said.late and left < one.limit:
            all_of.left_out.append(f"the rest of {one.name} in round {turn + 1}")
        elif said.wrong:
            all_of.complaints.append(said.wrong)
    return all_of
