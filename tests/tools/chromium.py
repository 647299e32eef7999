"""Chromium without a window, driven through two pipes: what a page shows, what it asks for, and what it complains of."""

import base64
import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

DEADLINE = 60  # seconds, for whatever is waited for: a busy machine is slow


class Chromium:
    """with Chromium() as browser: browser.open(address); browser.text("h1")"""

    def __init__(self, wide=1500, high=1100):
        self.numbers, self.answers, self.rest = itertools.count(1), {}, b""
        self.requests, self.complaints = [], []
        self.folder = tempfile.mkdtemp(prefix="chromium-")
        to_read, self.to = os.pipe()
        self.read, from_write = os.pipe()

        def with_pipes():  # 3 and 4 are the descriptors that it reads from and writes to
            high = [fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (to_read, from_write)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
             "--force-device-scale-factor=1", f"--user-data-dir={self.folder}", f"--window-size={wide},{high}",
             "--remote-debugging-pipe", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=with_pipes,
            close_fds=False, start_new_session=True)
        os.close(to_read)
        os.close(from_write)
        target = next(one for one in self._call("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self.session = None
        self.session = self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")
        self._call("Emulation.setDeviceMetricsOverride", width=wide, height=high, deviceScaleFactor=1, mobile=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._send("Browser.close", None)
            self.process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            os.killpg(self.process.pid, 9)
            self.process.wait()
        os.close(self.to)
        os.close(self.read)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _send(self, method, session, **parameters):
        number = next(self.numbers)
        said = {"id": number, "method": method, "params": parameters}
        if session:
            said["sessionId"] = session
        os.write(self.to, json.dumps(said).encode() + b"\0")
        return number

    def _call(self, method, **parameters):
        number = self._send(method, getattr(self, "session", None), **parameters)
        end = time.monotonic() + DEADLINE
        while number not in self.answers:
            self._hear(end - time.monotonic())
        answer = self.answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def _hear(self, seconds):
        if not select.select([self.read], [], [], max(0, seconds))[0]:
            raise TimeoutError("Chromium does not answer")
        got = os.read(self.read, 1 << 20)
        if not got:
            raise RuntimeError("Chromium has ended")
        *whole, self.rest = (self.rest + got).split(b"\0")
        for message in map(json.loads, whole):
            if "id" in message:
                self.answers[message["id"]] = message
            else:
                self._note(message["method"], message["params"])

    def _note(self, method, said):
        if method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = said["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(one.get("value", one.get("description"))) for one in said["args"]))
        elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")

    def open(self, address):
        self._call("Page.navigate", url=address)

    def scheme(self, name):
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def evaluate(self, script):
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails'].get('exception', {}).get('description')}")
        return answer["result"].get("value")

    def until(self, script):
        """What the script gives, as soon as that is something; else None, after a long time."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            value = self.evaluate(script)
            if value:
                return value
            time.sleep(0.05)
        return None

    def click(self, selector):
        """As a user does it: by the place where the element stands on the screen."""
        place = self.until(f"""(() => {{
            const it = document.querySelector({json.dumps(selector)});
            if (!it || it.disabled) return null;
            it.scrollIntoView({{block: 'center', behavior: 'instant'}});
            const at = it.getBoundingClientRect();
            return at.width ? [at.x + at.width / 2, at.y + at.height / 2] : null; }})()""")
        if not place:
            raise RuntimeError(f"there is nothing to click on at {selector}")
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def press(self, key, code=0):
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code or KEYS.get(key, 0),
                       **(text if kind == "keyDown" else {}))

    def screenshot(self, file, whole=False, clip=None):
        parameters = {"captureBeyondViewport": whole}
        if whole:
            size = self._call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        if clip:
            parameters["clip"] = clip
        picture = self._call("Page.captureScreenshot", format="png", **parameters)["data"]
        with open(file, "wb") as out:
            out.write(base64.b64decode(picture))


KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40, "ArrowLeft": 37, "ArrowRight": 39,
        "Home": 36, "End": 35}

