"""A trace that goes on meanwhile, and what has to be so in the file that it writes."""

import json
import signal
import subprocess
import time
from pathlib import Path

from inspection import WATCHDOG


class tracing:
    def __init__(self, troupe, folder, seconds=60):
        self.file = Path(folder) / "trace.json"
        self.file.unlink(missing_ok=True)
        self.arguments = ["trace", "--seconds", str(seconds), "-o", str(self.file), "-p", str(troupe.pid)]
        self.process = subprocess.Popen([troupe.path, *self.arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def has_begun(self):
        end = time.monotonic() + WATCHDOG
        while not (self.file.exists() and self.file.stat().st_size) and self.process.poll() is None:
            if time.monotonic() > end:
                raise RuntimeError("the trace does not begin")
            time.sleep(0.02)

    def until_over(self):
        said, errors = self.process.communicate(timeout=WATCHDOG)
        return self.process.returncode, said, errors

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.until_over()

    def kill(self):
        self.process.kill()
        self.process.communicate()

    @property
    def events(self):
        return json.loads(self.file.read_text())["traceEvents"]


def tracks_of(events):
    return {one["args"]["name"]: one["tid"] for one in events if one["ph"] == "M" and one["name"] == "thread_name"}


def instants_of(events, track):
    return [one["name"] for one in events if one["ph"] == "i" and one["tid"] == track]


def faults_of_open_slice(events, track, name):
    """One slice on this track: it began before all else, and never ended."""
    found = [one for one in events if one["ph"] in "BE" and one["tid"] == track]
    if [(one["ph"], one["name"], one["ts"]) for one in found] != [("B", name, 0)]:
        yield f"not one open slice {name} from the beginning: {found}"


def faults_of_slices(events):
    """Every slice ends on its track after it began, but for those that are open at the end."""
    open_slices = {}
    for one in events:
        if one["ph"] == "B":
            open_slices.setdefault(one["tid"], []).append(one)
        elif one["ph"] == "E":
            if not open_slices.get(one["tid"]):
                yield f"a slice ends that never began: {one}"
            elif open_slices[one["tid"]].pop()["ts"] > one["ts"]:
                yield f"a slice ends before it began: {one}"


def faults_of_arrows(events):
    begins = {one["id"]: one for one in events if one["ph"] == "s"}
    ends = {one["id"]: one for one in events if one["ph"] == "f"}
    if begins.keys() != ends.keys():
        yield f"{len(begins.keys() ^ ends.keys())} arrows have one end"
    for number in begins.keys() & ends.keys():
        if begins[number]["name"] != ends[number]["name"]:
            yield f"two types: {begins[number]}"
