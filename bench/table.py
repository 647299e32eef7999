"""The table of a run, for the terminal and as Markdown: each figure, what it is divided by, and the ratio asked for."""

import statistics

from comparisons import FAIREST, Comparison, comparisons_of
from results import ratios

HEADS = {"figure": "figure", "median": "median", "spread": "min .. max", "unit": "unit", "p99": "p99",
         "cpu": "CPU, us", "against": "against (its median)", "ratio": "ratio", "target": "target"}
NUMBERS = ("median", "p99", "cpu", "ratio")


def _verdict(met):
    return "met" if met else "missed"


def _row(comparison, summary):
    figure = summary[comparison.figure]
    row = {"figure": comparison.figure, "median": f"{figure['median']:.4g}", "unit": figure["unit"], "met": None,
           "spread": f"{figure['min']:.4g} .. {figure['max']:.4g}", "against": "", "ratio": "", "target": "",
           "p99": f"{figure['p99']:.4g}" if figure["p99"] else "",
           "cpu": f"{figure['cpu_us']:.3g}" if figure["cpu_us"] else ""}
    value = None
    if comparison.against is None:
        value = figure["median"]
    elif other := summary.get(comparison.against):
        if found := ratios(figure, other):
            value = statistics.median(found)
            row.update(against=f"{comparison.against} ({other['median']:.4g})", ratio=f"{value:.3g}")
    if value is None:
        return row
    if comparison.at_most is not None:
        row.update(met=value <= comparison.at_most, target=f"<= {comparison.at_most:.3g}")
    elif comparison.at_least is not None:
        row.update(met=value >= comparison.at_least, target=f">= {comparison.at_least:.3g}")
    if row["met"] is not None:
        row["target"] += ", " + _verdict(row["met"])
    return row


def _fairness(summary):
    figure = summary.get("fan_in/4 senders")
    if not figure or not figure["jain"]:
        return []
    index = statistics.median(figure["jain"])
    return [{**{name: "" for name in HEADS}, "figure": "fan_in/4 senders, Jain index", "median": f"{index:.3f}",
             "spread": f"{min(figure['jain']):.3f} .. {max(figure['jain']):.3f}", "met": index >= FAIREST,
             "target": f">= {FAIREST:g}, {_verdict(index >= FAIREST)}"}]


def rows_of(summary):
    """The lines, as texts: what is compared, then every other figure alone."""
    compared = comparisons_of(summary)
    named = {name for one in compared for name in (one.figure, one.against)}
    return ([_row(one, summary) for one in compared] + _fairness(summary) +
            [_row(Comparison(key, None), summary) for key in sorted(summary) if key not in named])


def text(rows, heads=None, numbers=NUMBERS):
    """Columns of equal width."""
    heads = heads or HEADS
    widths = {name: max(len(row[name]) for row in [heads, *rows]) for name in heads}
    lines = []
    for row in [heads, *rows]:
        cells = (row[n].rjust(widths[n]) if n in numbers else row[n].ljust(widths[n]) for n in heads)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def left_out(results):
    """The sentence that says so, if anything was."""
    return [f"The time was over before: {', '.join(results['left_out'])}."] if results["left_out"] else []


def markdown(results, rows):
    lines = ["| " + " | ".join(HEADS.values()) + " |",
             "|" + "|".join("---:" if name in NUMBERS else "---" for name in HEADS) + "|"]
    lines += ["| " + " | ".join(row[name].replace("|", "\\|") for name in HEADS) + " |" for row in rows]
    notes = [f"{results['machine']}.", f"{results['rounds']} rounds in {results['seconds']:.0f} s, "
             f"{results['date']}: `{results['command']}`", *results["disturbed"], *left_out(results)]
    settings = [f"- {name}: {said}" for name, said in sorted(results["settings"].items())]
    return "\n\n".join([*notes, "\n".join(lines), *(["\n".join(settings)] if settings else [])]) + "\n"
