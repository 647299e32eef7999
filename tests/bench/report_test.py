"""Do the runner, the report and the comparison of ./dev bench tell what was measured?

The plots are looked at where matplotlib is installed, and the page on a screen where Chromium is.
"""

import copy
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
BENCH = HERE.parents[1] / "bench"
sys.path += [str(HERE.parent), str(BENCH)]

import compare  # noqa: E402
import headlines  # noqa: E402
import measurement  # noqa: E402
import report as pages  # noqa: E402
import results  # noqa: E402
import table  # noqa: E402
from closing_line import report  # noqa: E402
from names import called  # noqa: E402
from markupsafe import escape  # noqa: E402
from programs import Program  # noqa: E402

try:
    import canvas
    import numpy
    import plots
    from matplotlib.image import imread
except ImportError:
    plots = None

CANNED = results.load(HERE / "canned.json")
WIDE, HIGH = 1200, 6000  # of the screen


def faults_of_page(page):
    """Every figure stands in it with its median, and it needs nothing from elsewhere."""
    cells = page[page.index("Every figure"):]
    for key, figure in results.summed_up(CANNED["figures"]).items():
        if f'<td>{escape(called(key))}</td><td class="n">{figure["median"]:.4g}</td>' not in cells:
            yield f"no row of {key}"
    yield from (f"{word} in it" for word in ("<b>", "<script", "<link", "src=") if word in page)
    yield from (f"it refers to {to}" for to in re.findall(r'(?:href="|url\()(?!#)[^")]*', page))


def faults_of_notes(page):
    said = [CANNED["machine"], CANNED["date"], CANNED["command"], *CANNED["disturbed"], *CANNED["settings"].values(),
            "The time was over before: fan_in in round 4."]
    marked = table.markdown(CANNED, [])
    yield from (f"the page does not say `{text}`" for text in said if text not in page)
    yield from (f"the Markdown does not say `{text}`" for text in said if text not in marked)


def faults_of_headlines(page):
    """The first table says what troupe does, beside the bare machine and the others, best first."""
    first = page[:page.index("Ratios and targets")]
    for text in ("round trip of 64 B, both awake", "four senders to one mailbox", "start of an actor to its join"):
        if f"<td>{text}</td>" not in first:
            yield f"no line of {text}"
    summary = results.summed_up(CANNED["figures"])
    figure = copy.deepcopy(summary["ping_pong/mailbox 64 B, different CPUs"])
    for peer, factor in (("peer_zeromq", 9), ("peer_openmpi", 2), ("peer_caf_in_one_process", 5)):
        summary[f"{peer}/round trip 64 B, different CPUs"] = {**figure, "median": factor * figure["median"]}
    row = headlines.rows_of(summary)[0]
    if [one.rsplit(" ", 1)[0] for one in row["others"].split(", ")] != ["Open MPI", "CAF in one process", "ZeroMQ"]:
        yield f"the others are {row['others']}"


def faults_of_crowds():
    """No plot has more curves than an eye can tell apart, and all are in one; ours are beside all others."""
    for ours, others in ((3, 0), (3, 4), (3, 30), (7, 9), (20, 0), (20, 20)):
        mine = ["floor/a", *(f"stream/{i}" for i in range(ours - 1))]
        all_of = mine + [f"peer_{i}/x" for i in range(others)]
        lots = plots._crowds(all_of)
        if set(sum(lots, [])) != set(all_of) or max(map(len, lots)) > plots.MOST_CURVES:
            yield f"{ours} and {others}: {lots}"
        if ours <= 6 and others and not all(set(mine) <= set(lot) for lot in lots):
            yield f"{ours} and {others}, and ours are not in each: {lots}"


def faults_of_histograms():
    figures = results.summed_up(CANNED["figures"])
    one = figures["floor/spinning round trip"]
    mine = [figure for figure in CANNED["figures"] if figure["name"] == "spinning round trip"]
    total = sum(count for figure in mine for _, count in figure["buckets"])
    if sum(count for _, count in one["buckets"]) != total or total == 0:
        yield "merging loses counts"
    if one["buckets"] != sorted(one["buckets"]):
        yield "the buckets are not in order"
    known = [[1.0, 50], [2.0, 49], [30.0, 1]]
    for share, value in ((0, 1.0), (0.49, 1.0), (0.6, 2.0), (0.98, 2.0), (1, 30.0)):
        if results.quantile(known, share) != value:
            yield f"quantile {share} is {results.quantile(known, share)}, not {value}"
    if results.merged([[[1.0, 2]], [[0.5, 1], [1.0, 3]]]) != [[0.5, 1], [1.0, 5]]:
        yield "two histograms are merged wrongly"
    if figures["floor/stream 64 B"]["buckets"] or results.quantile([], 0.5) != 0:
        yield "there is something in an empty one"


def faults_of_table():
    rows = table.rows_of(results.summed_up(CANNED["figures"]))
    said, marked = table.text(rows), table.markdown(CANNED, rows)
    for row in rows:
        cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in marked.splitlines()]
        if [row["figure"], row["median"]] not in [line[:2] for line in cells] or row["figure"] not in said:
            yield f"no line of {row['figure']}"
    lines = [line for line in said.splitlines() if line.startswith("troupe: round trip, pipe 64 B, different CPUs ")]
    if len(lines) != 1 or not lines[0].endswith("<= 1.5, met: 3 of 3"):
        yield f"the target is not told: {lines}"


def faults_of_verdicts():
    """What is asked for is met where four rounds of five reach it, whatever the median is."""
    wanted, floor = "ping_pong/pipe 64 B, different CPUs", "floor/spinning round trip"
    for late, verdict in ((1, "met: 4 of 5"), (2, "missed: 3 of 5")):
        summary = results.summed_up(CANNED["figures"])
        summary[floor]["rounds"] = dict.fromkeys(range(5), 1.0)
        summary[wanted]["rounds"] = {turn: 9.0 if turn < late else 1.1 for turn in range(5)}
        row, = (row for row in table.rows_of(summary) if row["figure"] == called(wanted) and "floor" in row["against"])
        if not row["target"].endswith(verdict) or row["met"] != verdict.startswith("met"):
            yield f"late in {late} rounds of 5: {row['target']}"
        if plots and [one.missed for one in plots._ratios_to(summary, lambda key: key == floor, lambda one: one.figure)
                      if one.label == wanted] != [verdict.startswith("missed")]:
            yield f"late in {late} rounds of 5, and the plot says otherwise"


def changed(factors):
    """The canned results, with the figures of these keys multiplied."""
    found = copy.deepcopy(CANNED)
    for one in found["figures"]:
        one["value"] *= factors.get(f"{one['program']}/{one['name']}", 1)
    return found


def faults_of_comparison():
    pipe, stream = "ping_pong/pipe 64 B, one CPU", "stream/pipe 64 B, different CPUs"
    drift = {"ping_pong/mailbox 64 B, one CPU": 1.02}  # less than its rounds differ
    lines = "\n".join(compare.comparison(CANNED, changed({pipe: 1.5, stream: 1.5, **drift}))).splitlines()
    marks = {line.split("  ")[0]: line.split()[-1] for line in lines if line.endswith(("better", "WORSE", "changed"))}
    if marks != {pipe: "WORSE", stream: "better"}:
        yield f"marked: {marks}"
    if not any(line.startswith(pipe) and " 1.500 " in line for line in lines):
        yield "the ratio is not told"


def faults_of_comparing_files(folder):
    """As ./dev bench compare does it."""
    new, old = Path(folder) / "new.json", Path(folder) / "old.json"
    results.save(new, changed({"fan_in/4 senders": 0.5}))
    results.save(old, {**CANNED, "version": results.VERSION + 1})
    if results.load(new) != changed({"fan_in/4 senders": 0.5}):
        yield "what is saved is not what is loaded"
    for first, code, text in ((HERE / "canned.json", 0, "WORSE"), (old, 1, "measure again")):
        done = subprocess.run([sys.executable, "-B", BENCH / "compare.py", first, new], capture_output=True, text=True)
        if done.returncode != code or text not in done.stdout + done.stderr:
            yield f"{first.name}: {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}"


def python(text):
    return [sys.executable, "-c", text]


def faults_of_measuring():
    figure = '{"program": "p", "name": "n", "unit": "us", "value": 2, "count": 1, "errors": %d}'
    good, once = Program("good"), Program("once", rounds=1)
    bad, loud, slow = Program("bad"), Program("loud"), Program("slow", limit=1)
    lines = {good: python(f"print('{figure % 0}'); print('{{\"program\": \"p\", \"settings\": \"s\"}}')"),
             once: python(f"print('{figure % 0}')"), bad: python(f"print('{figure % 3}'); exit(1)"),
             loud: python("print('well'); print('[1]')"), slow: python("import time; time.sleep(60)")}
    with tempfile.TemporaryFile("w+") as said:
        sys.stderr, before = said, sys.stderr
        try:
            seen = measurement.measure(lines, 2, 60)
            none = measurement.measure({good: lines[good]}, 1, 0)
        finally:
            sys.stderr = before
        said.seek(0)
        if len(said.readlines()) != 10:
            yield "not every run is told"
    if [one["round"] for one in seen.figures] != [0, 0, 0, 1, 1] or seen.settings != {"p": "s"} or seen.left_out:
        yield f"{seen}"
    for text, times in (("bad: n: 3 messages lost", 2), ("bad ended with 1", 2), ("loud printed what is no figure", 2),
                        ("slow did not end within 1 s", 2), ("good", 0), ("once", 0)):
        if sum(one.startswith(text) for one in seen.complaints) != times:
            yield f"not {times} times `{text}`: {seen.complaints}"
    if none.figures or none.left_out != ["good in round 1"]:
        yield f"it goes on when the time is over: {none}"


def faults_of_order():
    """Every program once, and those near the floor back to back."""
    programs = [Program(str(i), near_floor=i % 3 == 0) for i in range(12)] + [Program("fan_out"), Program("micro")]
    orders = set()
    for _ in range(50):
        order = measurement.shuffled(programs)
        places = [i for i, one in enumerate(order) if one.near_floor]
        own = [measurement.is_peer(one.name) for one in order if not one.near_floor]
        if own != sorted(own):
            yield f"others run before our own: {[one.name for one in order]}"
        if sorted(order) != sorted(programs) or places != list(range(places[0], places[0] + 4)):
            yield f"they run as {[one.name for one in order]}"
        orders.add(tuple(order))
    if len(orders) < 25:
        yield "the order is hardly shuffled"


def faults_of_saved_plots():
    """Each plot stands by itself, as a picture that needs nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        pages.save_plots(Path(folder), results.summed_up(CANNED["figures"]))
        saved = {file.name: file.read_text(encoding="utf-8") for file in Path(folder).iterdir()}
    titles = {name.rsplit("-", 1)[0] for name in saved}
    if len(titles) < 3 or set(saved) != {f"{title}-{scheme}.svg" for title in titles for scheme in ("light", "dark")}:
        yield f"saved were {sorted(saved)}"
    yield from (f"{name} is no picture" for name, svg in saved.items()
                if not svg.startswith("<svg") or 'xmlns="http://www.w3.org/2000/svg"' not in svg)


def faults_of_plots(page):
    wanted = ("Throughput by size", "Latency: Round trip of 64 B, different CPUs (us)", "Scaling by senders (M/s)",
              "Ratio to the floor", "Ratio to Python", "Savina (ms)")
    yield from (f"no plot `{title}`" for title in wanted if f"<h2>{title}</h2>" not in page)
    for scheme in canvas.SCHEMES:
        if page.count(f'class="plot {scheme.name}"') != page.count("<svg") / 2:
            yield f"not every plot has a rendering for {scheme.name}"
    ids = re.findall(r'\bid="([^"]*)"', page)
    yield from sorted({f"id {one} stands twice" for one in ids if ids.count(one) > 1})
    yield from (f"nothing is {to}" for to in set(re.findall(r'(?:href="|url\()#([^")]*)', page)) - set(ids))
    drawn = page[:page.index("Ratios and targets")]
    shown = ("floor: spinning round trip", "troupe: one way, pipe, different CPUs", "troupe: many to one", "Savina: threadring", "64 KiB",
             "99.9 %")
    yield from (f"{text} is in no plot" for text in shown if f">{text}<" not in drawn)


def screenshot(page, folder, dark):
    """Colour -> how many pixels of it, as Chromium shows the page; or None, and what it said."""
    source, picture = Path(folder) / "page.html", Path(folder) / f"{dark}.png"
    source.write_text(page, encoding="utf-8")
    done = subprocess.run(
        ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         "--force-device-scale-factor=1", f"--user-data-dir={folder}/profile",
         f"--blink-settings=preferredColorScheme={0 if dark else 1}", f"--window-size={WIDE},{HIGH}",
         f"--screenshot={picture}", source.as_uri()],
        capture_output=True, text=True, timeout=120)
    if not picture.exists():
        return None, done.stderr
    pixels = (imread(picture)[:, :, :3] * 255).round().astype(int)
    colours, counts = numpy.unique(pixels @ (0x10000, 0x100, 1), return_counts=True)
    return {f"#{colour:06x}": count for colour, count in zip(colours, counts)}, ""


def faults_of_screen(page, folder, dark):
    """The page is neither blank nor of the wrong scheme, and curves and texts are there."""
    counts, said = screenshot(page, folder, dark)
    if counts is None:
        return [f"no screenshot: {said[-300:]}"]
    mine, other = canvas.SCHEMES[::-1] if dark else canvas.SCHEMES
    faults = []
    if max(counts, key=counts.get) != ("#14181f" if dark else "#ffffff"):
        faults.append(f"the page is {max(counts, key=counts.get)}")
    for what, colour, least in (("curves", mine.cycle[0], 2000), ("curves", mine.cycle[1], 1000),
                                ("floors", mine.floor, 500), ("grids", mine.faint, 5000), ("texts", mine.ink, 3000)):
        if counts.get(colour, 0) < least:
            faults.append(f"{what}: only {counts.get(colour, 0)} pixels of {colour}")
    wrong = sum(counts.get(colour, 0) for colour in (other.cycle[0], other.cycle[1], other.floor))
    if wrong > 100:
        faults.append(f"{wrong} pixels are of the other scheme")
    return faults


def main():
    tests = report()
    with tempfile.TemporaryDirectory() as folder:
        summary = results.summed_up(CANNED["figures"])
        page = pages.page(CANNED, summary, table.rows_of(summary))
        tests.check("report: every figure is in the page, and the page needs nothing else", faults_of_page(page))
        tests.check("report: how it was measured, what disturbed it and what was left out are told",
                    faults_of_notes(page))
        tests.check("report: it begins with how fast it is, beside what", faults_of_headlines(page))
        tests.check("report: histograms are merged and read right", faults_of_histograms())
        tests.check("report: the tables say every figure and its target", faults_of_table())
        tests.check("report: a target is met that four rounds of five reach", faults_of_verdicts())
        tests.check("compare: what changed by more than its rounds differ is marked, and nothing else",
                    faults_of_comparison())
        tests.check("compare: two files are compared, and one of another version is refused",
                    faults_of_comparing_files(folder))
        tests.check("run: figures are kept by round, and what goes wrong is told", faults_of_measuring())
        tests.check("run: what is divided by the floor runs beside it", faults_of_order())
        if plots is None:
            tests.check("report: without matplotlib the page says that it has no plots",
                        [] if pages.NO_PLOTS in page else ["it does not"])
            print("not looked at: the plots, as python3-matplotlib is not installed")
        else:
            tests.check("report: every plot is in the page, for light and for dark", faults_of_plots(page))
            tests.check("report: no plot has more curves than an eye can tell apart", faults_of_crowds())
            tests.check("report: every plot can be saved as a file of its own", faults_of_saved_plots())
            if shutil.which("chromium"):
                tests.check("report: Chromium shows the page in light", faults_of_screen(page, folder, False))
                tests.check("report: Chromium shows the page in dark", faults_of_screen(page, folder, True))
            else:
                print("not looked at: the page on a screen, as chromium is not installed")
    tests.close()


main()
