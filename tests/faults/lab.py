"""Builds and runs the programs of this folder as a user would: against the installed library, with its pkg-config."""

import ctypes
import os
import pty
import resource
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WATCHDOG = 120.0  # seconds; a program that has not ended by then hangs
DYING = 10.0  # seconds within which no process of an ended program is left
NOBODY = 65534
PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWUSER = 0x10000000


@dataclass
class Outcome:
    """How a program ended, and what it said."""

    code: int = 0  # negative: the signal that ended it
    out: str = ""
    err: str = ""
    late: bool = False  # it hung, and was killed
    left: list = field(default_factory=list)  # the processes that outlived it

    def faults(self, *wanted, code=0):
        """What is wrong when the program was to end with that code and to print each of those texts."""
        found = ["it hung"] if self.late else []
        if not self.late and code is not None and self.code != code:
            found.append(f"it ended with {self.code}")
        found += [f"it did not print '{text}'" for text in wanted if text not in self.out]
        found += [f"it left behind: {one}" for one in self.left]
        return found + self.said() if found else []

    def said(self):
        both = [f"out| {line}" for line in self.out.splitlines()[-12:]]
        return both + [f"err| {line}" for line in self.err.splitlines()[-12:]]


def enter_user_namespace():
    """As root of a container that a user runs: one whose root is nobody outside."""
    own, (waits, ready) = os.getpid(), os.pipe()
    helper = os.fork()
    if helper == 0:
        os.read(waits, 1)
        for kind in ("uid", "gid"):
            Path(f"/proc/{own}/{kind}_map").write_text("0 100000 65536")
        os._exit(0)
    if ctypes.CDLL(None).unshare(CLONE_NEWUSER) != 0:
        os._exit(1)
    os.write(ready, b"x")
    os.waitpid(helper, 0)
    os.close(waits)
    os.close(ready)
    os.setgid(0)
    os.setuid(0)


def children():
    """The processes that are ours, zombies too: pid and command."""
    done = subprocess.run(["ps", "-o", "pid=,stat=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return [line.strip() for line in done.stdout.splitlines() if " ps -o" not in line]


class Lab:
    """A folder of its own, with the library installed in it."""

    def __init__(self, build, compiler, top):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.compiler = compiler
        self.top = Path(top)
        os.chmod(self.top, 0o755)
        stage = self.top / "stage"
        subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", str(stage)], check=True,
                       stdout=subprocess.DEVNULL)
        found = next(stage.rglob("pkgconfig/troupe.pc"))
        prefix = next(line.split("=", 1)[1] for line in found.read_text().splitlines() if line.startswith("prefix="))
        told = subprocess.run(["pkg-config", f"--define-variable=prefix={stage}{prefix}", "--cflags", "--libs", "troupe"],
                              env={**os.environ, "PKG_CONFIG_PATH": str(found.parent)}, check=True, text=True,
                              stdout=subprocess.PIPE)
        self.flags = told.stdout.split()
        self.makers = ThreadPoolExecutor(os.cpu_count())
        self.made = {}

    def order(self, source, *options):
        """Begins to build a program; `built` waits for it."""
        key = (source, options)
        if key not in self.made:
            name = "-".join([Path(source).stem, *(o.lstrip("-").replace("=", "_") for o in options if "/" not in o)])
            self.made[key] = self.makers.submit(self.build, HERE / source, self.top / name, options)
        return self.made[key]

    def build(self, source, program, options):
        shared = ["-shared", "-fPIC"] if source.stem == "plugin" else []
        done = subprocess.run([*self.compiler, "-O1", "-w", source, *self.flags, *options, *shared, "-pthread", "-ldl",
                               "-o", program], capture_output=True, text=True, timeout=300)
        return program if done.returncode == 0 else None, done.stderr

    def finish_building(self):
        """Before anything runs: a compiler is a child too, which `left_behind` would take for one that was left."""
        for order in self.made.values():
            order.exception()

    def built(self, source, *options):
        """(the program, or None; what the compiler said)"""
        return self.order(source, *options).result()

    def start(self, program, *arguments, method=None, environment=None, user=None, folder=None, files=None, namespace=False,
              stdin=subprocess.DEVNULL, out=None, err=None):
        def prepare():
            if namespace:
                enter_user_namespace()
            if files:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

        around = {**os.environ, **(environment or {})}
        if method:
            around["TROUPE_START_METHOD"] = method
        who = {"user": user, "group": user, "extra_groups": []} if user else {}
        return subprocess.Popen([program, *arguments], stdin=stdin, stdout=out, stderr=err, env=around, preexec_fn=prepare,
                                start_new_session=True, cwd=folder or self.top, text=True, **who)

    def run(self, source, *arguments, options=(), act=None, given=None, terminal=False, patience=WATCHDOG, **how):
        """Runs a program to its end. `act(process)` does something to it meanwhile; `given` is its stdin: a text, or
        "open" for a pipe into which nobody writes."""
        program, complaint = self.built(source, *options)
        if program is None:
            return Outcome(code=None, err=complaint)
        ours, theirs = None, subprocess.DEVNULL
        if terminal:
            ours, theirs = pty.openpty()
        elif given is not None:
            theirs, ours = os.pipe()
        with (tempfile.TemporaryFile("w+", errors="replace") as out,
              tempfile.TemporaryFile("w+", errors="replace") as err):
            process = self.start(program, *arguments, stdin=theirs, out=out, err=err, **how)
            if theirs != subprocess.DEVNULL:
                os.close(theirs)
            if given not in (None, "open"):
                os.write(ours, given.encode())
                os.close(ours)
                ours = None
            late = False
            try:
                if act:
                    act(process)
                process.wait(patience)
            except subprocess.TimeoutExpired:
                late = True
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if ours is not None:
                os.close(ours)
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read())
        return Outcome(process.returncode, *texts, late, self.left_behind())

    @staticmethod
    def someone_is_left():
        """Whether a process of a program that has ended is still there; those that have ended since are collected."""
        try:
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
            return True
        except ChildProcessError:
            return False

    @staticmethod
    def left_behind():
        """Orphans become our children: whoever is still there after a while outlived its program, and is killed."""
        until = time.monotonic() + DYING
        while time.monotonic() < until:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.02)
            except ChildProcessError:
                return []
        left = children()
        for line in left:
            os.kill(int(line.split()[0]), signal.SIGKILL)
        try:
            while os.waitpid(-1, 0):
                pass
        except ChildProcessError:
            return left
