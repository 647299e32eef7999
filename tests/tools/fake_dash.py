"""A server that talks to the page as troupe dash does, about a program that does not exist.

    fake_dash.py PAGE SCENE      serves until its standard input ends, and prints {"url": ...}

Scene `inspected`: six actors, a cycle of two, a crasher. Scene `shop`: a program with more of everything, for pictures.
"""

import http.server
import json
import math
import random
import sys
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

START = time.monotonic() - 134
STATE = threading.Lock()


def actor(number, name, parent=1, state="asleep", **more):
    id = number << 12 | number
    row = {"id": id, "parent": (parent << 12 | parent) if number != 1 else 0, "slot": number, "name": name,
           "function": f"shop::{name.rstrip('-0123456789')}", "pid": 4719 + number, "state": state, "since": START + 3,
           "incarnation": 0, "restarts": 0, "supervised": False, "cpu": 0.0, "memory": 1.1 * 2**20 + number * 5000,
           "handling": None, "waits": [], "waits_known": True, "place": None, "sent": 0, "taken": 0, "handled": 0,
           "cycle": 0, "mailbox": {"channel": 65536 + number, "messages": 0, "bytes": 0, "oldest": None,
                                   "granules": 0, "of_granules": 4096}}
    return {**row, **more}


def box(messages, size, age, granules):
    return {"channel": 65540, "messages": messages, "bytes": size, "oldest": START + age, "granules": granules,
            "of_granules": 4096}


MAILBOX = [{"kind": "mailbox", "of": 65540, "since": START + 3}]


def reply(number, type):
    return [{"kind": "reply", "of": number << 12 | number, "type": type, "since": START + 4}]


def listed(*actors):
    return [{"id": number << 12 | number, "name": name} for number, name in actors]


def edge(one, other, kind="reply", type="inspected::poke", line=78, file="inspected.cpp"):
    return {"from": one << 12 | one, "to": other << 12 | other, "kind": kind, "type": type, "since": START + 4,
            "place": {"file": file, "line": line}, "in_handler": type}


def program(name, **more):
    return {"pid": 4720, "name": name, "executable": f"/srv/{name}/{name}", "library": "0.1.0", "layout": 12,
            "began": START, "shared_bytes": 3.4 * 2**20, "shared_budget": 3942 * 2**20, "restarts": 3, "ends": 3, **more}


def inspected():
    poke = {"type": "inspected::poke", "since": START + 4, "of": 1 << 12 | 1, "deliveries": 1}
    spin = {"type": "inspected::spin", "since": START + 4, "of": 1 << 12 | 1, "deliveries": 1}
    here = {"file": "inspected.cpp", "line": 78}
    rows = [
        actor(1, "program", mailbox=None, waits=[{"kind": "time", "until": START + 86400}]),
        actor(2, "crasher", restarts=3, incarnation=3, supervised=True, waits=MAILBOX),
        actor(3, "backlog", mailbox=box(1000, 14756, 1, 1000), waits=[{"kind": "time", "until": START + 86400}]),
        actor(4, "left", state="handling", handling=poke, waits=reply(5, "inspected::poke"), cycle=1, place=here,
              mailbox=box(1, 4, 4, 1)),
        actor(5, "right", state="handling", handling=poke, waits=reply(4, "inspected::poke"), cycle=1, place=here),
        actor(6, "spinner", state="handling", handling=spin, cpu=1.0)]
    cycle = {"actors": listed((4, "left"), (5, "right")), "deadlock": True, "deadline": None, "since": START + 4}
    return {"programs": [program("inspected")], "actors": rows, "channels": [], "cells": [], "names": [], "circles": [],
            "pools": [], "edges": [edge(4, 5), edge(5, 4)], "cycles": [cycle], "damaged": []}


def shop():
    rows = [actor(1, "shop", mailbox=None, waits=[{"kind": "end", "of": 2 << 12 | 2}], memory=4.2 * 2**20),
            actor(2, "front", supervised=True, waits=[{"kind": "descriptor", "of": 9}]),
            actor(3, "orders", supervised=True, waits=MAILBOX), actor(4, "stock", supervised=True, waits=MAILBOX)]
    rows += [actor(10 + i, f"session-{i + 1}", 2, waits=MAILBOX) for i in range(6)]
    rows += [actor(20 + i, f"packer-{i + 1}", 3, supervised=True, waits=MAILBOX) for i in range(4)]
    rows += [actor(30, "ledger", 3, supervised=True, restarts=2, incarnation=2), actor(31, "billing", 3, supervised=True),
             actor(32, "mailer", 3, supervised=True), actor(40, "index", 4), actor(41, "pricing", 4), actor(42, "audit")]
    book = {"type": "shop::booking", "since": START + 60, "of": 3 << 12 | 3, "deliveries": 1}
    settle = {"type": "shop::settle", "since": START + 60, "of": 3 << 12 | 3, "deliveries": 1}
    for row in rows:
        if row["name"] == "ledger":
            row.update(state="handling", handling=book, waits=reply(31, "shop::settle"), cycle=1, since=START + 60,
                       place={"file": "ledger.cpp", "line": 112}, mailbox=box(212, 8480, 61, 424))
        if row["name"] == "billing":
            row.update(state="handling", handling=settle, waits=reply(30, "shop::booking"), cycle=1, since=START + 60,
                       place={"file": "billing.cpp", "line": 64}, mailbox=box(9, 432, 70, 18))
        if row["name"] == "mailer":
            row.update(state="asleep", waits=[{"kind": "time", "until": START + 900}],
                       mailbox=box(3120, 214_780, 20, 3800), place={"file": "mailer.cpp", "line": 41})
        if row["name"] == "audit":
            row.update(state="stopped", mailbox=box(38, 1216, 100, 76))
    cycle = {"actors": listed((30, "ledger"), (31, "billing")), "deadlock": True, "deadline": None, "since": START + 60}
    ids = {row["name"]: row["id"] for row in rows}
    channels = [{"id": 131072 + 12, "kind": "queue", "type": "shop::parcel", "messages": 14, "capacity": 16, "bytes": 896,
                 "oldest": START + 133, "in_per_second": 210, "out_per_second": 208, "open": True,
                 "readers": [ids[f"packer-{i + 1}"] for i in range(4)], "writers": [ids["orders"]],
                 "waiting_readers": [], "waiting_writers": [ids["orders"]]},
                {"id": 131072 + 13, "kind": "pipe", "type": "shop::change", "messages": 1, "capacity": 0, "bytes": 13,
                 "oldest": START + 133.9, "in_per_second": 40, "out_per_second": 40, "open": True,
                 "readers": [ids["index"]], "writers": [ids["stock"]], "waiting_readers": [], "waiting_writers": []}]
    cells = [{"id": str(2**63 + 65536 + 3), "kind": "mutex", "made_by": ids["shop"], "holder": ids["stock"],
              "since": START + 133, "waiting": [ids["pricing"], ids["index"]], "value": 0, "of_value": 0},
             {"id": str(2**63 + 65536 + 4), "kind": "semaphore", "made_by": ids["shop"], "holder": 0, "since": None,
              "waiting": [], "value": 3, "of_value": 8}]
    pools = [{"name": "thumbnails", "owner": ids["front"], "workers": [1, 2, 3, 4], "waiting": 120, "running": 4,
              "done": 1876, "failed": 2, "dropped": 0, "replaced": 1, "retired": 0,
              "last_lost": "was ended by signal 11 (SIGSEGV)",
              "functions": [{"function": "shop::shrink", "waiting": 116, "running": 3, "done": 1800, "failed": 2, "dropped": 0},
                            {"function": "shop::rotate", "waiting": 4, "running": 1, "done": 76, "failed": 0, "dropped": 0}]}]
    names = [{"name": "orders", "actor": ids["orders"]}, {"name": "stock", "actor": ids["stock"]}]
    circles = [{"kind": "topic", "name": "prices", "type": "shop::price", "actors": [ids["pricing"], ids["front"]]}]
    waits = [edge(30, 31, type="shop::settle", line=112, file="ledger.cpp"), edge(31, 30, type="shop::booking", line=64, file="billing.cpp"),
             edge(3, 30, type="shop::booking", line=51, file="orders.cpp"), edge(41, 4, "lock", "", 17, "pricing.cpp"),
             edge(40, 4, "lock", "", 33, "index.cpp"), edge(1, 2, "end", "", 9, "shop.cpp")]
    return {"programs": [program("shop", shared_bytes=48.2 * 2**20, restarts=5, ends=4)], "actors": rows,
            "channels": channels, "cells": cells, "names": names, "circles": circles, "pools": pools, "edges": waits,
            "cycles": [cycle], "damaged": []}


def ends(scene):
    name, message = ("crasher", "inspected::crash") if scene == "inspected" else ("ledger", "shop::booking")
    at, found = START + 1, []
    for number in (3, 2, 1):
        found.append({
            "number": number, "actor": 8194, "name": name, "incarnation": number - 1, "pid": 4700 + number,
            "at": at + number / 5, "text": f"was ended by signal 11 (SIGSEGV) at address {hex(8 * number)} in read_at(unsigned long)",
            "signal": 11, "message": message, "from_name": "program" if scene == "inspected" else "orders", "deliveries": 1,
            "lost": 0, "peak_memory": 2.4 * 2**20, "cpu_time": 0.0042,
            "frames": [{"function": "read_at(unsigned long)", "file": f"/src/{scene}.cpp", "line": 62, "module": scene},
                       {"function": "troupe::detail::serve()", "module": scene, "offset": 4242, "of_runtime": True}],
            "last": [{"kind": "began", "at": at + number / 5 - 0.004}, {"kind": "handling", "type": message,
                     "peer_name": "program", "at": at + number / 5 - 0.0001}]})
    return {"ends": found}


DOCTOR = {"entries": [
    {"name": "kernel", "value": "6.1.0", "needed": "5.9", "state": "ok", "advice": ""},
    {"name": "memory.max", "value": "512 MiB", "needed": "3.9 GiB", "state": "low",
     "advice": "a program takes half of 7.9 GiB by default: set run_options::memory to 256 MiB, or raise it"},
    {"name": "ptrace_scope", "value": "1", "needed": "0", "state": "note", "advice": "stack alone needs sudo"},
    {"name": "open files", "value": "1,048,576", "needed": "4,096", "state": "ok", "advice": ""}]}


class Program:
    def __init__(self, scene):
        self.scene, self.all = scene, {"inspected": inspected, "shop": shop}[scene]()
        self.random, self.ended = random.Random(17), False
        self.speed = {row["id"]: self.random.uniform(20, 900) for row in self.all["actors"]
                      if scene == "shop" and row["waits"] == MAILBOX}

    def turn(self, passed):
        """The rows that have changed."""
        found, now = [], time.monotonic()
        for row in self.all["actors"]:
            if row["id"] not in self.speed:
                continue
            speed = self.speed[row["id"]] * (1 + 0.4 * math.sin(now / 6 + row["slot"]) + self.random.uniform(-.1, .1))
            row["taken"] += int(speed * passed)
            row["sent"], row["handled"] = row["taken"], row["taken"]
            row["cpu"] = round(min(1, speed / 1300), 2)
            depth = max(0, int(self.random.gauss(speed / 200, 4)))
            row["mailbox"] = {**row["mailbox"], "messages": depth, "bytes": 40 * depth, "granules": depth,
                              "oldest": now - 0.01 * depth if depth else None}
            found.append(row)
        return found

    def details(self, id):
        row = next(one for one in self.all["actors"] if one["id"] == id)
        types, messages = [], (row["mailbox"] or {}).get("messages", 0)
        if row["name"] == "backlog":
            types = [{"type": "inspected::job", "messages": 600, "bytes": 9600, "oldest_seconds": 133.0},
                     {"type": "inspected::letter", "messages": 400, "bytes": 5156, "oldest_seconds": 133.0}]
        elif row["name"] == "left":
            types = [{"type": "inspected::poke", "messages": 1, "bytes": 4, "oldest_seconds": 131.0}]
        elif messages:
            types = [{"type": "shop::booking", "messages": messages - messages // 3, "bytes": 40 * messages, "oldest_seconds": 73.0},
                     {"type": "shop::hello", "messages": messages // 3, "bytes": 8 * messages, "oldest_seconds": 64.0}]
        now = time.monotonic()
        events = [{"kind": "woke", "at": now - 1.202}, {"kind": "handling", "type": "shop::booking", "peer_name": "orders", "at": now - 1.2},
                  {"kind": "asked", "type": "shop::settle", "peer_name": "billing", "at": now - 1.2}, {"kind": "slept", "at": now - 1.2}]
        return {"types": types, "from": [{"name": "program", "messages": messages}] if messages else [], "events": events}


STACK = {"held_ms": 1.8, "frames": [
    {"function": "epoll_wait", "module": "libc.so.6", "offset": 64, "of_runtime": True},
    {"function": "troupe::detail::run_until()", "module": "shop", "offset": 9, "of_runtime": True}],
    "waiting": [{"why": {"kind": "reply", "of": 31 << 12 | 31, "type": "shop::settle"},
                 "places": [{"function": "shop::ledger(troupe::mailbox<shop::booking>)::{lambda(booking)#1}",
                             "file": "ledger.cpp", "line": 112},
                            {"function": "shop::ledger", "file": "ledger.cpp", "line": 98}]}]}


def latencies():
    found = []
    for i, type in enumerate(("shop::booking", "shop::parcel", "shop::price", "shop::hello")):
        base = 4e-6 * 4**i * random.uniform(.8, 1.2)
        found.append({"type": type, "messages": 9000 // (i + 1), "handling": {"p50": base, "p99": base * random.uniform(5, 9)},
                      "queueing": {"p50": base / 2, "p99": base * 6}})
    return {"latencies": found}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, said, status=200, kind="application/json"):
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        it, asked = self.server.program, urlsplit(self.path)
        if asked.path == "/":
            self.say(self.server.page.read_bytes(), kind="text/html")
        elif asked.path == "/events":
            self.tell(it)
        elif asked.path == "/actor":
            self.say(it.details(int(parse_qs(asked.query)["actor"][0])))
        elif asked.path in ("/ends", "/doctor", "/stack"):
            self.say({"/ends": ends(it.scene), "/doctor": DOCTOR, "/stack": STACK}[asked.path])
        else:
            self.say({"error": "There is no such page."}, 404)

    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/session":
            self.say({"key": "key"})
        elif self.path == "/latencies":
            self.say(latencies())
        elif self.path == "/order":
            with STATE:
                row = next(one for one in self.server.program.all["actors"] if one["id"] == said["actor"])
                before, row["pid"] = row["pid"], row["pid"] + 100
                row["restarts"] += 1
                row["incarnation"] += 1
            self.say({"result": "done", "text": f"{row['name']} (pid {before}) runs again as pid {row['pid']}."})

    def tell(self, it):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.close_connection = True
        before = time.monotonic()
        try:
            self.event("all", {"schema": 1, "control": self.server.control, "taken_at": before, **it.all})
            while not it.ended:
                time.sleep(self.server.pace)
                now = time.monotonic()
                with STATE:
                    changed = it.turn(now - before)
                    if it.scene == "inspected":
                        changed = [one for one in it.all["actors"] if one["name"] == "crasher"]
                self.event("change", {"taken_at": now, "changed": {"actors": changed}, "gone": {}, "whole": {}})
                before = now
            self.event("ended", {"text": "The program has ended."})
        except (BrokenPipeError, ConnectionResetError):
            pass

    def event(self, name, said):
        self.wfile.write(f"event: {name}\ndata: {json.dumps(said)}\n\n".encode())


def serve(page, scene, control=True, pace=0.5):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.page, server.program, server.control, server.pace = Path(page), Program(scene), control, pace
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}/#0123456789abcdef"


if __name__ == "__main__":
    running, url = serve(sys.argv[1], sys.argv[2])
    print(json.dumps({"url": url}), flush=True)
    sys.stdin.read()
