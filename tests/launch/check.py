"""Starts programs under conditions that a program of troupe's is seldom started under, and holds them to what they print.

usage: check.py START_METHOD FOLDER     FOLDER holds odd_main
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))

from closing_line import report  # noqa: E402

METHOD, PROGRAM = sys.argv[1], Path(sys.argv[2]).resolve() / "odd_main"
FORKS, SERVES = METHOD == "fork", METHOD == "forkserver"
WATCHDOG = 120
LOADER = "/lib64/ld-linux-x86-64.so.2"
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)

tests = report()


class outcome:
    def __init__(self, code, lines, errors, mains, folder):
        self.code, self.lines, self.errors, self.mains, self.folder = code, lines, errors, mains, folder

    def faults(self, holds):
        return [] if holds else [f"ended with {self.code}, main was reached {self.mains} times, and it printed:",
                                 *self.lines, "and on stderr:", *self.errors[:20]]

    # An actor saw these arguments, in the folder the program was started in.
    def shown(self, name, *arguments):
        return self.lines.count(" ".join(["actor:", name, self.counter, *arguments]) + f", in {self.folder}")


def run(name, *arguments, before=(), said=None, folder=None, user=None, method=METHOD):
    """With an open pipe as stdin, unless something is said."""
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o777)
        counter = top + "/counter"
        environment = {**os.environ, "TROUPE_START_METHOD": method}
        reading, writing = os.pipe()
        process = subprocess.Popen([*before, PROGRAM, name, counter, *arguments], cwd=folder or top, text=True,
                                   stdin=reading if said is None else subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=environment, start_new_session=True,
                                   **({"user": user, "group": user, "extra_groups": []} if user else {}))
        try:
            out, errors = process.communicate(said, timeout=WATCHDOG)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, errors = process.communicate()
            code = f"nothing, and was killed after {WATCHDOG} s"
        os.close(reading)
        os.close(writing)
        mains = os.path.getsize(counter) if os.path.exists(counter) else 0
        # What was left by main's own fork has ended, or ends now.
        try:
            while True:
                os.waitpid(-1, 0)
        except ChildProcessError:
            pass
        result = outcome(code, out.splitlines(), errors.splitlines(), mains, os.path.realpath(folder or top))
        result.counter = counter
        return result


def runs(sentence, name, *arguments, times=1, quiet=True, **how):
    got = run(name, *arguments, **how)
    holds = got.code == 0 and got.shown(name, *arguments) == times and not (quiet and got.errors)
    tests.check(sentence, got.faults(holds))
    return got


def ends_with(sentence, text, name, *arguments, mains):
    """No actor comes of it, and main is reached so often at most."""
    got = run(name, *arguments)
    if FORKS:
        return tests.check(sentence, got.faults(got.code == 0 and got.shown(name, *arguments) == 1))
    said = any(text in line for line in got.errors)
    told = SERVES or any(text in line for line in got.lines)
    holds = got.code == 9 and said and told and got.mains <= mains and not got.shown(name, *arguments)
    tests.check(sentence, got.faults(holds))


def identity():
    runs("launch: main may clear the environment before run", "clear_environment", "a")
    runs("launch: main may leave the environment without any list before run", "drop_environment", "a")
    runs("launch: an actor's main sees the arguments that the program's main began with, though it took some out",
         "take_out_options", "a", "b")
    runs("launch: an actor's main sees these arguments though they were overwritten", "overwrite_arguments", "a")
    runs("launch: main may execute the program once more before run", "execute_again", "a")
    runs("launch: main may execute the program once more without its environment",
         "execute_again_without_environment", "a")
    ends_with("launch: where main closed what was handed to it, the process says so and ends",
              "main closed the descriptors", "close_descriptors", mains=5)
    ends_with("launch: where main closed it, and executed the program without its environment, it says so and ends",
              "main closed the descriptors", "close_all_and_execute_again", mains=10)
    ends_with("launch: where main forked before run, the copy says so and ends", "main forked before troupe::run",
              "leave_by_fork", mains=5)
    got = run("leave_by_fork_and_execute_again")
    tests.check("launch: a copy that main executes without its environment becomes no program of its own",
                got.faults(got.mains <= 10 and got.code == (0 if FORKS else 9)))
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        another = shutil.copy(PROGRAM, folder)
        ends_with("launch: where main executes another program, it says so and ends", "another executable",
                  "execute_another", another, mains=10)
    runs("launch: a program started by way of the dynamic loader starts its actors so", "plain", "a", "--argv0",
         before=[LOADER])
    runs("launch: so does one whose options the loader was given", "plain", "a",
         before=[LOADER, "--inhibit-cache", "--argv0", "a name"])
    runs("launch: a Ctrl-C that comes while an actor is being started does not end it", "interrupt_actors", "a")


def threads():
    for name in "log_in_thread", "wait_for_input_in_thread", "wait_for_a_pipe_in_thread":
        times = 20 if name == "log_in_thread" else 1
        got = runs(f"launch: threads that main made before run do no harm ({name.replace('_', ' ')})", name,
                   times=times, quiet=False)
        if name == "wait_for_input_in_thread":
            continue  # in the forkserver, the thread finds the end of stdin, and is through
        sentences = [line for line in got.errors if "main made threads before troupe::run" in line]
        tests.check("launch: a forkserver that has threads says once that it executes the program for each actor",
                    got.faults(len(got.errors) == len(sentences) == (1 if SERVES else 0)))
    got = run("restart_with_threads")
    tests.check("launch: a supervised actor is started again though main made threads before run",
                got.faults(got.code == 0 and got.lines == ["incarnation 1 answers"]))
    got = run("fork_again")
    tests.check("launch: an actor that has threads of its own cannot be forked, and is told what to do",
                got.faults(got.code == 0 and any("2 threads" in one and "spawn or forkserver" in one
                                                 for one in got.lines)))
    got = run("give_up_rights")
    tests.check("launch: an actor may change its user at once", got.faults(got.code == 0 and not got.lines))
    got = run("try_mutex")
    tests.check("launch: who waits for a robust mutex hears of the death of an actor that had it",
                got.faults(got.lines == ["its death was noticed"]))
    if FORKS:
        got = run("count_forks")
        tests.check("launch: handlers of pthread_atfork run where the program forks",
                    got.faults(got.lines == ["handlers run: 1"]))


def streams():
    lines = ["one", "two", "three"]
    for name in "read_lines", "read_lines_unsynchronised":
        got = run(name, said="".join(line + "\n" for line in lines))
        tests.check(f"launch: an actor's stdin is at its end, and the program's is not touched ({name})",
                    got.faults([one for one in got.lines if one] == [f"the program read {line}" for line in lines]))
    got = run("print_before_run")
    printed = got.lines.count("printed before run")
    tests.check("launch: what main prints before run appears once for each process that is executed",
                got.faults(got.code == 0 and printed == {"spawn": 4, "forkserver": 2, "fork": 1}[METHOD]))
    if FORKS:
        got = run("write_in_turn")
        tests.check("launch: what a copy finds in the buffer of a FILE is written once, by its original",
                    got.faults(sorted(got.lines) == ["kept", "of an actor", "of the program"]))


def deadlines():
    got = run("outlive_deadline", before=["/usr/bin/env", "TROUPE_DEADLINES=off"])
    tests.check("launch: TROUPE_DEADLINES=off lets a handler outlive its deadline",
                got.faults(got.code == 0 and got.lines == ["it answers"]))
    got = run("outlive_deadline")
    tests.check("launch: without it the handler is ended",
                got.faults(got.code == 9 and len(got.lines) == 1 and "took too long" in got.lines[0]))


def closed_streams():
    for name in "close_streams", "close_streams_later":
        got = run(name)
        tests.check(f"launch: with standard streams closed, actors wait, send and start others ({name})",
                    got.faults(got.code == 0))


def folders():
    got = run("folder_that_is_gone")
    tests.check("launch: an actor starts in its parent's folder, though that is gone",
                got.faults(got.code == 0 and any(line.startswith("actor:") for line in got.lines)))
    got = run("relative_folder")
    tests.check("launch: a relative folder starts at the spawner's", got.faults(got.lines[-1:] and
                got.lines[-1].endswith(f", in {os.path.realpath('/usr/lib')}")))
    if os.geteuid() != 0:
        return
    with tempfile.TemporaryDirectory() as closed:
        inside = closed + "/inside"
        os.mkdir(inside)
        # Of mode 0700, and another user's.
        for folder in inside, closed:
            got = run("plain", before=["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
                      folder=folder)
            tests.check("launch: a user who cannot come back to the working folder has actors there",
                        got.faults(got.code == 0 and got.shown("plain") == 1))


def errors():
    got = run("spoil_method")
    tests.check("launch: a start method that there is not is one sentence and exit code 2",
                got.faults(got.code == 2 and len(got.errors) == 1 and "no start method" in got.errors[0]))
    got = run("plain", before=["/bin/bash", "-c", 'ulimit -n 6; exec "$@"', "bash"])
    tests.check("launch: what the system refuses is one sentence and exit code 1",
                got.faults(got.code == 1 and len(got.errors) == 1 and got.errors[0].startswith("troupe: ")))


# As in a bare chroot.
def without_dev():
    alone = ["/usr/bin/unshare", "--mount"]
    if subprocess.run([*alone, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        return
    bare = [*alone, "/bin/sh", "-c", 'mount -t tmpfs none /dev && exec "$@"', "sh"]
    got = run("read_descriptor", before=bare)
    tests.check("launch: without /dev an actor's stdin is at its end too",
                got.faults(got.code == 0 and not got.lines))
    got = run("use_closed_streams", before=bare)
    tests.check("launch: without /dev, nothing takes the place of standard streams that are closed",
                got.faults(got.code == 0))


def few_processes():
    if os.geteuid() != 0:
        return
    # A sanitizer would start a thread to look for leaks.
    got = run("plain", before=["/usr/bin/env", "ASAN_OPTIONS=detect_leaks=0", "/bin/bash", "-c",
                               'ulimit -u 1; exec "$@"', "bash"], user=65534)
    tests.check("launch: where no thread may be made, one sentence names the limit",
                got.faults(got.code == 1 and len(got.errors) == 1 and "ulimit -u" in got.errors[0]))


for part in identity, threads, streams, deadlines, closed_streams, folders, errors, without_dev, few_processes:
    part()
tests.close()
