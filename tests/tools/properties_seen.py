"""What is seen of a program: its actors, their mailboxes, its channels, who waits for whom, who ended and how."""

import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import inspection
from inspection import PATIENCE, differences
from properties import (DAY, READERS, SIX, SLACK, actors, expected, faults_of, has_free_cpu, holds, left_out, need,
                        properties, standing, state_is, status, stripped, within)


# --- 0. Nothing is changed


MORE_READERS = ((("locks",), 0), (("names",), 0), (("pools",), 0), (("explain", "crasher"), 0), (("ps", "--json", "--full"), 0),
                (("mailbox", "backlog", "--contents"), 0), (("wait-graph", "--dot"), (0, 3)), (("stack", "spinner"), 0),
                (("stack", "left", "--all"), 0), (("metrics",), 0), (("doctor",), (0, 3)), (("top", "--once"), 0),
                (("mailbox", "left", "--json"), 0), (("queues", "--json"), 0), (("pipes", "--json"), 0), (("explain", "1"), 0))


def state_of(running, troupe):
    """Blocks of the memory's file, and how often each actor that sleeps, or is in a handler, has woken up."""
    rows = actors(troupe, "--sample", 0)
    awake = {name: row["wake_ups"] for name, row in rows.items() if row["state"] in ("asleep", "handling")}
    return os.stat(running.memory()).st_blocks, awake


def settled_blocks(running):
    """Of a program that takes no more memory by itself."""
    before, now = None, os.stat(running.memory()).st_blocks
    while now != before:
        time.sleep(0.5)
        before, now = now, os.stat(running.memory()).st_blocks
    return now


@holds("0.1", "no page of the memory is made, and nobody is woken")
def unchanged(running, troupe):
    blocks = settled_blocks(running)
    before = state_of(running, troupe)
    yield from expected(before[0] == blocks, f"the first look: {blocks} blocks became {before[0]}")
    for command, code in (*READERS, *MORE_READERS):
        troupe(*command, code=code)
        after = state_of(running, troupe)
        yield from expected(after == before, f"{command}: {before} became {after}")


@holds("0.2", "the memory is opened and mapped for reading alone, and no process is touched")
def only_read(_, troupe):
    need("strace")
    for command, code in READERS:
        with tempfile.NamedTemporaryFile("r") as into:
            troupe(*command, code=code, before=["strace", "-f", "-y", "-o", into.name, "-e",
                                                "trace=openat,open,mmap,kill,tgkill,ptrace,pidfd_send_signal"])
            lines = into.read().splitlines()
        of_memory = [line for line in lines if "memfd:troupe" in line]  # as the name of a descriptor
        opened = [line for line in of_memory if re.search(r"\bopen(at)?\(", line)]
        mapped = [line for line in of_memory if re.search(r"\bmmap\(", line)]
        yield from expected(opened and mapped, f"{command}: it does not open or map the memory: {lines[-20:]}")
        yield from (f"{command}: {line}" for line in opened if "O_RDONLY" not in line)
        yield from (f"{command}: {line}" for line in mapped if "PROT_WRITE" in line)
        for line in lines:
            yield from expected(not re.search(r"\b(kill|tgkill|ptrace|pidfd_send_signal)\(", line), f"{command}: {line}")


# What a program has to go on for, or what changes it.
CHANGING = ("3.4", "4.5", "5.3")


def of_sections(*wanted, only=None):
    """In the order of `only`, where that is given."""
    some = [one for one in properties if one[0].split(".")[0] in wanted]
    if only is None:
        return [one for one in some if one[0] not in CHANGING]
    return [one for number in only for one in some if one[0] == number]


def faults_of_sections(when, running, troupe, some):
    for number, _, function, _ in some:
        try:
            yield from (f"{number} {when}: {fault}" for fault in faults_of(function, running, troupe))
        except left_out:
            pass  # which is told where it is tried by itself


def faults_while(state, running, troupe):
    standing.state = state
    try:
        yield from faults_of_sections(f"while {state}", running, troupe, of_sections("1", "2", "3", "4"))
    finally:
        standing.state = None


@holds("0.3", "stopped processes are read as any others", fresh=True)
def while_stopped(running, troupe):
    pids = [row["outer_pid"] for row in actors(troupe).values()]
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield from within(PATIENCE, lambda: [f"{name} is {row['state']}" for name, row in actors(troupe).items()
                                             if row["state"] != "stopped"])
        yield from faults_while("stopped", running, troupe)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    yield from faults_of_sections("after that", running, troupe, of_sections("1", "2", "3", "4"))


@holds("0.4", "a debugger changes nothing of that", fresh=True)
def while_traced(running, troupe):
    need("gdb")
    rows = actors(troupe)
    debuggers = []
    try:
        for name in ("left", "program"):
            debuggers.append(subprocess.Popen(["gdb", "-q", "-p", str(rows[name]["outer_pid"])], stdin=subprocess.PIPE,
                                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        yield from within(60, lambda: [f"{name} is {row['state']}" for name, row in actors(troupe).items()
                                       if name in ("left", "program") and row["state"] != "traced"])
        yield from faults_while("traced", running, troupe)
    finally:
        for one in debuggers:
            one.kill()
            one.wait()
    yield from faults_of_sections("after that", running, troupe, of_sections("1", "2", "3", "4"))


# --- 1. ps


def ps(what):
    """A property of J.actors, which may take some seconds to come about."""
    def test(running, troupe):
        def faults():
            return list(what(actors(troupe), running))
        yield from within(PATIENCE, faults)
    return test


@holds("1.1", "ps --json: the program")
def the_program(running, troupe):
    said = troupe("ps", "--json")
    found = said.object
    layout = re.search(r"layout_version = (\d+);",
                       (inspection.ROOT / "runtime/shm/program_header.hpp").read_text()).group(1)
    yield from differences(found, {"schema": 1, "programs": lambda rows: len(rows) == 1})
    yield from differences(found["programs"][0], {
        "pid": running.pid, "layout": int(layout), "executable": lambda path: path.endswith(Path(running.path).name),
        "shared_bytes": lambda n: 0 < n <= found["programs"][0]["shared_budget"]})


@holds("1.2", "ps --json: the six actors, and whose children they are")
@ps
def the_six(found, _):
    yield from expected(sorted(found) == SIX, sorted(found))
    for name, row in found.items():
        wanted = None if name == "program" else found["program"]["id"]
        yield from expected(row["parent"] == wanted, f"{name}: parent {row['parent']}")


@holds("1.3", "ps --json: pids and memory are those of the system")
def the_processes(running, troupe):
    found = actors(troupe)
    memory = os.stat(running.memory())
    yield from expected(len({row["outer_pid"] for row in found.values()}) == 6, "pids are not all different")
    for name, row in found.items():
        fds = Path(f"/proc/{row['outer_pid']}/fd")
        same = any(os.readlink(one).startswith("/memfd:troupe") and os.path.samestat(os.stat(one), memory)
                   for one in fds.iterdir())
        yield from expected(same, f"{name}: process {row['outer_pid']} has other memory")
        rss = int(status(row["outer_pid"])["RssAnon"].split()[0]) * 1024
        yield from expected(abs(row["memory"] - rss) <= max(rss / 10, 65536), f"{name}: {row['memory']}, and RssAnon {rss}")


@holds("1.4", "ps --json: restarts, and what crasher waits for")
@ps
def restarted(found, _):
    yield from differences(found["crasher"], {"restarts": 3, "incarnation": 3, "state": state_is("asleep"),
                                              "waits": lambda w: [one["kind"] for one in w] == ["mailbox"]}, "crasher")
    for name, row in found.items():
        yield from expected(name == "crasher" or row["restarts"] == 0, f"{name}: {row['restarts']} restarts")


@holds("1.5", "ps --json: the handler that never returns, and since when")
def spinning(running, troupe):
    row = actors(troupe)["spinner"]
    yield from differences(row, {"state": state_is("handling"), "handling": {"type": "inspected::spin"}, "waits": []}, "spinner")
    since = row["handling"]["since"]
    yield from expected(running.started - SLACK <= since <= running.ready + SLACK,
                        f"since {since}, of a program that was started at {running.started} and ready at {running.ready}")
    if has_free_cpu():
        yield from expected(row["cpu"] >= 0.5, f"cpu {row['cpu']}")
    time.sleep(3)
    again = actors(troupe)["spinner"]["handling"]["since"]
    yield from expected(again == since, f"since {since}, and {again} three seconds later")


@holds("1.6", "ps --json: left and right wait for each other's reply")
@ps
def waiting(found, _):
    for name, other in (("left", "right"), ("right", "left")):
        yield from differences(found[name], {"handling": {"type": "inspected::poke"},
                                             "waits": lambda w: len(w) == 1}, name)
        for one in found[name]["waits"]:
            yield from differences(one, {"kind": "reply", "type": "inspected::poke", "of": found[other]["id"]}, name)


@holds("1.7", "ps --json: backlog waits for a time, and not for its mailbox")
@ps
def sleeping(found, running):
    waits = found["backlog"]["waits"]
    yield from expected([one["kind"] for one in waits] == ["time"], waits)
    for one in waits[:1]:
        yield from expected(one["until"] is not None and
                            running.started + DAY - 60 <= one["until"] <= running.ready + DAY + 60, one)


@holds("1.8", "ps --json: mailbox.messages and mailbox.bytes")
@ps
def depths(found, _):
    for name, messages in (("backlog", 1000), ("left", 1), ("right", 0), ("crasher", 0), ("spinner", 0)):
        yield from differences(found[name]["mailbox"], {"messages": messages}, name)
    for name, size in (("backlog", 14756), ("left", 4)):
        yield from differences(found[name]["mailbox"], {"bytes": size}, name)


@holds("1.9", "ps --json: mailbox.oldest_seconds")
def ages(running, troupe):
    before = time.monotonic()
    found = actors(troupe)
    after = time.monotonic()
    oldest = found["backlog"]["mailbox"]["oldest_seconds"]
    yield from expected(oldest is not None and before - running.ready - SLACK <= oldest <= after - running.started + SLACK,
                        f"backlog: {oldest} s; the program is {after - running.started} s old, ready for {before - running.ready}")
    for name in ("crasher", "right", "spinner"):
        yield from expected(found[name]["mailbox"]["oldest_seconds"] is None, f"{name}: {found[name]['mailbox']}")
    left = found["left"]
    age = left["taken_at"] - left["handling"]["since"]
    yield from expected(left["mailbox"]["oldest_seconds"] is not None and left["mailbox"]["oldest_seconds"] <= age + SLACK,
                        f"left: {left['mailbox']['oldest_seconds']}, in its handler for {age}")
    time.sleep(5)
    again = actors(troupe)["backlog"]
    passed = again["taken_at"] - found["backlog"]["taken_at"]
    yield from expected(abs(again["mailbox"]["oldest_seconds"] - oldest - passed) <= 0.1,
                        f"backlog: {oldest}, and {again['mailbox']['oldest_seconds']} after {passed} s")


PLACES = {"left": 78, "right": 78, "backlog": 71}


@holds("1.10", "ps --json: where they wait, in the stripped program too")
def places(running, troupe):
    def faults(pid):
        found = actors(troupe, "-p", pid)
        for name, line in PLACES.items():
            yield from differences(found[name]["place"], {"file": lambda f: f.endswith("inspected.cpp"), "line": line}, name)

    yield from within(PATIENCE, lambda: faults(running.pid))
    for other in stripped(running):
        yield from within(PATIENCE, lambda: faults(other.pid))


@holds("1.11", "ps: a line for each actor, and CYCLE 1 on two of them")
def lines(_, troupe):
    def faults():
        said = troupe("ps")
        rows = {name: [line for line in said.text.splitlines()[2:] if re.search(rf"\b{name}\b", line.split("  ")[0])]
                for name in SIX}
        yield from expected(all(len(found) == 1 for found in rows.values()), said)
        yield from expected(any(what and what in "".join(rows["spinner"]) for what in ("in spin", standing.state)), said)
        marked = {name for name, found in rows.items() if "CYCLE 1" in "".join(found)}
        yield from expected(marked == {"left", "right"}, said)
        yield from expected(all(ord(one) >= 32 for line in said.text.split("\n") for one in line), said)

    yield from within(PATIENCE, faults)


@holds("1.12", "ps: colors on a terminal alone, and never with NO_COLOR")
def colors(_, troupe):
    yield from expected("\x1b" not in troupe("ps").text, "escapes in a pipe")
    yield from expected("\x1b" in troupe("ps", "--color", "always").text, "no escapes with --color always")
    need("script")
    for value, wanted in (("", True), ("1", False)):
        said = subprocess.run(["script", "-qec", f"{troupe.path} ps -p {troupe.pid}", "/dev/null"], stdin=subprocess.DEVNULL,
                              capture_output=True, env={**os.environ, "NO_COLOR": value, "TERM": "xterm"})
        yield from expected((b"\x1b[" in said.stdout) == wanted, f"NO_COLOR={value!r} on a terminal: {said.stdout[:500]!r}")


# --- 2. mailbox, queues, pipes


@holds("2.1", "mailbox --json: by type and by sender")
def counted(_, troupe):
    said = troupe("mailbox", "backlog", "--json")
    yield from differences(said.object, {
        "types": {"inspected::job": {"messages": 600, "bytes": 9600}, "inspected::letter": {"messages": 400, "bytes": 5156}},
        "from": lambda found: found == {"program": 1000}, "received_by": None})
    yield from expected(len(said.object["types"]) == 2, sorted(said.object["types"]))


def content_faults(said):
    messages = said.object["messages"]
    yield from expected(len(messages) == 1000, f"{len(messages)} messages")
    sent = 0
    for i, one in enumerate(messages):
        wanted = {"number": i, "weight": 0.5} if i % 5 < 3 else {"subject": f"number {i}", "urgency": i % 7}
        yield from expected(one["content"] == wanted, f"[{i}].content is {one['content']}, and not {wanted}")
        yield from expected(one["sent"] is not None and one["sent"] >= sent, f"[{i}] was sent at {one['sent']}, after {sent}")
        sent = one["sent"] or sent


@holds("2.2", "mailbox --contents --json: each message by the names of its fields, in the stripped program too")
def contents(running, troupe):
    yield from content_faults(troupe("mailbox", "backlog", "--contents", "--json"))
    for other in stripped(running):
        yield from content_faults(troupe("mailbox", "backlog", "--contents", "--json", "-p", other.pid))


@holds("2.3", "mailbox left --json: the request of right")
def request(_, troupe):
    said = troupe("mailbox", "left", "--json")
    messages = said.object["messages"]
    yield from expected(len(messages) == 1, messages)
    yield from differences(messages[0], {"type": "inspected::poke", "request": True, "from_name": "right",
                                         "content": lambda found: found == {"depth": 3}})


@holds("2.4", "mailbox: no such actor, and who is meant")
def misnamed(_, troupe):
    said = troupe("mailbox", "nobody", code=1)
    yield from expected("no actor is called 'nobody'" in said.errors, said)
    said = troupe("mailbox", "backlo", code=1)
    yield from expected("did you mean 'backlog'?" in said.errors, said)


def names(rows):
    return sorted(row["name"] for row in rows)


@holds("2.5", "queues --json")
def queues(_, troupe):
    said = troupe("queues", "--json")
    found = {row["type"]: row for row in said.object["queues"]}
    yield from expected(sorted(found) == ["inspected::job", "int"] and len(said.object["queues"]) == 2, found)
    still = {"in_per_second": 0, "out_per_second": 0}
    four = ["left", "program", "right", "spinner"]
    yield from differences(found.get("inspected::job", {}), {
        "items": 3, "capacity": 16, "bytes": 48, "readers": lambda r: names(r) == ["program"],
        "writers": lambda r: names(r) == ["program"], **still})
    yield from differences(found.get("int", {}), {"items": 0, "capacity": 64, "readers": lambda r: names(r) == four,
                                                  "writers": lambda r: names(r) == four, **still})


@holds("2.6", "pipes --json")
def pipes(_, troupe):
    said = troupe("pipes", "--json")
    found = sorted(said.object["pipes"], key=lambda row: row["messages"])
    yield from expected([row["messages"] for row in found] == [0, 1], found)
    yield from differences(found[-1], {"type": "inspected::letter", "bytes": 13})
    for row in found:
        yield from expected(names(row["readers"]) == names(row["writers"]) == ["program"], row)


# --- 3. wait-graph


@holds("3.1", "wait-graph --json: the cycle")
def cycle(_, troupe):
    def faults():
        said = troupe("wait-graph", "--json", code=3)
        rows = actors(troupe)
        later = max(rows[name]["handling"]["since"] for name in ("left", "right"))
        yield from expected(len(said.object["cycles"]) == 1, said.object["cycles"])
        for one in said.object["cycles"][:1]:
            yield from differences(one, {"actors": lambda a: names(a) == ["left", "right"], "deadlock": True, "deadline": None,
                                         "since": lambda s: s is not None and abs(s - later) <= 1})

    yield from within(PATIENCE, faults)


@holds("3.2", "wait-graph --json: the edges")
def edges(_, troupe):
    every = troupe("wait-graph", "--json", code=3).object["edges"]
    found = {(one["from_name"], one["to_name"]): one for one in every}
    yield from expected(len(found) == len(every), f"an edge is there twice: {every}")
    for pair in (("left", "right"), ("right", "left")):
        yield from differences(found, {pair: {"kind": "reply", "type": "inspected::poke", "place": {"line": 78}}})
    yield from expected(not {"backlog", "crasher", "spinner"} & {name for pair in found for name in pair}, sorted(found))


@holds("3.3", "wait-graph: the text and --dot")
def graph_text(_, troupe):
    said = troupe("wait-graph", code=3)
    yield from expected("left -> right -> left" in said.text, said)
    need("dot")
    drawn = subprocess.run(["dot", "-Tsvg"], input=troupe("wait-graph", "--dot", code=3).text, capture_output=True, text=True)
    yield from expected(drawn.returncode == 0 and "<svg" in drawn.stdout, drawn.stderr)


@holds("3.4", "wait-graph: no cycle after one of the two was killed", fresh=True)
def broken(_, troupe):
    troupe("kill", "left")

    def faults():
        graph = troupe("wait-graph", "--json")
        yield from expected(graph.object["cycles"] == [], graph)
        waits = [one["kind"] for one in actors(troupe)["right"]["waits"]]
        yield from expected("reply" not in waits, f"right waits for {waits}")

    yield from within(PATIENCE, faults)


# --- 4. explain


def explained(_, troupe):
    said = troupe("explain", "crasher", "--json")
    ends = said.object["ends"]
    yield from expected([one["incarnation"] for one in ends] == [2, 1, 0], ends)
    for one, address in zip(ends, (24, 16, 8)):
        yield from differences(one, {"signal": 11, "fault_address": address, "message": "inspected::crash", "deliveries": 1,
                                     "from_name": "program"}, f"incarnation {one['incarnation']}")
    pids = {one["pid"] for one in ends} | {actors(troupe)["crasher"]["pid"]}
    yield from expected(len(pids) == 4, pids)
    moments = [one["at"] for one in reversed(ends)]
    yield from expected(moments == sorted(moments), moments)


holds("4.1", "explain --json: three ends, the newest first", fresh=True)(explained)


@holds("4.2", "explain --json: where it crashed, in the stripped program too", fresh=True)
def frames(running, troupe):
    for one in troupe("explain", "crasher", "--json").object["ends"]:
        yield from differences(one["frames"][0], {"function": "inspected::read_at(unsigned long)", "line": 62,
                                                  "file": lambda f: f and f.endswith("inspected.cpp")}, "with -g")
    need("addr2line")
    for other in stripped(running):
        for one in troupe("explain", "crasher", "--json", "-p", other.pid).object["ends"]:
            frame = one["frames"][0]
            yield from expected(Path(frame["module"]).name == Path(other.path).name, frame)
            line = subprocess.run(["addr2line", "-Ce", running.path, hex(frame["offset"])], capture_output=True, text=True)
            yield from expected("inspected.cpp:62" in line.stdout, f"{frame}: addr2line says {line.stdout}")


@holds("4.3", "explain --json: what it did last", fresh=True)
def last_events(_, troupe):
    events = troupe("explain", "crasher", "--json").object["ends"][0]["last"]
    yield from differences(events[-1], {"kind": "handling", "type": "inspected::crash"})
    yield from expected("began" in [one["kind"] for one in events[:-1]], events)
    moments = [one["at"] for one in events]
    yield from expected(moments == sorted(moments), moments)


@holds("4.4", "explain: the last end, the first, and one that has not ended", fresh=True)
def single_ends(_, troupe):
    for arguments, address in ((("--last",), 24), (("1",), 8)):
        ends = troupe("explain", *arguments, "--json").object["ends"]
        yield from expected([one["fault_address"] for one in ends] == [address], ends)
    said = troupe("explain", "backlog")
    yield from expected("has not ended" in said.text, said)


@holds("4.5", "explain: a kill from outside, and what was lost with it", fresh=True)
def killed(_, troupe):
    os.kill(actors(troupe)["backlog"]["outer_pid"], signal.SIGKILL)

    def faults():
        said = troupe("explain", "backlog")
        yield from expected("was ended by signal 9 (SIGKILL)" in said.text and "1,000 messages" in said.text, said)

    yield from within(PATIENCE, faults)
