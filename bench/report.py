"""The report of a run as one HTML page: plots as inline SVG, and the tables. It needs nothing else."""

import re
from pathlib import Path

import jinja2

import headlines
import table
from names import called

ALL_HEADS = ("figure", "median", "min .. max", "unit", "p99", "p99.9", "max", "CPU, us", "CPUs", "acts")
NOT_NUMBERS = ("figure", "min .. max", "unit", "CPUs")
NO_PLOTS = "The plots are left out: python3-matplotlib is not installed."


def _plots(summary):
    try:
        import plots
    except ImportError:
        return None
    return list(plots.drawn(summary))


def save_plots(folder, summary):
    """Each as TITLE-light.svg and TITLE-dark.svg; the title in lower case, with hyphens."""
    import plots
    folder.mkdir(parents=True, exist_ok=True)
    for title, _, renderings in plots.drawn(summary):
        name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        for scheme, svg in renderings:
            (folder / f"{name}-{scheme}.svg").write_text(svg, encoding="utf-8")


def _figure(key, figure):
    tail = [f"{figure[name]:.4g}" if figure[name] else "" for name in ("p99", "p999", "worst", "cpu_us")]
    return [called(key), f"{figure['median']:.4g}", f"{figure['min']:.4g} .. {figure['max']:.4g}", figure["unit"],
            *tail, figure["cpus"], str(figure["count"])]


def page(results, summary, rows):
    """`results` is what a run leaves behind, `summary` what its figures come to, `rows` are the table's, as texts."""
    template = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True,
        undefined=jinja2.StrictUndefined).get_template("report.html.jinja")
    return template.render(
        results=results, notes=[*results["disturbed"], *table.left_out(results)], plots=_plots(summary),
        no_plots=NO_PLOTS, headline_heads=headlines.HEADS, headlines=headlines.rows_of(summary), heads=table.HEADS,
        numbers=table.NUMBERS, rows=rows, all_heads=ALL_HEADS, not_numbers=NOT_NUMBERS,
        figures=[_figure(key, figure) for key, figure in summary.items()], settings=sorted(results["settings"].items()))
