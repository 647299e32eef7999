"""Builds and installs the shared library, and links a program and its plugins with the flags of pkg-config.

usage: shared.py COMPILER
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))

from closing_line import report  # noqa: E402

COMPILER = sys.argv[1]
SOURCES = ROOT / "tests/plugin"

tests = report()


def run(*command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    return done.stdout, [] if done.returncode == 0 else [*done.stdout.splitlines()[-20:], *done.stderr.splitlines()[-20:]]


with tempfile.TemporaryDirectory() as top:
    def built(sources, output, *options):
        return run(COMPILER, sources, *flags.split(), f"-Wl,-rpath,{folder}", "-ldl", *options, "-o", f"{top}/{output}")[1]

    faults = run("meson", "setup", top + "/build", str(ROOT), "-Ddefault_library=both", "-Dtests=false",
                 "-Dtools=disabled", "-Doptimization=0", "-Ddebug=false", "--prefix", top + "/installed", CXX=COMPILER)[1]
    faults = faults or run("meson", "compile", "-C", top + "/build", "troupe:shared_library", "troupe:static_library")[1]
    faults = faults or run("meson", "install", "-C", top + "/build", "--no-rebuild")[1]
    library = next(Path(top, "installed").rglob("libtroupe.so"), None)
    if not tests.check("package: default_library=both builds and installs", faults or ([] if library else ["no library"])):
        tests.close()

    folder = library.parent
    flags, faults = run("pkg-config", "--cflags", "--libs", "troupe", PKG_CONFIG_PATH=str(folder / "pkgconfig"))
    faults = faults or built(SOURCES / "host.cpp", "host")
    for answer in (7, 50):
        faults = faults or built(SOURCES / "plugin.cpp", f"plugin_of_{answer}.so", "-shared", "-fPIC", f"-DANSWER={answer}")
    if tests.check("package: a program and its plugins link with the shared library", faults):
        said, faults = run(sys.executable, "-B", str(SOURCES / "check.py"), "forkserver", top + "/host",
                           top + "/plugin_of_7.so", top + "/plugin_of_50.so")
        tests.check("package: actors of plugins work with the installed library", faults)
tests.close()
