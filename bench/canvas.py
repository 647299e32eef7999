"""What every plot is drawn on: the colours for light and for dark, axes, the names of curves, and the way to SVG."""

import io
import math
import re
from typing import NamedTuple

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from programs import is_floor, is_peer

WIDTH = 8.6  # inches
LEGEND_COLUMNS = 2


class Scheme(NamedTuple):
    name: str
    ink: str
    faint: str
    floor: str
    cycle: tuple


SCHEMES = (
    Scheme("light", "#1c2330", "#d8dde5", "#6d7786",
           ("#1f6fb4", "#c8541b", "#23803f", "#8148ba", "#b5377c", "#7a6a00", "#007f86", "#a32d2d", "#4c5fd0",
            "#5c6b2b")),
    Scheme("dark", "#e6eaf0", "#323a46", "#98a3b3",
           ("#6cb2f5", "#ff9a5c", "#6fd48b", "#c39bf5", "#ff86c0", "#e0cb4f", "#4fd6d6", "#ff8d8d", "#9eabff",
            "#b9cc74")),
)


def blank(scheme, height, layout=None, panels=1):
    figure = Figure(figsize=(WIDTH, height), layout=layout)
    FigureCanvasSVG(figure)
    axes = figure.subplots(1, panels, squeeze=False)[0]
    for one in axes:
        one.set_prop_cycle(color=scheme.cycle)
        one.grid(True, color=scheme.faint, linewidth=0.6)
        one.set_axisbelow(True)
    return figure, axes


def for_curves(scheme, count, panels=1):
    """One with room below for the names of so many curves."""
    rows = math.ceil(count / LEGEND_COLUMNS)
    height = 3.6 + 0.2 * rows
    figure, axes = blank(scheme, height, panels=panels)
    figure.subplots_adjust(left=0.08, right=0.98, top=1 - 0.15 / height, bottom=(0.8 + 0.2 * rows) / height,
                           wspace=0.22)
    return figure, axes


def legend(picture, axes):
    picture.legend(*axes.get_legend_handles_labels(), loc="lower center", ncols=LEGEND_COLUMNS, frameon=False)


def styles(scheme, keys):
    """How the curve of each key is drawn: ours thick in colours, the floor grey and dashed, others thin and dotted."""
    floors, dotted, taken, found = ((0, (5, 2)), (0, (2, 1)), (0, (7, 2, 1, 2)), (0, (1, 1))), (":", "-."), {}, {}
    for key in keys:
        kind = "floor" if is_floor(key) else "other"
        at = taken[kind] = taken.get(kind, -1) + 1
        lap, colour = divmod(at, len(scheme.cycle))
        if kind == "floor":
            found[key] = {"color": scheme.floor, "linestyle": floors[at % len(floors)], "linewidth": 1.6}
        elif is_peer(key):
            found[key] = {"color": scheme.cycle[colour], "linestyle": dotted[lap % 2], "linewidth": 1.2}
        else:
            found[key] = {"color": scheme.cycle[colour], "linestyle": "-", "linewidth": 2.4}
    return found


def plain(value, _=None):
    return f"{value:g}" if value >= 0.001 else f"{value:.0e}"


def log(axis):
    """Plain numbers on a logarithmic axis that holds its curves already, and enough of them."""
    low, high = sorted(axis.get_view_interval())
    axis.set_major_locator(LogLocator(subs=(1,) if high > 200 * low else (1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(plain))
    axis.set_minor_formatter(NullFormatter())


def _svg(picture, prefix):
    """The picture to stand inside a page beside others: no header, and ids that nobody else has."""
    out = io.StringIO()
    picture.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    text = out.getvalue()
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r'href="#', f'href="#{prefix}-', text)
    return re.sub(r"url\(#", f"url(#{prefix}-", text)


def _settings(scheme):
    return {"svg.fonttype": "none", "svg.hashsalt": "troupe", "font.size": 9, "text.color": scheme.ink,
            "axes.edgecolor": scheme.ink, "axes.labelcolor": scheme.ink, "xtick.color": scheme.ink,
            "ytick.color": scheme.ink, "axes.spines.top": False, "axes.spines.right": False}


def renderings(draw, number):
    """[(scheme's name, SVG)] of what `draw(scheme)` draws."""
    found = []
    for scheme in SCHEMES:
        with matplotlib.rc_context(_settings(scheme)):
            found.append((scheme.name, _svg(draw(scheme), f"{scheme.name}{number}")))
    return found
