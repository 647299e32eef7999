"""Holds the tool to what it says of a program, as text and as JSON.

usage: check.py START_METHOD TROUPE PROGRAM     PROGRAM is tests/programs/observed
"""

import os
import re
import shutil
import signal
import subprocess
import sys

from inspection import PATIENCE, by_name, differences, program, tool, within
from closing_line import report

METHOD, ANY, PROGRAM = sys.argv[1], tool(sys.argv[2]), sys.argv[3]
TROUPE = ANY  # of the program, once that runs
ACTORS = {"program", "crasher", "idle", "east", "west", "spinner", "holder", "waiter"}
ANSI = "\x1b["

tests = report()


def expected(condition, said):
    return [] if condition else [str(said)]


def is_good(said, code=0):
    return expected(said.code == code and not said.errors, said)


def check_ps(running):
    def faults():
        said = TROUPE("ps", "--json", "--sample", 0)
        if is_good(said):
            return is_good(said)
        found = said.object
        actors = by_name(found["actors"])
        if actors.keys() != ACTORS:
            return [f"the actors are {sorted(actors)}"]
        by_id = {row["id"]: name for name, row in actors.items()}
        waits = {name: [(one["kind"], by_id.get(one["of"], one["of"])) for one in row["waits"]]
                 for name, row in actors.items()}
        return [
            *differences(found, {"schema": 1, "programs": lambda rows: len(rows) == 1 and rows[0]["pid"] == running.pid}),
            *differences(actors, {
                "program": {"parent": None, "restarts": 0},
                "crasher": {"restarts": 2, "incarnation": 2, "state": "asleep", "supervised": True},
                "idle": {"mailbox": {"messages": 30}, "restarts": 0},
                "east": {"state": "handling", "handling": {"type": "observed::ask"}},
                "west": {"state": "handling", "handling": {"type": "observed::ask"}},
                "spinner": {"state": "handling", "handling": {"type": "observed::spin"}, "mailbox": {"messages": 0}},
            }),
            *differences(waits, {"east": [("reply", "west")], "west": [("reply", "east")], "spinner": [],
                                 "crasher": lambda w: [kind for kind, _ in w] == ["mailbox"],
                                 "idle": lambda w: [kind for kind, _ in w] == ["time"],
                                 "waiter": lambda w: [kind for kind, _ in w] == ["lock"]}),
        ]

    tests.check("ps: each actor has its state, its message, its mailbox and what it waits for", within(PATIENCE, faults))

    def text_faults():
        said = TROUPE("ps")
        lines = said.text.splitlines()
        rows = {name: [line for line in lines[2:] if re.search(rf"\b{name}\b", line.split("  ")[0])] for name in ACTORS}
        return [*is_good(said), *expected(all(len(found) == 1 for found in rows.values()), said),
                *expected(f"(pid {running.pid})" in lines[0] and lines[1].startswith("ACTOR"), said),
                *expected(all("in spin" in line for line in rows["spinner"]), said),
                *expected({name for name, found in rows.items() if "CYCLE 1" in "".join(found)} == {"east", "west"}, said),
                *expected(not re.search(r"[\x00-\x09\x0b-\x1f]", said.text), said)]

    tests.check("ps: the text has a line for each actor, and marks the cycle", within(PATIENCE, text_faults))

    plain, colored = TROUPE("ps"), TROUPE("ps", "--color", "always")
    tests.check("ps: there are colors where they are asked for, and none in a pipe",
                expected(ANSI not in plain.text and ANSI in colored.text, colored))
    full = TROUPE("ps", "--json", "--full")
    tests.check("ps: --full has the channels, locks, names and the wait graph as well",
                [*is_good(full), *(f"{key} is missing" for key in ("channels", "cells", "names", "circles", "pools", "edges",
                                                                   "cycles") if key not in full.object)])


def check_mailbox():
    said = TROUPE("mailbox", "idle", "--json", "--contents")
    found = said.object if said.code == 0 else {}
    tests.check("mailbox: messages are counted by type and by sender", [*is_good(said), *differences(found, {
        "types": {"observed::note": {"messages": 20, "bytes": 320}, "observed::letter": {"messages": 10}},
        "from": {"program": 30}, "received_by": None})])

    def content(index):
        if index % 3 < 2:
            return {"type": "observed::note", "content": {"number": index, "weight": 0.5}}
        return {"type": "observed::letter", "content": {"subject": f"[31mnumber {index}", "urgency": index}}

    messages = found.get("messages", [])
    tests.check("mailbox: each message is shown in the order of sending, with its fields by name",
                [*expected(len(messages) == 30, said),
                 *(fault for i, one in enumerate(messages) for fault in differences(one, content(i), f"[{i}]"))])
    bare = TROUPE("mailbox", "idle", "--json").object["messages"]
    tests.check("mailbox: contents are shown where they are asked for, and of the oldest message alone otherwise",
                expected("content" in bare[0] and all("content" not in one for one in bare[1:]), bare))
    text = TROUPE("mailbox", "idle", "--contents", "--first", 3)
    tests.check("mailbox: the text has what --json has, without what steers a terminal",
                [*is_good(text), *expected("30 messages" in text.text and "... 27 more" in text.text, text),
                 *expected("\x1b" not in text.text and "number 2" in text.text, text)])
    for selected in ("slot", "pid"):
        row = by_name(TROUPE("ps", "--json", "--sample", 0).object["actors"])["idle"]
        name = f"slot:{row['slot']}" if selected == "slot" else row["outer_pid"]
        by = TROUPE("mailbox", name)
        tests.check(f"mailbox: an actor may be named by its {selected}", [*is_good(by), *expected("idle" in by.text, by)])


def check_channels():
    said = TROUPE("queues", "--json")
    queues = {row["type"]: row for row in said.object["queues"]}
    names = lambda rows: sorted(row["name"] for row in rows)  # noqa: E731
    tests.check("queues: each has its items, its capacity and who holds its ends", [*is_good(said), *differences(queues, {
        "observed::note": {"items": 2, "capacity": 8, "bytes": 32, "readers": lambda r: names(r) == ["program"],
                           "writers": lambda r: names(r) == ["program"]},
        "int": {"items": 0, "capacity": 64}})])
    text = TROUPE("queues")
    tests.check("queues: the text has a line for each", [*is_good(text), *expected("observed::note" in text.text, text)])
    said = TROUPE("pipes", "--json")
    counts = sorted(row["messages"] for row in said.object["pipes"])
    tests.check("pipes: each direction has its messages", [*is_good(said), *expected(counts == [0, 1], said)])
    text = TROUPE("pipes")
    tests.check("pipes: the text has a line for each", [*is_good(text), *expected(len(text.text.splitlines()) == 3, text)])


def check_shared():
    def faults():
        said = TROUPE("locks", "--json")
        locks = {row["kind"]: row for row in said.object["locks"]}
        return [*is_good(said), *differences(locks, {
            "mutex": {"holder_name": "holder", "waiting": lambda w: [one["name"] for one in w] == ["waiter"]},
            "semaphore": {"value": 4}})]

    tests.check("locks: a lock has its holder and who waits, a semaphore its permits", within(PATIENCE, faults))
    text = TROUPE("locks")
    tests.check("locks: the text says who has it", [*is_good(text), *expected("held by holder" in text.text, text)])

    def name_faults():
        said = TROUPE("names", "--json")
        return [*is_good(said),
                *differences(by_name(said.object["names"]), {'post "office"': {"actor_name": "idle"}}),
                *differences(by_name(said.object["circles"]), {"notes": {"kind": "topic"}})]

    tests.check("names: names and topics are listed with their actors", within(PATIENCE, name_faults))
    text = TROUPE("pools")
    tests.check("pools: there are none, and that is said", [*is_good(text), *expected("no pools" in text.text, text)])


def check_wait_graph():
    def faults():
        said = TROUPE("wait-graph", "--json")
        found = said.object
        edges = {(one["from_name"], one["to_name"]): one for one in found["edges"]}
        return [*is_good(said, 3),
                *differences(edges, {("east", "west"): {"kind": "reply", "type": "observed::ask"},
                                     ("west", "east"): {"kind": "reply", "type": "observed::ask"},
                                     ("waiter", "holder"): {"kind": "lock"}}),
                *expected(len(found["cycles"]) == 1 and found["cycles"][0]["deadlock"] and
                          {one["name"] for one in found["cycles"][0]["actors"]} == {"east", "west"}, said)]

    tests.check("wait-graph: a cycle of two is named, and who waits for a lock", within(PATIENCE, faults))
    text = TROUPE("wait-graph")
    tests.check("wait-graph: the text names the cycle",
                [*is_good(text, 3), *expected(re.search(r"east -> west -> east|west -> east -> west", text.text), text)])
    dot = TROUPE("wait-graph", "--dot")
    if shutil.which("dot"):
        drawn = subprocess.run(["dot", "-Tsvg"], input=dot.text, capture_output=True, text=True)
        tests.check("wait-graph: graphviz draws --dot",
                    expected(drawn.returncode == 0 and "<svg" in drawn.stdout, drawn.stderr + dot.text))
    else:
        tests.check("wait-graph: --dot is a graph", expected(dot.text.startswith("digraph"), dot))


def check_explain():
    said = TROUPE("explain", "crasher", "--json")
    ends = said.object["ends"] if said.code == 0 else []
    tests.check("explain: each end of an actor is told, the newest first",
                [*is_good(said), *expected([one["incarnation"] for one in ends] == [1, 0], said),
                 *(fault for one in ends for fault in differences(one, {
                     "signal": signal.SIGABRT, "message": "observed::crash", "from_name": "program", "deliveries": 1,
                     "last": lambda events: events and events[0]["kind"] != "none"}))])
    text = TROUPE("explain", "crasher")
    tests.check("explain: the text says how it ended, with which message",
                [*is_good(text), *expected("ended 2 times" in text.text and "SIGABRT" in text.text, text),
                 *expected("handling observed::crash from program, delivered 1 time" in text.text, text)])
    first, last = TROUPE("explain", 1, "--json"), TROUPE("explain", "--last", "--json")
    tests.check("explain: one end is shown by its number, and the last by --last",
                [*expected([one["incarnation"] for one in first.object["ends"]] == [0], first),
                 *expected([one["incarnation"] for one in last.object["ends"]] == [1], last)])
    alive = TROUPE("explain", "idle")
    tests.check("explain: who lives has not ended", [*is_good(alive), *expected("has not ended" in alive.text, alive)])
    nobody = TROUPE("explain")
    tests.check("explain: it is wrong usage to name nobody", expected(nobody.code == 2 and "--last" in nobody.errors, nobody))


def check_refusals(running):
    for arguments, code, sentence in (
            (("mailbox", "nobody at all"), 1, "no actor is called 'nobody at all'"),
            (("mailbox", "idel"), 1, "did you mean 'idle'?"),
            (("mailbox", "slot:x"), 1, "slot:7"),
            (("mailbox", "1"), 1, "process 1 is no actor of program"),
            (("mailbox", "\x1b[31m"), 1, "no actor is called '[31m'"),
            (("ps", "-p", 1), 1, "process 1 "),
            (("restart", "east"), 1, "has no supervisor"),
            (("kill", "program"), 1, "is the program itself"),
            (("pss",), 2, "did you mean 'ps'?"),
            (("ps", "--what"), 2, "--what"),
            (("ps", "--color", "blue"), 2, "blue"),
            (("ps", "--sample", "-1"), 2, "--sample"),
            (("ps", "--sample", "nan"), 2, "--sample"),
            (("trace", "--seconds", "nan"), 2, "--seconds"),
            (("mailbox", "0"), 1, "no actor is called '0'"),
            (("mailbox",), 2, "actor"),
            (("kill", "idle", "--budget", "soon"), 2, "--budget"),
            ((), 2, "which command?")):
        said = TROUPE(*arguments)
        tests.check(f"refusals: `troupe {' '.join(map(str, arguments))!s}` says `{sentence}`".replace("\x1b", "ESC"),
                    expected(said.code == code and sentence in said.errors and not said.text and "\x1b" not in said.errors,
                             said))
    here = TROUPE("ps", "-p", by_name(TROUPE("ps", "--json").object["actors"])["idle"]["outer_pid"], "--json")
    tests.check("refusals: a program may be named by any of its processes",
                expected(here.object["programs"][0]["pid"] == running.pid, here))
    with program(PROGRAM, METHOD) as other:
        said = ANY("ps")
        tests.check("refusals: which of two programs is asked for, and -p says it",
                    [*expected(said.code == 1 and "-p PID" in said.errors and str(other.pid) in said.errors, said),
                     *is_good(TROUPE("ps", "-p", other.pid))])


def check_orders():
    before = by_name(TROUPE("ps", "--json", "--sample", 0).object["actors"])
    said = TROUPE("restart", "crasher", "--json", "--budget", "60s")
    pid = said.object["new_pid"] if said.code == 0 else None
    row = by_name(TROUPE("ps", "--json", "--sample", 0).object["actors"])["crasher"]
    tests.check("restart: the actor runs again, and its new pid is told",
                [*is_good(said), *differences(row, {"pid": pid, "restarts": 3})])
    said = TROUPE("stop", "idle")
    row = by_name(TROUPE("ps", "--json", "--sample", 0).object["actors"])["idle"]
    tests.check("stop: the actor is asked to stop, and ps says so",
                [*is_good(said), *differences(row, {"stop_requested": True, "pid": before["idle"]["pid"]})])
    said = TROUPE("kill", "idle", "--budget", "60s")
    left = by_name(TROUPE("ps", "--json", "--sample", 0).object["actors"]).get("idle", {"state": "dead"})
    tests.check("kill: the actor is gone", [*is_good(said), *expected(left["state"] == "dead", left)])
    said = TROUPE("explain", "idle")
    tests.check("kill: its end says so, and what was lost with it",
                [*is_good(said), *expected("signal 9 (SIGKILL)" in said.text and "30 messages" in said.text, said)])
    said = TROUPE("kill", "east", "--budget", "60s")

    def faults():
        graph = TROUPE("wait-graph", "--json")
        return [*is_good(graph), *expected(graph.object["cycles"] == [], graph)]

    tests.check("kill: it breaks a cycle", [*is_good(said), *within(PATIENCE, faults)])


def names_in(text):
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))


def check_texts():
    commands = re.findall(r"^  ([a-z-]+) ", TROUPE("--help").text.split("Subcommands:")[1], re.MULTILINE)
    bash = TROUPE("completion", "bash").text
    zsh = TROUPE("completion", "zsh").text
    man = TROUPE("man").text.replace("\\-", "-")
    faults = [f"{name} is not in {where}" for name in commands
              for where, text in (("man", man), ("bash", bash), ("zsh", zsh)) if name not in text]
    for name in commands:
        said = TROUPE(name, "--help")
        options = names_in(said.text.split("Options:")[1].split("\n\n")[0]) if "Options:" in said.text else set()
        page = names_in(TROUPE("man", name).text.replace("\\-", "-").replace("\\fB", " ").replace("\\fR", " "))
        case = re.search(rf"^        {name}\)\n            options='([^']*)'", bash, re.MULTILINE)
        complete = set(case.group(1).split()) if case else set()
        # A page may quote options of other programs in its text.
        faults += [f"{name}: {option} is in the help and not in the page" for option in options - page]
        faults += [f"{name}: {option} is in the help and not in the completion" for option in options - complete]
        faults += [f"{name}: {option} is in the completion and not in the help" for option in complete - options]
    tests.check("texts: --help, manual pages and completion name the same commands and options", faults)
    for shell, text in (("bash", bash), ("zsh", zsh)):
        if shutil.which(shell):
            read = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True)
            tests.check(f"texts: {shell} can read its completion", expected(read.returncode == 0, read.stderr))
    version = TROUPE("--version")
    tests.check("texts: --version says which", [*is_good(version), *expected(version.text.startswith("troupe "), version)])


def main():
    global TROUPE
    check_texts()
    with program(PROGRAM, METHOD) as running:
        TROUPE = ANY.of(running.pid)
        os.environ["COLUMNS"] = "20"  # of no terminal: nothing is cut
        check_ps(running)
        check_mailbox()
        check_channels()
        check_shared()
        check_wait_graph()
        check_explain()
        check_refusals(running)
        check_orders()
    none = ANY("ps", "-p", 0x7ffffff0)
    tests.check("refusals: a process that is not there is said to be none", expected(none.code == 1 and none.errors, none))
    tests.close()


main()
