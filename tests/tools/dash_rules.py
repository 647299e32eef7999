"""Who gets what from the server of the dashboard: asked by plain requests, as anybody on the machine can send them."""

import http.client
import json
import re
import select
import socket
import time
from urllib.parse import urlsplit


class Visitor:
    """Asks the server behind an address, with or without what the page would have."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.port, self.token = parts.port, parts.fragment
        self.origin = f"http://127.0.0.1:{self.port}"
        self.cookie = self.key = ""

    def ask(self, path, method="GET", body=None, headers=None, timeout=60):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        sent = {name: value for name, value in (headers or {}).items() if value is not None}
        line.request(method, path, body, sent)
        return line.getresponse()

    def status(self, *arguments, **more):
        answer = self.ask(*arguments, **more)
        if answer.getheader("Content-Type") != "text/event-stream":
            answer.read()
        return answer.status

    def enter(self, token=None, **headers):
        sent = {"Origin": self.origin, "X-Troupe": "page", **headers}
        answer = self.ask("/session", "POST", json.dumps({"token": self.token if token is None else token}), sent)
        said = answer.read()
        if answer.status == 200:
            self.set_cookie = answer.getheader("Set-Cookie")
            self.cookie = self.set_cookie.split(";")[0]
            self.key = json.loads(said)["key"]
        return answer.status

    def known(self, **more):
        return {"Cookie": self.cookie, "X-Troupe": self.key, "Origin": self.origin, **more}

    def events(self):
        """The events of a page that is open, for ever: (name, object)."""
        answer = self.ask(f"/events?key={self.key}", headers={"Cookie": self.cookie, "Accept-Encoding": "gzip, br"})
        if answer.status != 200:
            raise ValueError(f"{answer.status}: {answer.read()}")
        with answer:
            name = ""
            for line in answer:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    yield name, json.loads(value)


def faults_of_entering(url):
    it = Visitor(url)
    if len(it.token) != 32:
        yield f"the token has {4 * len(it.token)} bits"
    for what, status in (("a wrong token", it.enter("0" * 32)), ("half a token", it.enter(it.token[:16])),
                         ("no token", it.enter("")), ("another origin", it.enter(Origin="http://evil.example")),
                         ("no origin", it.enter(Origin=None)), ("no header", it.enter(**{"X-Troupe": None})),
                         ("another host", it.enter(Host="evil.example"))):
        if status != 403:
            yield f"with {what}: {status}"
    if it.enter() != 200:
        yield "the right token is refused"
    elif not re.search("; HttpOnly(;|$)", it.set_cookie) or not re.search("; SameSite=Strict(;|$)", it.set_cookie):
        yield f"the cookie is {it.set_cookie}"


def faults_of_reading(url):
    it = Visitor(url)
    it.enter()
    page = it.ask("/")
    text = page.read().decode()
    if page.status != 200 or "crasher" in text or "backlog" in text:
        yield "the page is not there, or has data"
    if it.status("/", headers={"Host": "evil.example"}) != 403:
        yield "the page is shown to another host"
    for path in ("/events", "/actor?actor=4097", "/stack?actor=4097", "/ends", "/doctor"):
        for what, headers in (("nothing", {}), ("the key alone", {"X-Troupe": it.key}), ("the cookie alone", {"Cookie": it.cookie}),
                              ("a wrong cookie", it.known(Cookie=it.cookie[:-32] + "0" * 32)),
                              ("a wrong key", it.known(**{"X-Troupe": "0" * 32})), ("another host", it.known(Host="evil.example"))):
            status = it.status(path, headers=headers)
            if status != 403:
                yield f"{path} with {what}: {status}"
    for what, headers in (("nothing", {}), ("no origin", it.known(Origin=None)), ("no cookie", it.known(Cookie=None)),
                          ("another host", it.known(Host="evil.example"))):
        status = it.status("/latencies", "POST", "{}", headers)
        if status != 403:
            yield f"/latencies with {what}: {status}"
    if (status := it.status("/events", "HEAD")) != 403:
        yield f"the head of /events with nothing: {status}"
    if it.status("/ends", headers=it.known()) != 200:
        yield "who knows all gets nothing"
    if it.status("/actor?actor=x", headers=it.known()) != 400:
        yield "an actor that is no number is not refused"


def faults_of_orders(url, control):
    """A POST needs the cookie, the key and the origin; without --control there is no such thing."""
    it = Visitor(url)
    it.enter()
    nonsense = json.dumps({"order": "restart", "actor": "all"})
    tried = (("nothing", {}), ("no origin", it.known(Origin=None)), ("another origin", it.known(Origin="http://evil.example")),
             ("the origin of another port", it.known(Origin="http://127.0.0.1:1")), ("no cookie", it.known(Cookie=None)),
             ("no header", it.known(**{"X-Troupe": None})), ("another host", it.known(Host="evil.example")))
    for what, headers in tried:
        status = it.status("/order", "POST", nonsense, headers)
        if status != (403 if control else 404):
            yield f"with {what}: {status}"
    for body in (nonsense, "", "[]", "{", json.dumps({"order": "format", "actor": 4097, "pid": 1}), json.dumps({"order": "kill", "actor": -1, "pid": 1})):
        status = it.status("/order", "POST", body, it.known())
        if status != (400 if control else 404):
            yield f"{body!r}: {status}"
    if it.status("/order", "GET", headers=it.known()) != 404:
        yield "an order by GET is not refused"
    if it.status("/order", "POST", "x" * 100_000, it.known()) not in (413, 404):
        yield "an order of 100,000 bytes is not refused"


def faults_of_listening(url):
    """On 127.0.0.1 alone."""
    port = Visitor(url).port
    for table, here in (("/proc/net/tcp", "0100007F"), ("/proc/net/tcp6", None)):
        with open(table, encoding="ascii") as lines:
            for line in list(lines)[1:]:
                address, state = line.split()[1], line.split()[3]
                if state == "0A" and int(address.split(":")[1], 16) == port and address.split(":")[0] != here:
                    yield f"it listens on {address}"


def faults_of_events(url):
    """All at first, then what has changed; 16 pages, and no more."""
    it = Visitor(url)
    it.enter()
    events = it.events()
    name, said = next(events)
    if name != "all" or said["schema"] != 1 or not said["actors"] or "control" not in said:
        yield f"it begins with {name}: {sorted(said)}"
    known = {row["id"] for row in said["actors"]}
    for _ in range(3):
        name, said = next(events)
        if name != "change" or not set(said["gone"].get("actors", [])) <= known:
            yield f"then comes {name}"
    events.close()
    some = [opened(it) for _ in range(16)]
    answer = it.ask("/events", headers=it.known())
    if answer.status != 503:
        yield f"the 17th page is answered with {answer.status}"
    for one in some:
        one.close()
    opened(it).close()


def opened(it):
    """A page that is open; that another one was closed is noticed with the next event."""
    while True:
        events = it.events()
        try:
            next(events)
            return events
        except ValueError as refused:
            if not str(refused).startswith("503"):
                raise
            time.sleep(0.1)


def faults_of_nonsense(url):
    """What is no request is answered, or its connection is closed; the server goes on."""
    port = Visitor(url).port
    for sent in (b"\0" * 500, b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: " + b"b" * 20_000 + b"\r\n\r\n",
                 b"POST /order HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n", b"\xff\xfe\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), 60) as line:
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
            if not select.select([line], [], [], 60)[0]:
                yield f"nothing comes after {sent[:20]}"
    yield from faults_of_endless(url)
    if Visitor(url).enter() != 200:
        yield "it does not serve any more"


MOST_TAKEN = 64 << 20  # bytes that nobody has a use for


def faults_of_endless(url):
    """What has no limit is refused before it is read, whoever asks for it."""
    it = Visitor(url)
    for what, header in (("a body of any length", "Transfer-Encoding: chunked"), ("a body that does not say its length", "A: b")):
        with socket.create_connection(("127.0.0.1", it.port), 60) as line:
            line.sendall(f"POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\n".encode())
            piece, sent = b"10000\r\n" + b" " * 0x10000 + b"\r\n", 0
            try:
                while sent < MOST_TAKEN and not select.select([line], [], [], 0)[0]:
                    line.sendall(piece)
                    sent += len(piece)
            except OSError:
                pass  # it does not listen any more
            if sent >= MOST_TAKEN:
                yield f"it takes {what}"
    for what, header in (("a packed body", {"Content-Encoding": "br"}), ("pieces of the page", {"Range": "bytes=0-,0-,0-"})):
        status = it.status("/session" if "body" in what else "/", "POST" if "body" in what else "GET", headers=header)
        if status not in (400, 416):
            yield f"{what}: {status}"
