"""What the dashboard gives to whom, and what a browser shows of it in light and in dark."""

import os
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace

import dash_page
import dash_rules
from chromium import Chromium
from every_command import judge_ended, judge_time
from inspection import WATCHDOG, program
from properties import actors, expected, holds, need
from properties_seen import settled_blocks, state_of

SHOWN = dash_page.PROGRAMS["inspected"]
SCHEMES = ("light", "dark")
A_WHILE = 3  # seconds, in which a page would have found the program that was started again


@contextmanager
def served(troupe, *more):
    """The address of the page; the server is ended by Ctrl-C."""
    arguments = ["dash", "--port", "0", "--json", *more, "-p", str(troupe.pid)]
    with tempfile.TemporaryFile("w+") as errors:
        server = subprocess.Popen([troupe.path, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                                  text=True)
        said = ""
        try:
            for line in server.stdout:
                said += line
                if dash_page.is_whole(said):
                    break
            if not dash_page.is_whole(said):
                raise RuntimeError(f"dash printed no address, but {said!r}")
            yield dash_page.address_in(said)
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.communicate(timeout=WATCHDOG)
            finally:
                server.kill()
                server.wait()
            errors.seek(0)
            judge_ended(arguments, server.returncode, said, errors.read())


@contextmanager
def opened(url, scheme="light"):
    with Chromium() as browser:
        browser.scheme(scheme)
        browser.open(url)
        yield browser


@holds("9.1", "dash: who has the token gets data, and nobody else does", fresh=True)
def guarded(running, troupe):
    settled_blocks(running)
    before = state_of(running, troupe)
    with served(troupe, "--control") as url:
        it = dash_rules.Visitor(url)
        it.enter()
        events = it.events()
        for _ in range(4):
            next(events)
        events.close()
        after = state_of(running, troupe)
        yield from expected(after == before, f"a page that is open: {before} became {after}")
        yield from dash_rules.faults_of_entering(url)
        yield from dash_rules.faults_of_reading(url)
        yield from dash_rules.faults_of_orders(url, True)
        yield from dash_rules.faults_of_listening(url)


@holds("9.2", "dash: actors, messages, restarts, ends and the cycle are shown, in light and in dark", fresh=True)
def page_content(_, troupe):
    need("chromium")
    with served(troupe, "--control") as url:
        for scheme in SCHEMES:
            with opened(url, scheme) as browser:
                for faults_of in (dash_page.faults_of_rows, dash_page.faults_of_ends, dash_page.faults_of_edges,
                                  dash_page.faults_of_details):
                    yield from (f"in {scheme}: {fault}" for fault in faults_of(browser, SHOWN))


@holds("9.3", "dash: light and dark, by the keyboard alone, without an error, and from nowhere else", fresh=True)
def page_manners(_, troupe):
    need("chromium")
    with served(troupe, "--control") as url, opened(url) as browser:
        yield from dash_page.faults_of_rows(browser, SHOWN)
        for scheme in SCHEMES:
            yield from (f"in {scheme}: {fault}" for fault in dash_page.faults_of_scheme(browser, scheme))
            yield from (f"in {scheme}: {fault}" for fault in dash_page.faults_of_keyboard(browser))
        yield from dash_page.faults_of_errors(browser, url)


@holds("9.4", "dash: an actor is started again after a question, and never without --control", fresh=True)
def page_orders(_, troupe):
    with served(troupe) as url:
        yield from dash_rules.faults_of_orders(url, False)
        need("chromium")
        with opened(url) as browser:
            yield from dash_page.faults_of_rows(browser, SHOWN)
            dash_page.choose(browser, "crasher")
            yield from expected(not dash_page.has_orders(browser), "there is a button without --control")
    with served(troupe, "--control") as url:
        for number, scheme in enumerate(SCHEMES):
            before, moments = actors(troupe)["crasher"]["pid"], []
            with opened(url, scheme) as browser:
                shown = replace(SHOWN, restarts=SHOWN.restarts + number)
                yield from dash_page.faults_of_rows(browser, shown)
                yield from dash_page.faults_of_restart(browser, shown, lambda: moments.append(time.monotonic()))
                judge_time("9.4 from the click on yes until it is shown", time.monotonic() - moments[-1], 5)
                yield from dash_page.faults_of_errors(browser, url)
            row = actors(troupe)["crasher"]
            yield from expected(row["pid"] != before and row["restarts"] == shown.restarts + 1, row)


@holds("9.5", "dash: the page says that the program has ended, and stays with it", fresh=True)
def page_end(running, troupe):
    need("chromium")
    with served(troupe, "--control") as url, opened(url) as browser:
        yield from dash_page.faults_of_rows(browser, SHOWN)
        os.kill(running.pid, signal.SIGTERM)  # as `kill PID` does it
        running.process.wait(WATCHDOG)
        began = time.monotonic()
        yield from dash_page.faults_of_the_end(browser)
        judge_time("9.5 until the page says that the program has ended", time.monotonic() - began, 2)
        with program(running.path, running.method):
            time.sleep(A_WHILE)
            for scheme in SCHEMES:
                browser.scheme(scheme)
                yield from (f"started again, in {scheme}: {fault}" for fault in dash_page.faults_of_the_end(browser))
