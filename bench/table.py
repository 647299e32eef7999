"""The table of a run, for the terminal and as Markdown: each figure, what it is divided by, and the ratio asked for."""

import statistics

from tabulate import tabulate

from comparisons import FAIREST, Comparison, comparisons_of
from names import called
from results import ratios

HEADS = {"figure": "figure", "median": "median", "spread": "min .. max", "unit": "unit", "p99": "p99",
         "cpu": "CPU, us", "against": "against (its median)", "ratio": "ratio", "target": "target"}
NUMBERS = ("median", "p99", "cpu", "ratio")


def verdict(comparison, values):
    """Of a figure, or of its ratios, in each round: whether its target is met, and the words for it."""
    met = comparison.is_met(values)
    if met is None:
        return None, ""
    asked = f"<= {comparison.at_most:.3g}" if comparison.at_most is not None else f">= {comparison.at_least:.3g}"
    return met, f"{asked}, {'met' if met else 'missed'}: {comparison.met_in(values)} of {len(values)}"


def _row(comparison, summary):
    figure = summary[comparison.figure]
    row = {"figure": called(comparison.figure), "median": f"{figure['median']:.4g}", "unit": figure["unit"],
           "met": None, "spread": f"{figure['min']:.4g} .. {figure['max']:.4g}", "against": "", "ratio": "",
           "target": "", "p99": f"{figure['p99']:.4g}" if figure["p99"] else "",
           "cpu": f"{figure['cpu_us']:.3g}" if figure["cpu_us"] else ""}
    values = list(figure["rounds"].values()) if comparison.against is None else []
    if other := summary.get(comparison.against):
        if values := ratios(figure, other):
            row.update(against=f"{called(comparison.against)} ({other['median']:.4g})",
                       ratio=f"{statistics.median(values):.3g}")
    if values:
        row["met"], row["target"] = verdict(comparison, values)
    return row


def _fairness(summary):
    figure = summary.get("fan_in/4 senders")
    if not figure or not figure["jain"]:
        return []
    index = figure["jain"]
    met, said = verdict(Comparison("", None, at_least=FAIREST), index)
    return [{**{name: "" for name in HEADS}, "figure": called("fan_in/4 senders") + ", Jain index", "met": met,
             "target": said, "median": f"{statistics.median(index):.3f}",
             "spread": f"{min(index):.3f} .. {max(index):.3f}"}]


def rows_of(summary):
    """The lines, as texts: what is compared, then every other figure alone."""
    compared = comparisons_of(summary)
    named = {name for one in compared for name in (one.figure, one.against)}
    return ([_row(one, summary) for one in compared] + _fairness(summary) +
            [_row(Comparison(key, None), summary) for key in sorted(summary) if key not in named])


def text(rows, heads=None, numbers=NUMBERS, form="plain"):
    """Columns of equal width. Texts stay as they are, whether they look like numbers or not."""
    heads = heads or HEADS
    return tabulate([[row[name] for name in heads] for row in rows], headers=list(heads.values()), tablefmt=form,
                    disable_numparse=True, colalign=["right" if name in numbers else "left" for name in heads]
                    if rows else None)


def left_out(results):
    """The sentence that says so, if anything was."""
    return [f"The time was over before: {', '.join(results['left_out'])}."] if results["left_out"] else []


def markdown(results, rows):
    safe = [{name: row[name].replace("|", "\\|") for name in HEADS} for row in rows]
    notes = [f"{results['machine']}.", f"{results['rounds']} rounds in {results['seconds']:.0f} s, "
             f"{results['date']}: `{results['command']}`", *results["disturbed"], *left_out(results)]
    settings = [f"- {name}: {said}" for name, said in sorted(results["settings"].items())]
    return "\n\n".join([*notes, text(safe, form="pipe"), *(["\n".join(settings)] if settings else [])]) + "\n"
