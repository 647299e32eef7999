"""Installs the build, and builds every example against what was installed: by hand with pkg-config, and with CMake.

usage: check.py BUILD_FOLDER COMPILER EXAMPLE...
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))

from closing_line import report  # noqa: E402

BUILD, COMPILER, NAMES = sys.argv[1], sys.argv[2], sys.argv[3:]
# clang warns of what libstdc++ 12 itself uses.
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
OPTIONS = [[]] if "clang" in COMPILER else [[*STRICT, level] for level in ("-O0", "-O2", "-Os")]

CMAKE_PROJECT = """
cmake_minimum_required(VERSION 3.18)
project(user CXX)
find_package(troupe {version} REQUIRED)
foreach(name {names})
    add_executable(${{name}} {root}/examples/${{name}}.cpp)
    target_link_libraries(${{name}} PRIVATE troupe::troupe)
endforeach()
"""


def run(command, **options):
    """(what it printed, faults)"""
    try:
        done = subprocess.run(command, capture_output=True, text=True, **options)
    except OSError as problem:
        return "", [str(problem)]
    if done.returncode == 0:
        return done.stdout, []
    said = (done.stdout + done.stderr).splitlines()
    return "", [f"{' '.join(map(str, command))} ended with {done.returncode}"] + said[-20:]


def refused(command, why):
    """Faults, unless it fails and says that."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0 and why in done.stderr:
        return []
    return [f"it ended with {done.returncode} and said"] + done.stderr.splitlines()[-20:]


def install(stage):
    """Installs below the stage; the prefix within it, faults."""
    faults = run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", stage])[1]
    found = list(Path(stage).rglob("pkgconfig/troupe.pc"))
    if not found:
        return None, faults + ["no troupe.pc was installed"]
    prefix = next(line.split("=", 1)[1] for line in found[0].read_text().splitlines() if line.startswith("prefix="))
    return Path(stage + prefix), faults


def flags(prefix):
    pkgconfig = next(prefix.rglob("pkgconfig"))
    return run(["pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs", "troupe"],
               env={**os.environ, "PKG_CONFIG_PATH": str(pkgconfig)})


def readme_program(folder):
    """The program of the README, as it stands there."""
    source = folder / "greet.cpp"
    source.write_text(re.search(r"```cpp\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL).group(1))
    return source


def runs(folder):
    return run([sys.executable, "-B", ROOT / "tests/examples/check.py", "forkserver", folder])[1]


def main():
    tests = report()
    with tempfile.TemporaryDirectory() as top:
        prefix, faults = install(top + "/stage")
        if not tests.check("package: the build can be installed", faults):
            tests.close()

        given, faults = flags(prefix)
        tests.check("package: pkg-config knows it", faults)
        # Where the library is shared, an uninstalled stage is no place the loader knows.
        loader = f"-Wl,-rpath,{next(prefix.rglob('pkgconfig')).parent}"
        for options in OPTIONS:
            by_hand = Path(top) / ("by_hand" + "".join(options))
            by_hand.mkdir()
            how = " ".join(["the flags of pkg-config", *options])
            for name in NAMES:
                tests.check(f"package: {name} builds by hand with {how}",
                            run([COMPILER, *options, ROOT / f"examples/{name}.cpp", *given.split(), loader, "-o",
                                 by_hand / name])[1])
            tests.check(f"package: the examples built by hand with {how} run", runs(by_hand))

        greet = readme_program(by_hand)
        tests.check("package: the program of the README builds by hand",
                    run([COMPILER, greet, *given.split(), loader, "-o", by_hand / "greet"])[1])
        said, faults = run([by_hand / "greet"])
        tests.check("package: the program of the README greets",
                    faults + ([] if said == "hello, world\n" else [f"it printed: {said}"]))

        tests.check("package: a program built with _GLIBCXX_DEBUG is refused by the linker, which says why",
                    refused([COMPILER, greet, "-D_GLIBCXX_DEBUG", *given.split(), loader, "-o", by_hand / "mixed"],
                            "troupe_must_be_compiled_with_glibcxx_debug_like_this_program"))

        project, built = Path(top) / "project", Path(top) / "built"
        project.mkdir()
        version = run(["pkg-config", "--modversion", next(prefix.rglob("troupe.pc"))])[0].strip()
        (project / "CMakeLists.txt").write_text(CMAKE_PROJECT.format(names=" ".join(NAMES), root=ROOT, version=version))
        tests.check("package: find_package(troupe) finds it",
                    run(["cmake", "-S", project, "-B", built, f"-DCMAKE_PREFIX_PATH={prefix}",
                         f"-DCMAKE_CXX_COMPILER={COMPILER}"])[1])
        tests.check("package: the examples build as a CMake project", run(["cmake", "--build", built])[1])
        tests.check("package: the examples built by CMake run", runs(built))
    tests.close()


main()
