"""Which plots does the report have? Each is drawn from what the figures of a run came to.

What is drawn is found by how figures are called: a size ("64 KiB") or a number of senders, receivers or consumers in the
name makes it a point of a curve. A figure that is in no plot stands in the page's table.
"""

import math
import re
import statistics
from typing import NamedTuple

from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, NullLocator

import canvas
from comparisons import comparisons_of
from names import WORK, called, system
from programs import is_floor, is_peer, is_savina, program_of
from results import more_is_better, ratios

SIZE = re.compile(r"\b(\d+) (B|KiB|MiB)\b")
BYTES = {"B": 1, "KiB": 1024, "MiB": 1024 * 1024}
CROWDS = ("sender", "receiver", "consumer", "reader", "pair", "actor", "worker")
CROWD = re.compile(rf"\b(\d+) (?:blocking )?({'|'.join(CROWDS)})s?\b")
TIMES = ("ns", "us", "ms", "s")
SHARES = (0, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999)
MOST_CURVES = 8  # in one plot: more cannot be told apart


def _bytes_text(size, _=None):
    for unit in ("MiB", "KiB"):
        if size >= BYTES[unit]:
            return f"{size / BYTES[unit]:g} {unit}"
    return f"{size:g} B"


def _crowds(names):
    """The names in lots that can be told apart: others' in each beside ours and the floor's, or beside some of them."""
    ours = [name for name in names if not is_peer(name)]
    others = [name for name in names if is_peer(name)]
    if len(ours) > MOST_CURVES - 2:  # ours alone are too many
        lots = [ours[at:at + MOST_CURVES] for at in range(0, len(ours), MOST_CURVES)]
        ours = [*[name for name in ours if not is_floor(name)][:2], *[name for name in ours if is_floor(name)][:2]]
    else:
        lots = [] if others else [ours]
    room = MOST_CURVES - len(ours)
    return lots + [[*ours, *others[at:at + room]] for at in range(0, len(others), room)]


def _numbered(title, number):
    return title if number == 0 else f"{title}, {number + 1}"


def _curves(summary, pattern, point):
    """{curve: {x: figure}} of the figures whose name has the pattern; `point` gives x of its match."""
    curves = {}
    for key, figure in summary.items():
        found = None if is_savina(key) else pattern.search(key)
        if found:
            rest = " ".join((key[:found.start()] + key[found.end():]).split())
            name = rest.replace(" ,", ",").replace("/ ", "/").replace("/,", ",").rstrip("/")
            curves.setdefault(name, {})[point(found)] = figure
    return curves


def throughput(summary):
    """Bytes and messages a second, by the size of a message; several plots where there are many curves."""
    rates = {key: figure for key, figure in summary.items()
             if figure["unit"] in ("M/s", "GB/s") and figure["median"] > 0 and not CROWD.search(key)}
    all_curves = _curves(rates, SIZE, lambda found: int(found[1]) * BYTES[found[2]])
    for number, names in enumerate(_crowds(list(all_curves))):
        yield _throughput(_numbered("Throughput by size", number), {name: all_curves[name] for name in names})


def _throughput(title, curves):
    def draw(scheme):
        picture, (bytes_axes, messages_axes) = canvas.for_curves(scheme, len(curves), 2)
        styles = canvas.styles(scheme, list(curves))
        for name, points in curves.items():
            sizes = sorted(points)
            # GB/s, and M/s: one follows from the other.
            gigabytes = [points[size]["median"] * (size / 1e3 if points[size]["unit"] == "M/s" else 1)
                         for size in sizes]
            millions = [rate / size * 1e3 for rate, size in zip(gigabytes, sizes)]
            bytes_axes.plot(sizes, gigabytes, marker="o", markersize=4, label=called(name), **styles[name])
            messages_axes.plot(sizes, millions, marker="o", markersize=4, **styles[name])
        for axes, what in ((bytes_axes, "GB/s"), (messages_axes, "million messages/s")):
            axes.set_xscale("log", base=2)
            axes.set_yscale("log")
            axes.xaxis.set_major_locator(FixedLocator(sorted({size for points in curves.values() for size in points})))
            axes.xaxis.set_major_formatter(FuncFormatter(_bytes_text))
            axes.tick_params(axis="x", rotation=90 if len(axes.get_xticks()) > 8 else 35)
            canvas.log(axes.yaxis)
            axes.set(xlabel="size of a message", ylabel=what)
        canvas.legend(picture, bytes_axes)
        return picture

    return title, "One way, from one sender to one receiver; both scales are logarithmic.", draw


def _share_text(share):
    return f"{100 * share:.10g} %"


def _tail(buckets):
    """(1 / the share of acts that took at least so long, how long) for each bucket."""
    total, before, points = sum(count for _, count in buckets), 0, []
    for value, count in buckets:
        points.append((total / (total - before), value))
        before += count
    return points


def _distribution_groups(summary):
    """{title: keys} of the figures that have a histogram."""
    groups = {}
    for key, figure in summary.items():
        if not figure["buckets"] or figure["unit"] not in TIMES or is_savina(key):
            continue
        size = SIZE.search(key)
        where = next((text for text in ("different CPUs", "one CPU", "default") if key.endswith(", " + text)), None)
        if key == "floor/spinning round trip":
            where = "different CPUs"
        if where and figure["unit"] == "us":
            if size and size[0] != "64 B":
                continue  # lies on the curve of 64 B
            title = f"Round trip of 64 B, {where.replace('default', 'left to the scheduler')}"
        elif figure["unit"] == "ms":
            title = "Start, end and recovery"
        elif "idle" in key:
            title = "Round trip after both sides have idled"
        else:
            title = WORK.get(program_of(key), system(key))
        groups.setdefault(f"{title} ({figure['unit']})", []).append(key)
    return groups


def distributions(summary):
    """A plot for each group of latencies: how long the slowest ones took."""
    for title, keys in _distribution_groups(summary).items():
        for number, some in enumerate(_crowds(keys)):
            yield _distribution(_numbered(title, number), some, summary)


def _distribution(title, keys, summary):
    def draw(scheme):
        picture, (axes,) = canvas.for_curves(scheme, len(keys))
        styles = canvas.styles(scheme, keys)
        furthest = 10
        for key in keys:
            beyond, values = zip(*_tail(summary[key]["buckets"]))
            furthest = max(furthest, beyond[-1])
            axes.plot(beyond, values, drawstyle="steps-pre", label=called(key), **styles[key])
        axes.set_xscale("log")
        axes.set_yscale("log")
        shown = [share for share in SHARES if 1 / (1 - share) <= furthest * 1.01]
        axes.xaxis.set_major_locator(FixedLocator([1 / (1 - share) for share in shown]))
        axes.xaxis.set_major_formatter(FixedFormatter([_share_text(share) for share in shown]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(left=1)
        canvas.log(axes.yaxis)
        axes.set(xlabel="share of the acts that were faster", ylabel=summary[keys[0]]["unit"])
        canvas.legend(picture, axes)
        return picture

    return f"Latency: {title}", "All rounds together, from their histograms; both scales are logarithmic.", draw


def scaling(summary):
    """A plot for senders, one for receivers, and so on."""
    for crowd in CROWDS:
        some = {key: figure for key, figure in summary.items() if (m := CROWD.search(key)) and m[2] == crowd}
        for unit in sorted({figure["unit"] for figure in some.values()}):
            same_unit = {key: figure for key, figure in some.items() if figure["unit"] == unit}
            curves = _curves(same_unit, CROWD, lambda found: int(found[1]))
            curves = {name: points for name, points in curves.items() if len(points) > 1 or len(curves) > 1}
            for number, names in enumerate(_crowds(list(curves)) if curves else []):
                yield _scaling(_numbered(f"Scaling by {crowd}s ({unit})", number), crowd, unit,
                               {name: curves[name] for name in names})


def _scaling(title, crowd, unit, curves):
    def draw(scheme):
        picture, (axes,) = canvas.for_curves(scheme, len(curves))
        styles = canvas.styles(scheme, list(curves))
        for name, points in curves.items():
            numbers = sorted(points)
            middle = [points[n]["median"] for n in numbers]
            spread = [[points[n]["median"] - points[n]["min"] for n in numbers],
                      [points[n]["max"] - points[n]["median"] for n in numbers]]
            axes.errorbar(numbers, middle, yerr=spread, marker="o", markersize=5, capsize=3, label=called(name),
                          **styles[name])
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_locator(FixedLocator(sorted({n for points in curves.values() for n in points})))
        axes.xaxis.set_major_formatter(FuncFormatter(canvas.plain))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_ylim(bottom=0)
        axes.set(xlabel=crowd + "s", ylabel=unit)
        canvas.legend(picture, axes)
        return picture

    return title, "Medians; the thin lines reach from the least to the greatest round.", draw


class _Ratio(NamedTuple):
    label: str
    speeds: list  # how many times as fast as the other, in each round
    target: float  # or nan
    missed: bool


def _ratio(label, comparison, summary):
    """The ratios of the rounds, so that more is better; None where there are none."""
    figure, other = summary.get(comparison.figure), summary.get(comparison.against)
    found = [one for one in ratios(figure, other) if one > 0] if figure and other else []
    if not found:
        return None
    missed = comparison.is_met(found) is False
    if more_is_better(figure["unit"]):
        return _Ratio(label, found, comparison.at_least or math.nan, missed)
    return _Ratio(label, [1 / one for one in found], 1 / comparison.at_most if comparison.at_most else math.nan, missed)


def _ratios_to(summary, chosen, label):
    for one in comparisons_of(summary):
        if one.against and chosen(one.against):
            if found := _ratio(label(one), one, summary):
                yield found


def _ratio_plot(title, sentence, all_ratios):
    def draw(scheme):
        lines = sum(1 + one.label.count("\n") for one in all_ratios)
        picture, (axes,) = canvas.blank(scheme, 0.9 + 0.22 * lines, "constrained")
        places = range(len(all_ratios))
        for place, one in zip(places, all_ratios):
            middle = statistics.median(one.speeds)
            axes.plot([min(one.speeds), max(one.speeds)], [place, place], color=scheme.ink, linewidth=1)
            axes.plot([middle], [place], marker="o", markersize=6, linestyle="",
                      color=scheme.cycle[1] if one.missed else scheme.cycle[0])
            axes.plot([one.target], [place], marker="|", markersize=11, markeredgewidth=2, color=scheme.cycle[2])
        axes.axvline(1, color=scheme.floor, linewidth=1.2)
        axes.set_xscale("log")
        canvas.log(axes.xaxis)
        axes.set_yticks(places, [one.label for one in all_ratios])
        axes.set_ylim(len(all_ratios) - 0.5, -0.5)
        axes.set(xlabel="times as fast")
        return picture

    return title, sentence, draw


def floor_ratios(summary):
    found = list(_ratios_to(summary, is_floor, lambda one: called(one.figure)))
    sentence = ("1 is what the machine allows when everything is written by hand for that alone. Green marks are "
                "targets: a point is blue where four rounds of five are at or right of its mark, and orange where not.")
    return _ratio_plot("Ratio to the floor", sentence, found) if found else None


def peer_ratios(summary):
    """A plot for each peer."""
    for peer in sorted({system(key) for key in summary if is_peer(key)}):
        found = list(_ratios_to(summary, lambda key, peer=peer: is_peer(key) and system(key) == peer,
                                lambda one: f"{called(one.figure)}\nbeside {called(one.against)}"))
        if found:
            yield _ratio_plot(f"Ratio to {peer}", "Right of 1 troupe is faster; the scale is logarithmic.", found)


def savina(summary):
    by_unit = {}
    for key, figure in summary.items():
        if is_savina(key) and figure["median"] > 0:
            by_unit.setdefault(figure["unit"], []).append((key, figure))
    for unit, some in by_unit.items():
        yield _savina(unit, sorted(some, key=lambda one: one[1]["median"]))


def _savina(unit, some):
    def draw(scheme):
        picture, (axes,) = canvas.blank(scheme, 0.9 + 0.2 * len(some), "constrained")
        least = min(figure["min"] for _, figure in some if figure["min"] > 0) / 2
        for place, (_, figure) in enumerate(some):
            axes.barh(place, figure["median"] - least, left=least, height=0.65, color=scheme.cycle[0])
            axes.plot([max(figure["min"], least), figure["max"]], [place, place], color=scheme.ink, linewidth=1)
            axes.annotate(f"{figure['median']:.3g}", (figure["max"], place), xytext=(4, 0), textcoords="offset points",
                          va="center", color=scheme.ink, fontsize=8)
        axes.set_xscale("log")
        canvas.log(axes.xaxis)
        axes.set_xlim(left=least)
        axes.set_yticks(range(len(some)), [called(key) for key, _ in some])
        axes.set_ylim(-0.6, len(some) - 0.4)
        axes.set(xlabel=unit)
        return picture

    sentence = "One process an actor; medians, and the thin lines reach from the least to the greatest."
    return f"Savina ({unit})", sentence, draw


def drawn(summary):
    """(title, sentence, [(scheme's name, SVG)]) of each plot."""
    plots = [*throughput(summary), *distributions(summary), *scaling(summary), floor_ratios(summary),
             *peer_ratios(summary), *savina(summary)]
    for number, plot in enumerate(one for one in plots if one):
        title, sentence, draw = plot
        yield title, sentence, canvas.renderings(draw, number)
