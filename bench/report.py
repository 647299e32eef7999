"""The report of a run as one HTML page: plots as inline SVG, and the tables. It needs nothing else."""

import html
import re

from table import HEADS, NUMBERS, left_out

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>troupe: benchmarks</title>
<style>
:root {{ color-scheme: light dark; --page: #ffffff; --ink: #1c2330; --faint: #5d6878; --line: #d8dde5; --good: #1d7a3f;
         --bad: #b3261e; }}
.dark {{ display: none; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --page: #14181f; --ink: #e6eaf0; --faint: #9aa5b4; --line: #323a46; --good: #5fc985; --bad: #ff8a80; }}
  .dark {{ display: block; }} .light {{ display: none; }} }}
body {{ background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto;
       max-width: 1080px; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; }} h2 {{ font-size: 1.1rem; margin-top: 2rem; }}
p {{ color: var(--faint); }} .disturbed {{ color: var(--bad); }}
.wide {{ overflow-x: auto; }}
svg {{ min-width: 640px; width: 100%; height: auto; }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
th, td {{ border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left; white-space: nowrap; }}
td.n {{ text-align: right; }} .met {{ color: var(--good); }} .missed {{ color: var(--bad); }}
</style></head><body>
<h1>troupe: benchmarks</h1>
<p>{machine}.<br>{rounds} rounds in {seconds} s, {date}: <code>{command}</code></p>
{notes}
<p>Figures are medians of the rounds, with the least and the greatest. A ratio is the median of the ratios of each round,
and a target is met that is reached in four rounds of five. The floor is the same act written by hand, measured in the
same run.</p>
{plots}
<h2>Ratios and targets</h2>
<p>CPU is the time that both sides together spent on each act, user and system.</p>
<div class="wide"><table><tr>{heads}</tr>
{rows}</table></div>
<h2>Every figure</h2>
<div class="wide"><table><tr>{all_heads}</tr>
{figures}</table></div>
{settings}
</body></html>
"""

ALL_HEADS = ("figure", "median", "min .. max", "unit", "p99", "p99.9", "max", "CPU, us", "CPUs", "acts")
NO_PLOTS = "<p>The plots are left out: python3-matplotlib is not installed.</p>"


def _plots(summary):
    try:
        import plots
    except ImportError:
        return NO_PLOTS
    return "\n".join(
        f"<h2>{html.escape(title)}</h2><p>{html.escape(sentence)}</p><div class=\"wide\">" +
        "".join(f'<div class="plot {scheme}" role="img" aria-label="{html.escape(title)}">{svg}</div>'
                for scheme, svg in renderings) + "</div>"
        for title, sentence, renderings in plots.drawn(summary))


def save_plots(folder, summary):
    """Each as TITLE-light.svg and TITLE-dark.svg; the title in lower case, with hyphens."""
    import plots
    folder.mkdir(parents=True, exist_ok=True)
    for title, _, renderings in plots.drawn(summary):
        name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        for scheme, svg in renderings:
            (folder / f"{name}-{scheme}.svg").write_text(svg, encoding="utf-8")


def _cells(texts, numbers):
    return "".join(f'<td class="n">{html.escape(text)}</td>' if number else f"<td>{html.escape(text)}</td>"
                   for text, number in zip(texts, numbers))


def _row(row):
    colour = {True: ' class="met"', False: ' class="missed"', None: ""}[row["met"]]
    names = [name for name in HEADS if name != "target"]
    cells = _cells([row[name] for name in names], [name in NUMBERS for name in names])
    return f"<tr>{cells}<td{colour}>{html.escape(row['target'])}</td></tr>\n"


def _figure(key, figure):
    tail = [f"{figure[name]:.4g}" if figure[name] else "" for name in ("p99", "p999", "worst", "cpu_us")]
    texts = [key, f"{figure['median']:.4g}", f"{figure['min']:.4g} .. {figure['max']:.4g}", figure["unit"], *tail,
             figure["cpus"], str(figure["count"])]
    return f"<tr>{_cells(texts, [head not in ('figure', 'min .. max', 'unit', 'CPUs') for head in ALL_HEADS])}</tr>\n"


def _settings(settings):
    if not settings:
        return ""
    said = "".join(f"<li>{html.escape(name)}: {html.escape(text)}</li>\n" for name, text in sorted(settings.items()))
    return f"<h2>Settings of the peers</h2>\n<ul>\n{said}</ul>"


def page(results, summary, rows):
    """`results` is what a run leaves behind, `summary` what its figures come to, `rows` are the table's, as texts."""
    notes = "\n".join(f'<p class="disturbed">{html.escape(one)}</p>'
                      for one in [*results["disturbed"], *left_out(results)])
    return PAGE.format(
        machine=html.escape(results["machine"]), rounds=results["rounds"], seconds=results["seconds"],
        date=html.escape(results["date"]), command=html.escape(results["command"]), notes=notes, plots=_plots(summary),
        heads="".join(f"<th>{html.escape(head)}</th>" for head in HEADS.values()),
        rows="".join(_row(row) for row in rows),
        all_heads="".join(f"<th>{html.escape(head)}</th>" for head in ALL_HEADS),
        figures="".join(_figure(key, figure) for key, figure in summary.items()),
        settings=_settings(results["settings"]))
