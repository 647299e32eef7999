"""What the same work costs when it is done in two ways: the ratios of CPU time and of wall time, round by round."""

import os
import statistics
from typing import NamedTuple

import table
from comparisons import Comparison
from names import called
from results import more_is_better

MESSAGE, START, COMPILING, READ = 1.02, 1.03, 1.05, 1.01  # what each may cost of what it cost before, at most


class Work(NamedTuple):
    name: str  # of its figure, PROGRAM/NAME
    at_most: float
    runs: int = 5  # of each side in a round, alternating
    near_floor: bool = False  # as measurement.shuffled asks it

    @property
    def program(self):
        return self.name.split("/", 1)[0]

    @property
    def figure(self):
        return self.name.split("/", 1)[1]


class Cost(NamedTuple):
    """Of a message, a round trip, a start or a compilation."""
    cpu: float  # CPU time of all processes that take part, in us; 0: not known
    wall: float  # in any unit, the same for both sides


def messages():
    """The work that every program does. The sides have a CPU each, where there are two."""
    apart = "different CPUs" if len(os.sched_getaffinity(0)) > 1 else "default"
    trips = [f"ping_pong/{kind}, {where}" for kind in ("mailbox 40 B", "mailbox 64 B", "ask 64 B")
             for where in dict.fromkeys((apart, "one CPU"))]
    streams = [f"stream/{kind}, {apart}" for kind in ("mailbox 64 B", "mailbox letter", "mailbox 64 B, many",
                                                      "mailbox 64 B, served")]
    return [Work(name, MESSAGE) for name in (*trips, *streams)] + [Work("spawn_join/forkserver", START)]


def compiling():
    return [Work(f"compile_time/queue.cpp {level}", COMPILING, runs=1) for level in ("-O0", "-O2")]


def cost_of(figure):
    """None where it measured nothing."""
    if figure["value"] <= 0:
        return None
    return Cost(figure.get("cpu_us") or 0, 1 / figure["value"] if more_is_better(figure["unit"]) else figure["value"])


def least(costs):
    """Of the runs of one side in a round: what disturbs a run makes it longer, and hardly ever shorter."""
    return Cost(min(one.cpu for one in costs), min(one.wall for one in costs))


def ratios(rounds, of):
    """The second side's by the first side's, in each round where both are known."""
    known = [(getattr(first, of), getattr(second, of)) for first, second in rounds]
    return [second / first for first, second in known if first > 0 and second > 0]


def quartiles(values):
    """(lower quartile, median, upper quartile)."""
    if len(values) < 2:
        return (values[0],) * 3
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))


def duration(us):
    for unit, size in (("s", 1e6), ("ms", 1e3), ("us", 1)):
        if us >= size:
            return f"{us / size:.4g} {unit}"
    return f"{us * 1e3:.4g} ns"


def heads(first, second):
    return {"work": "work", "first": f"CPU time: {first}", "second": second, "cpu": "ratio",
            "cpu_quartiles": "quartiles", "cpu_met": "target", "wall": "wall time: ratio",
            "wall_quartiles": "quartiles", "wall_met": "target"}


NUMBERS = ("first", "second", "cpu", "wall")


def row(work, rounds):
    """A line, as texts. `rounds`: the Costs of both sides in each round that was measured."""
    told = {name: "" for name in heads("", "")}
    told["work"] = called(work.name).removeprefix("troupe: ")
    for of in ("cpu", "wall"):
        values = ratios(rounds, of)
        if not values:
            told[of] = "not measured"
            continue
        lower, median, upper = quartiles(values)
        told[of], told[f"{of}_quartiles"] = f"{median:.3f}", f"{lower:.3f} .. {upper:.3f}"
        told[f"{of}_met"] = table.verdict(Comparison(work.name, None, at_most=work.at_most), values)[1]
        if of == "cpu":
            told["first"], told["second"] = (duration(statistics.median(pair[place].cpu for pair in rounds))
                                             for place in (0, 1))
    return told
