"""The dashboard: who gets what of its server, and what a browser shows.

    dash_test.py                           the page alone, told of a program that does not exist
    dash_test.py METHOD TROUPE PROGRAM     the built tool, and its page. The program is observed or inspected, whose
                                           actors stand below
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent)]

import dash_rules  # noqa: E402
import fake_dash  # noqa: E402
from chromium import Chromium  # noqa: E402
from closing_line import report  # noqa: E402

@dataclass
class Shown:
    """What the page has to show of a program."""

    actors: set
    full: str       # who has so many messages that wait, of these types
    messages: str
    types: dict
    restarts: int   # of crasher, each after this signal
    signal: str
    cycle: tuple    # two, each of which waits for the other
    handles: str


PROGRAMS = {
    "inspected": Shown({"program", "crasher", "backlog", "left", "right", "spinner"}, "backlog", "1,000",
                       {"job": 600, "letter": 400}, 3, "SIGSEGV", ("left", "right"), "in poke"),
    "observed": Shown({"program", "crasher", "idle", "east", "west", "spinner", "holder", "waiter"}, "idle", "30",
                      {"note": 20, "letter": 10}, 2, "SIGABRT", ("east", "west"), "in ask")}

FOLDER = HERE.parents[1] / "tools" / "dashboard"
PAGE = FOLDER / "page.html"
ROWS = "[...document.querySelectorAll('#actors tbody tr[role=row]')]"


def row_of(name):
    return f"{ROWS}.find(row => row.querySelector('.text').textContent === '{name}')"


def cell(name, column):
    return f"{row_of(name)}?.cells[{column}].textContent.trim()"


def faults_of_build():
    """As build.mjs makes it: of these files, in this order."""
    names = ["build.mjs", "package.json", "package-lock.json", *sorted(f"src/{one.name}" for one in (FOLDER / "src").iterdir())]
    hashed = hashlib.sha256()
    for name in names:
        hashed.update(name.encode() + b"\0" + (FOLDER / name).read_bytes() + b"\0")
    if hashed.hexdigest() not in PAGE.read_text(encoding="utf-8").split("\n", 1)[0]:
        yield "page.html was made from other sources: ./dev dashboard makes it anew"


def faults_of_foreign_resources():
    text = PAGE.read_text(encoding="utf-8")
    page = text[:text.index("<dialog")] + text[text.index("</dialog>"):text.index("<script>")]
    for found in re.findall(r"(?:src|href)=(?!data:|.data:)[^ >]*|url\((?!data:)[^)]*\)|@import[^;]*", page):
        yield f"it refers to {found}"
    for name in ("preact", "htm", "uplot", "@dagrejs/dagre"):
        if not re.search(rf"(?<!\w){name} [\d.]+ \((MIT|Apache-2.0)\)", text):
            yield f"the licence of {name} does not stand in it"


def faults_of_rows(browser, shown):
    wanted = sorted(shown.actors)
    names = f"{ROWS}.map(row => row.querySelector('.text').textContent).sort()"
    if not browser.until(f"JSON.stringify({names}) === {json.dumps(json.dumps(wanted, separators=(',', ':')))}"):
        yield f"the actors are {browser.evaluate(names)}"
        return
    for name in wanted:
        level = "1" if name == "program" else "2"
        if browser.evaluate(f"{row_of(name)}.getAttribute('aria-level')") != level:
            yield f"{name} is not at level {level} of the tree"
    for name, column, text in ((shown.full, 7, shown.messages), ("crasher", 6, str(shown.restarts)),
                               ("spinner", 2, "in spin"), (shown.cycle[0], 2, shown.handles)):
        if not browser.until(f"{cell(name, column)} === '{text}'"):
            yield f"{name} has {browser.evaluate(cell(name, column))}, not {text}"


def faults_of_ends(browser, shown):
    if not browser.until(f"document.querySelectorAll('#ends .end').length === {shown.restarts}"):
        yield f"there are not {shown.restarts} ends"
        return
    for text in browser.evaluate("[...document.querySelectorAll('#ends .end > summary')].map(one => one.textContent)"):
        if "crasher" not in text or shown.signal not in text:
            yield f"one end is: {text}"


def faults_of_edges(browser, shown):
    """Two are in a cycle, and both as red as the scheme has it."""
    edges = "document.querySelectorAll('#waits g.caught[data-from]')"
    browser.until(f"{edges}.length === 2")
    found = browser.evaluate(f"""[...{edges}].map(one =>
        [one.dataset.from, one.dataset.to, getComputedStyle(one.querySelector('path')).stroke])""")
    if sorted(one[:2] for one in found) != [list(shown.cycle), list(shown.cycle[::-1])]:
        yield f"the edges are {found}"
    for *_, colour in found:
        red, green, blue = map(int, re.findall(r"\d+", colour)[:3])
        if not red > 1.4 * max(green, blue):
            yield f"an edge has the colour {colour}"


def faults_of_scheme(browser, name):
    browser.scheme(name)
    colour = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(map(int, re.findall(r"\d+", colour)[:3])) / 3
    if (light > 200) != (name == "light") or (light < 60) != (name == "dark"):
        yield f"the background is {colour}"
    text = browser.evaluate("getComputedStyle(document.body).color")
    if abs(sum(map(int, re.findall(r"\d+", text)[:3])) / 3 - light) < 120:
        yield f"{text} on {colour} cannot be read"
    if not browser.until("Boolean(document.querySelector('#throughput canvas'))"):
        yield "there is no curve"


def faults_of_keyboard(browser):
    """Tab reaches whatever can be clicked; arrows choose an actor."""
    browser.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    wanted = set(browser.evaluate("""[...document.querySelectorAll('button:enabled, input, a[href], summary, [tabindex="0"]')]
        .filter(one => one.checkVisibility() && !one.closest('dialog')).map((one, i) => one.dataset.number = String(i))"""))
    for _ in range(3 * len(wanted)):
        browser.press("Tab")
        wanted.discard(browser.evaluate("document.activeElement.dataset.number"))
    for number in wanted:
        yield "Tab does not reach " + browser.evaluate(f"document.querySelector('[data-number=\"{number}\"]').outerHTML.slice(0, 120)")
    browser.press("a")
    browser.press("Home")
    for name in browser.evaluate(f"{ROWS}.slice(0, 3).map(row => row.querySelector('.text').textContent)"):
        if not browser.until(f"document.querySelector('#actor-title').textContent === '{name}'"):
            yield f"the arrows do not come to {name}"
        browser.press("ArrowDown")
    browser.press("/")
    if browser.evaluate("document.activeElement.id") != "filter":
        yield "/ does not lead to the filter"


def faults_of_details(browser, shown):
    choose(browser, shown.full)
    rows = "[...document.querySelectorAll('#actor .bars tbody tr')].map(row => [row.cells[0].textContent.split('::').pop(), row.cells[1].textContent])"
    found = browser.until(f"{rows}.length === {len(shown.types)} && {rows}")
    if dict(found or []) != {name: str(count) for name, count in shown.types.items()}:
        yield f"its mailbox has {browser.evaluate(rows)}"
    if not browser.until("Boolean(document.querySelector('#actor .events li'))"):
        yield "it does not say what the actor did last"


def choose(browser, name):
    browser.until(f"{row_of(name)} && !({row_of(name)}.click())")
    browser.until(f"document.querySelector('#actor-title').textContent === '{name}'")


def button(text):
    return f"[...document.querySelectorAll('#actor .tools button')].find(one => one.textContent === '{text}')"


def faults_of_restart(browser, shown):
    """No does nothing, and yes starts it again."""
    choose(browser, "crasher")
    before = browser.evaluate(cell("crasher", 1))
    for answer in ("no", "yes"):
        browser.until(f"{button('Restart')}.id = 'restart'")
        browser.click("#restart")
        asked = browser.until("document.querySelector('#question')?.textContent")
        if "crasher" not in (asked or ""):
            yield f"the question is: {asked}"
        browser.click(f"#{answer}")
        browser.until("!document.querySelector('#question')")
        if answer == "no" and browser.evaluate(cell("crasher", 1)) != before:
            yield "no starts it again"
    if not browser.until(f"{cell('crasher', 1)} !== '{before}' && {cell('crasher', 6)} === '{shown.restarts + 1}'"):
        yield f"its pid was {before}, and is {browser.evaluate(cell('crasher', 1))}; restarts {browser.evaluate(cell('crasher', 6))}"
    choose(browser, shown.cycle[0])
    if not browser.evaluate(f"{button('Restart')}.disabled"):
        yield "an actor without a supervisor can be restarted"


def faults_of_errors(browser, url):
    yield from browser.complaints
    origin = url.split("#")[0]
    yield from (f"it asked for {one}" for one in set(browser.requests) if not one.startswith((origin, "data:")))


def look_at(tests, url, by, shown, control):
    with Chromium() as browser:
        browser.open(url)
        tests.check(f"dash: {by} shows the actors as a tree, with their queues and restarts", faults_of_rows(browser, shown))
        tests.check(f"dash: {by} shows how each process ended", faults_of_ends(browser, shown))
        for scheme in ("light", "dark"):
            tests.check(f"dash: {by} is {scheme} where the system is", faults_of_scheme(browser, scheme))
            tests.check(f"dash: {by} has red edges between who is in a cycle ({scheme})", faults_of_edges(browser, shown))
        tests.check(f"dash: {by} shows the mailbox of an actor by type, and what it did last", faults_of_details(browser, shown))
        tests.check(f"dash: {by} is used by the keyboard alone", faults_of_keyboard(browser))
        if "#" in browser.evaluate("location.href"):
            tests.check(f"dash: {by} keeps the token out of the history", ["it stands in the address"])
        if control:
            tests.check(f"dash: {by} starts an actor again, after a question", faults_of_restart(browser, shown))
        else:
            found = browser.evaluate(f"Boolean({button('Restart')} || {button('Kill')} || {button('Stop')})")
            tests.check(f"dash: {by} has no orders without --control", ["there is a button"] if found else [])
        tests.check(f"dash: {by} has no error, and asks nobody else", faults_of_errors(browser, url))
        yield browser


def faults_of_the_end(browser):
    """Told where the page is live, and in a sentence."""
    if not browser.until("document.querySelector('.live').textContent === 'ended'"):
        yield "it says that the program is live"
    if "ended" not in (browser.evaluate("document.querySelector('[role=alert]')?.textContent") or ""):
        yield "there is no sentence about it"


@contextmanager
def running(*command, says):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        said = ""
        for line in process.stdout:
            said += line
            if says(said):
                break
        yield process, said
    finally:
        process.send_signal(signal.SIGINT if "dash" in command else signal.SIGTERM)
        process.communicate()


def is_whole(said):
    try:
        return bool(json.loads(said))
    except ValueError:
        return False


def try_tool(tests, troupe, program, control):
    by = "troupe dash --control" if control else "troupe dash"
    with running(program, says=lambda said: "ready" in said) as (process, said):
        pid = re.search(r"ready (\d+)", said).group(1)
        command = [troupe, "dash", "--port", "0", "--json", "-p", pid, *(["--control"] if control else [])]
        with running(*command, says=is_whole) as (server, said):
            url = json.loads(said)["url"]
            tests.check(f"dash: {by} lets in who has the token, and nobody else", dash_rules.faults_of_entering(url))
            tests.check(f"dash: {by} shows data to the page alone", dash_rules.faults_of_reading(url))
            tests.check(f"dash: {by} takes orders from the page alone", dash_rules.faults_of_orders(url, control))
            tests.check(f"dash: {by} listens on 127.0.0.1 alone", dash_rules.faults_of_listening(url))
            tests.check(f"dash: {by} tells 16 pages what changes", dash_rules.faults_of_events(url))
            tests.check(f"dash: {by} outlives nonsense", dash_rules.faults_of_nonsense(url))
            tests.check(f"dash: {by} says so where the port is taken", faults_of_taken_port(troupe, pid, url))
            if not shutil.which("chromium"):
                return
            for browser in look_at(tests, url, f"the page of {by}", PROGRAMS[Path(program).name], control):
                os.kill(int(pid), signal.SIGKILL)
                process.wait()
                with running(program, says=lambda said: "ready" in said):
                    tests.check(f"dash: the page of {by} says when the program has ended, and stays with it", faults_of_the_end(browser))
        if server.returncode != 0:
            tests.check(f"dash: {by} ends by Ctrl-C", [f"its exit code was {server.returncode}"])


def faults_of_taken_port(troupe, pid, url):
    port = str(dash_rules.Visitor(url).port)
    done = subprocess.run([troupe, "dash", "-p", pid, "--port", port], capture_output=True, text=True, timeout=60)
    if done.returncode != 1 or f"port {port}" not in done.stderr or done.stdout:
        yield f"{done.returncode}: {done.stdout}{done.stderr}"


def main():
    tests = report()
    tests.check("dash: the page was made from the sources that stand beside it", faults_of_build())
    tests.check("dash: the page needs nothing from elsewhere, and has the licences of what it is made of", faults_of_foreign_resources())
    if shutil.which("chromium"):
        for control in (False, True):
            server, url = fake_dash.serve(PAGE, "inspected", control)
            for browser in look_at(tests, url, "the page" if control else "the page that only looks",
                                    PROGRAMS["inspected"], control):
                server.program.ended = True
                tests.check("dash: the page says when the program has ended", faults_of_the_end(browser))
            server.shutdown()
            server.server_close()
    else:
        print("NOT RUN: what a browser shows, because there is no chromium")
    if len(sys.argv) == 4:
        os.environ["TROUPE_START_METHOD"] = sys.argv[1]
        for control in (False, True):
            try_tool(tests, sys.argv[2], sys.argv[3], control)
    tests.close()


main()
