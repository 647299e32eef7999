"""Includes run downward only, between the layers that runtime/meson.build lists and docs/architecture.md explains."""

import re

from sources import files, includes, text
from closing_line import report

ROW = re.compile(r"^ *\['(\w+)', \w+, \[([^\]]*)\], \[[^\]]*\]\],$", re.MULTILINE)
EXPLAINED = re.compile(r"^\| `(\w+)` \|.*\| ([\w, ]*) ?\|$", re.MULTILINE)

# What a layer may use directly; it may use what that stands on, too.
MAY_USE = {name: re.findall(r"\w+", stands_on) for name, stands_on in ROW.findall(text("runtime/meson.build"))}


def below(layer):
    found = set(MAY_USE[layer])
    for one in MAY_USE[layer]:
        found |= below(one)
    return found


def runtime_layer(include):
    """The layer of an include of runtime/, or None. Such includes are written "layer/file.hpp"."""
    first = include.removeprefix("runtime/").split("/")[0]
    return first if "/" in include and first in MAY_USE else None


def upward(layer):
    allowed = below(layer) | {layer}
    for path in files(f"runtime/{layer}"):
        for line, include in includes(path):
            used = runtime_layer(include)
            if used is not None and used not in allowed:
                yield f"{path}:{line}: {layer} may not include {include}"


def users_of(headers, allowed):
    """Where one of the headers is included outside the allowed places."""
    for path in files("include", "runtime"):
        if not any(str(path).startswith(place) for place in allowed):
            for line, include in includes(path):
                if any(include == h or include.startswith(h + "/") for h in headers):
                    yield f"{path}:{line}: includes {include}"


def unknown_layers():
    for path in files("runtime"):
        if path.parts[1] not in MAY_USE:
            yield f"{path}: not in a layer"


def explained_otherwise():
    table = {name: re.findall(r"\w+", stands_on) for name, stands_on in EXPLAINED.findall(text("docs/architecture.md"))}
    for name in sorted(MAY_USE.keys() | table.keys()):
        if MAY_USE.get(name) != table.get(name):
            yield f"docs/architecture.md: {name} stands on {table.get(name)}, but in runtime/meson.build on {MAY_USE.get(name)}"


def public_uses_runtime():
    for path in files("include"):
        for line, include in includes(path):
            if runtime_layer(include) is not None or "runtime/" in include:
                yield f"{path}:{line}: includes {include}"


# In the layer that looks in from outside: what maps or opens for writing, or changes a word of shared memory.
WRITES = re.compile(r"PROT_WRITE|O_RDWR|\.store\(|exchange|fetch_|program_memory::|\btouch\(|\bback\(\w")


def changes_something():
    for path in files("runtime/inspect"):
        for number, line in enumerate(text(path).splitlines(), 1):
            if found := WRITES.search(line.split("//")[0]):
                yield f"{path}:{number}: {found.group(0)}, in what only reads"


def main():
    tests = report()
    tests.check("structure: every file of runtime/ stands in a layer", unknown_layers())
    tests.check("structure: the layers are explained as they are built", explained_otherwise())
    for name in MAY_USE:
        tests.check(f"structure: {name} includes only what stands below it", upward(name))
    tests.check("structure: what looks into a program changes nothing in it", changes_something())
    tests.check("structure: public headers never include runtime/", public_uses_runtime())
    tests.check("structure: only runtime/loop includes uv.h", users_of(["uv.h", "uv"], ["runtime/loop/"]))
    tests.check("structure: only the codec and troupe/msgpack.hpp include msgpack",
                users_of(["msgpack.hpp", "msgpack.h", "msgpack"], ["runtime/message/", "include/troupe/msgpack.hpp"]))
    tests.close()


if __name__ == "__main__":
    main()
