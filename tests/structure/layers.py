"""Includes run downward only, between the layers of docs/architecture.md."""

from sources import files, includes
from closing_line import report

# What a layer may use directly; it may use what that stands on, too.
MAY_USE = {
    "base": [],
    "shm": ["base"],
    "process": ["base"],
    "message": ["base"],
    "coro": ["base"],
    "loop": ["base", "coro"],
    "channel": ["shm", "message", "loop"],
    "keeper": ["channel", "process"],
    "actor": ["keeper"],
    "supervise": ["actor"],
}


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


def public_uses_runtime():
    for path in files("include"):
        for line, include in includes(path):
            if runtime_layer(include) is not None or "runtime/" in include:
                yield f"{path}:{line}: includes {include}"


tests = report()
tests.check("structure: every file of runtime/ stands in a layer", unknown_layers())
for name in MAY_USE:
    tests.check(f"structure: {name} includes only what stands below it", upward(name))
tests.check("structure: public headers never include runtime/", public_uses_runtime())
tests.check("structure: only runtime/loop includes uv.h", users_of(["uv.h", "uv"], ["runtime/loop/"]))
tests.check("structure: only the codec and troupe/msgpack.hpp include msgpack",
            users_of(["msgpack.hpp", "msgpack.h", "msgpack"], ["runtime/message/", "include/troupe/msgpack.hpp"]))
tests.close()
