"""Runs a small program where there is little room, and under what looks at it from outside.

usage: check.py START_METHOD PROGRAM LIBRARY COMPILER     LIBRARY is libtroupe.a, for builds with sanitizers
"""

import ctypes
import errno
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))

from closing_line import report  # noqa: E402

METHOD, PROGRAM, LIBRARY, COMPILER = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
WATCHDOG = 300
MIB, GIB = 1 << 20, 1 << 30
REFUSED = 1  # the program's exit code when `run` has said why it cannot
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
CLONE3 = 435


def run(command, before=None, **environment):
    """(exit code, everything it wrote)"""
    try:
        done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=WATCHDOG, preexec_fn=before,
                              env={**os.environ, "TROUPE_START_METHOD": METHOD, **environment})
    except (OSError, subprocess.TimeoutExpired) as problem:
        return None, str(problem)
    return done.returncode, done.stdout


def works(command, before=None, **environment):
    """Faults: it has to end well, and to write nothing but its greetings."""
    code, said = run(command, before, **environment)
    other = [line for line in said.splitlines() if not line.startswith("hello, ")]
    faults = [] if code == 0 else [f"it ended with {code}"]
    faults += [] if said.count("hello, ") == 2 else ["it did not greet twice"]
    return faults + other[:40]


def refused(command, before, *parts):
    code, said = run(command, before)
    return [] if code == REFUSED and all(part in said for part in parts) else [f"it ended with {code}, and said:", said]


def limited(kind, size):
    return lambda: resource.setrlimit(kind, (size, size))


def without_clone3(error):
    """A filter of system calls, as of a container: clone3 fails, all else goes on. (By another error than ENOSYS not
    even a thread can be started: the C library gives up.)"""
    def install():
        load, equal, give = 0x20, 0x15, 0x06
        program = struct.pack("=" + "HBBI" * 4, load, 0, 0, 0, equal, 0, 1, CLONE3, give, 0, 0, 0x00050000 | error,
                              give, 0, 0, 0x7FFF0000)
        code = ctypes.create_string_buffer(program)
        head = struct.pack("HxxxxxxP", 4, ctypes.addressof(code))
        libc = ctypes.CDLL(None)
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head):
            os._exit(99)
    return install


def valgrind(tool, folder):
    """Without debug information: valgrind 3.19 cannot read all that clang writes."""
    bare = folder / "bare"
    shutil.copy(PROGRAM, bare)
    subprocess.run(["strip", "-g", bare], check=True)
    code, said = run(["valgrind", f"--tool={tool}", "-q", "--error-exitcode=9", "--trace-children=yes",
                      f"--suppressions={ROOT / 'share/valgrind.supp'}", bare])
    found = [line for line in said.splitlines() if "==" in line and "large range" not in line]
    return ([] if code == 0 and not found else [f"it ended with {code}"] + said.splitlines()[:60])


def sanitized(kind, folder):
    built = folder / kind
    code, said = run([COMPILER, "-std=c++20", "-O1", f"-fsanitize={kind}", "-I", ROOT / "include",
                      ROOT / "tests/space/hello.cpp", LIBRARY, *os.environ.get("TROUPE_LINK", "-luv").split(),
                      "-o", built])
    suppressions = f"suppressions={ROOT / 'share/tsan.supp'}" if kind == "thread" else ""
    return [said] if code != 0 else works([built], TSAN_OPTIONS=suppressions)


def main():
    tests = report()

    def check(sentence, faults):
        tests.check(f"space ({METHOD}): {sentence}", faults)

    check("a program runs without limits", works([PROGRAM]))
    check("it runs in 8 GiB of address space", works([PROGRAM], limited(resource.RLIMIT_AS, 8 * GIB)))
    check("it runs in 1 GiB of address space", works([PROGRAM], limited(resource.RLIMIT_AS, GIB)))
    check("it runs in 1 GiB of address space with a budget of 64 MiB",
          works([PROGRAM, 64], limited(resource.RLIMIT_AS, GIB)))
    check("it runs where files may have 1 GiB", works([PROGRAM], limited(resource.RLIMIT_FSIZE, GIB)))
    check("a budget that does not fit is refused with the numbers",
          refused([PROGRAM, 4096], limited(resource.RLIMIT_AS, GIB), "4096 MiB", "ulimit -v"))
    check("so is one whose file would be too long",
          refused([PROGRAM, 4096], limited(resource.RLIMIT_FSIZE, GIB), "4096 MiB", "ulimit -f"))
    check("it runs where clone3 is not there", works([PROGRAM], without_clone3(errno.ENOSYS)))
    check("so do its commands, and those of an actor", works([PROGRAM, 0, "command"], without_clone3(errno.ENOSYS)))
    with tempfile.TemporaryDirectory() as top:
        if shutil.which("valgrind"):
            check("memcheck finds nothing", valgrind("memcheck", Path(top)))
            check("helgrind finds nothing", valgrind("helgrind", Path(top)))
        check("it runs with AddressSanitizer in it, and not in the library", sanitized("address", Path(top)))
        check("it runs with ThreadSanitizer in it, and not in the library", sanitized("thread", Path(top)))
    tests.close()


main()
