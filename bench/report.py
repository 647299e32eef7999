"""The report of a run as one HTML page: bars as inline SVG, and the table. It needs nothing else."""

import html

WIDTH, NAMES, FIGURES, ROW = 860, 330, 150, 26

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>troupe: benchmarks</title>
<style>
:root {{ color-scheme: light dark; --page: #ffffff; --ink: #1c2330; --faint: #5d6878; --line: #d8dde5; --bar: #2f6fb3;
         --floor: #8a94a3; --good: #1d7a3f; --bad: #b3261e; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --page: #14181f; --ink: #e6eaf0; --faint: #9aa5b4; --line: #323a46; --bar: #5ea2e6; --floor: #7a8594;
           --good: #5fc985; --bad: #ff8a80; }} }}
body {{ background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto;
       max-width: 1080px; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; }} h2 {{ font-size: 1.1rem; margin-top: 2rem; }}
p, .unit {{ color: var(--faint); }}
.wide {{ overflow-x: auto; }}
svg {{ display: block; min-width: 640px; width: 100%; height: auto; font: 13px system-ui, sans-serif; fill: var(--ink); }}
.bar {{ fill: var(--bar); }} .floor {{ fill: var(--floor); }} .spread {{ stroke: var(--ink); stroke-width: 1.5; }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
th, td {{ border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left; white-space: nowrap; }}
td.n {{ text-align: right; }} .met {{ color: var(--good); }} .missed {{ color: var(--bad); }}
</style></head><body>
<h1>troupe: benchmarks</h1>
<p>{machine}</p>
<p>Bars are medians of {rounds} rounds, the thin lines reach from the least to the greatest; grey ones are the floor or
Python. A ratio is the median of the ratios of each round.</p>
{plots}
<h2>Ratios and targets</h2>
<div class="wide"><table><tr><th>figure</th><th>median</th><th>min .. max</th><th>unit</th><th>against</th><th>ratio</th>
<th>target</th></tr>
{rows}</table></div>
</body></html>
"""

# Title, unit, and which figures, by how their keys begin.
PLOTS = (
    ("Round trip, different CPUs", "us", ("floor/spinning", "ping_pong/"), "different CPUs"),
    ("Round trip, one CPU", "us", ("floor/blocking", "ping_pong/"), "one CPU"),
    ("Round trip, left to the scheduler", "us", ("floor/blocking", "ping_pong/", "python_peer/round trip"), "default"),
    ("One way, small messages", "M/s", ("floor/stream", "stream/", "python_peer/one way"), ""),
    ("One way, large messages", "GB/s", ("stream/",), ""),
    ("Several senders, one mailbox", "M/s", ("floor/4 senders", "fan_in/"), ""),
    ("Spawn to join", "ms", ("floor/", "spawn_join/", "python_peer/"), ""),
)


def _belongs(key, unit, plot):
    _, wanted, beginnings, place = plot
    always = key.startswith(("floor/spinning", "python_peer/"))
    return unit == wanted and key.startswith(beginnings) and (always or place in key)


def _bars(title, unit, figures):
    most = max(figure["max"] for _, figure in figures) or 1
    room = WIDTH - NAMES - FIGURES
    lines = [f'<svg viewBox="0 0 {WIDTH} {ROW * len(figures)}" role="img" aria-label="{html.escape(title)}">']
    for i, (key, figure) in enumerate(figures):
        middle = ROW * i + ROW / 2
        low, median, high = (NAMES + room * figure[which] / most for which in ("min", "median", "max"))
        sort = "floor" if key.startswith(("floor/", "python_peer/")) else "bar"
        lines.append(
            f'<text x="{NAMES - 8}" y="{middle + 4}" text-anchor="end">{html.escape(key)}</text>'
            f'<rect class="{sort}" x="{NAMES}" y="{middle - 8}" width="{max(1, median - NAMES):.1f}" height="16" rx="2"/>'
            f'<line class="spread" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>'
            f'<text x="{WIDTH - FIGURES + 10}" y="{middle + 4}">{figure["median"]:.4g} {unit}</text>')
    lines.append("</svg>")
    return f'<h2>{html.escape(title)} <span class="unit">({unit})</span></h2><div class="wide">{"".join(lines)}</div>'


def _row(row):
    colour = {True: ' class="met"', False: ' class="missed"', None: ""}[row["met"]]
    texts = [html.escape(row[name]) for name in ("figure", "median", "spread", "unit", "against", "ratio", "target")]
    cells = [f"<td>{text}</td>" for text in texts[:6]]
    return f"<tr>{''.join(cells)}<td{colour}>{texts[6]}</td></tr>\n"


def page(machine, rounds, summary, rows):
    """`summary` gives median, min, max and unit of each figure; `rows` are the table's, as texts."""
    plots = []
    for plot in PLOTS:
        chosen = [(key, figure) for key, figure in summary.items() if _belongs(key, figure["unit"], plot)]
        if chosen:
            plots.append(_bars(plot[0], plot[1], chosen))
    return PAGE.format(machine=html.escape(machine), rounds=rounds, plots="\n".join(plots),
                       rows="".join(_row(row) for row in rows))
