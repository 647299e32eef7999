"""What a browser has to show of a program whose actors are known; asked of a page of the dashboard that is open."""

import json
import re
from dataclasses import dataclass


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

ROWS = "[...document.querySelectorAll('#actors tbody tr[role=row]')]"


def row_of(name):
    return f"{ROWS}.find(row => row.querySelector('.text').textContent === '{name}')"


def cell(name, column):
    return f"{row_of(name)}?.cells[{column}].textContent.trim()"


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


def faults_of_restart(browser, shown, clicked=lambda: None):
    """No does nothing, and yes starts it again. `clicked` is told when yes was clicked."""
    choose(browser, "crasher")
    before = browser.evaluate(cell("crasher", 1))
    for answer in ("no", "yes"):
        browser.until(f"{button('Restart')}.id = 'restart'")
        browser.click("#restart")
        asked = browser.until("document.querySelector('#question')?.textContent")
        if "crasher" not in (asked or ""):
            yield f"the question is: {asked}"
        if answer == "yes":
            clicked()
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


def has_orders(browser):
    return bool(browser.evaluate(f"Boolean({button('Restart')} || {button('Kill')} || {button('Stop')})"))


def faults_of_the_end(browser):
    """Told where the page is live, and in a sentence."""
    if not browser.until("document.querySelector('.live').textContent === 'ended'"):
        yield "it says that the program is live"
    if "ended" not in (browser.evaluate("document.querySelector('[role=alert]')?.textContent") or ""):
        yield "there is no sentence about it"


def is_whole(said):
    """The address is an object in several lines."""
    try:
        return bool(json.loads(said))
    except ValueError:
        return False


def address_in(said):
    return json.loads(said)["url"]
