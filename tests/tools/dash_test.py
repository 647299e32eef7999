"""The dashboard: who gets what of its server, and what a browser shows.

    dash_test.py                           the page alone, told of a program that does not exist
    dash_test.py METHOD TROUPE PROGRAM     the built tool, and its page. The program is observed or inspected, whose
                                           actors stand in dash_page.py
"""

import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent)]

import dash_rules  # noqa: E402
import fake_dash  # noqa: E402
from chromium import Chromium  # noqa: E402
from closing_line import report  # noqa: E402
from dash_page import (PROGRAMS, faults_of_details, faults_of_edges, faults_of_ends, faults_of_errors,  # noqa: E402
                       faults_of_keyboard, faults_of_restart, faults_of_rows, faults_of_scheme, faults_of_the_end, has_orders, is_whole)

FOLDER = HERE.parents[1] / "tools" / "dashboard"
PAGE = FOLDER / "page.html"


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
            tests.check(f"dash: {by} has no orders without --control", ["there is a button"] if has_orders(browser) else [])
        tests.check(f"dash: {by} has no error, and asks nobody else", faults_of_errors(browser, url))
        yield browser


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
            tests.check(f"dash: {by} ends though somebody sends slowly", faults_of_slow_end(troupe, pid))
            if not shutil.which("chromium"):
                return
            for browser in look_at(tests, url, f"the page of {by}", PROGRAMS[Path(program).name], control):
                os.kill(int(pid), signal.SIGKILL)
                process.wait()
                with running(program, says=lambda said: "ready" in said):
                    tests.check(f"dash: the page of {by} says when the program has ended, and stays with it", faults_of_the_end(browser))
        if server.returncode != 0:
            tests.check(f"dash: {by} ends by Ctrl-C", [f"its exit code was {server.returncode}"])


def faults_of_slow_end(troupe, pid):
    """Ctrl-C ends it, though somebody has begun to send what never comes to an end."""
    with running(troupe, "dash", "--port", "0", "--json", "-p", pid, says=is_whole) as (server, said):
        port = dash_rules.Visitor(json.loads(said)["url"]).port
        with socket.create_connection(("127.0.0.1", port), 60) as line:
            line.sendall(b"POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n")
            end = time.monotonic() + 60
            for number in itertools.count():
                if server.poll() is not None or time.monotonic() > end:
                    break
                if number == 10:  # by then it is being read
                    server.send_signal(signal.SIGINT)
                try:
                    line.sendall(b"x")
                except OSError:
                    pass
                time.sleep(0.05)
            if server.poll() is None:
                server.kill()
    if server.returncode != 0:
        yield f"its exit code was {server.returncode}"


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
