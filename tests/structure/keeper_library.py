"""The keeper neither allocates nor throws nor locks: no function of its library, and none that those call in the layers
below, refers to what does.

usage: keeper_library.py KEEPER_LIBRARY LIBRARY_BELOW...
"""

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from closing_line import report

FORBIDDEN = {
    "allocates": re.compile(r"operator new|(malloc|calloc|realloc|strdup|opendir|fopen)$"),
    "throws": re.compile(r"__cxa_(re)?throw|__cxa_allocate_exception|std::__throw_"),
    "locks": re.compile(r"pthread_(mutex|rwlock|cond)_|__cxa_guard_|f(lush|puts|printf|write)$"),
}
FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
REFERENCE = re.compile(r": R_\w+\t(.+?)(?:@\w+)?(?:[-+]0x[0-9a-f]+)?$")
WITHIN = re.compile(r"\t(?:call|jmp)\s+[0-9a-f]+ <(.+?)(?:[-+]0x[0-9a-f]+)?>$")  # of the same file: no relocation
ABORTS = re.compile(r"troupe::base::check_failed")  # a bug of ours: it writes one line and ends the process


def functions_of(library):
    """{function: what its code refers to}."""
    listed = subprocess.run(["objdump", "-dr", "-C", "--no-show-raw-insn", library],
                            capture_output=True, text=True, check=True).stdout
    found, now, within = {}, set(), None
    for line in [*listed.splitlines(), ""]:
        reference = REFERENCE.search(line)
        # What a call with a relocation seems to lead to is only what stands behind it.
        if within and not reference:
            now.add(within.group(1))
        if begun := FUNCTION.match(line):
            now = found.setdefault(begun.group(1), set())
        elif reference:
            now.add(reference.group(1))
        within = WITHIN.search(line)
    return found


keeper, *below = sys.argv[1:]
own = functions_of(keeper)
calls = dict(own)
for library in below:
    for function, references in functions_of(library).items():
        calls.setdefault(function, references)


def reached_by(functions):
    """{function: whoever it was reached from}."""
    reached_from = {function: None for function in functions}
    waiting = list(functions)
    while waiting:
        function = waiting.pop()
        for callee in calls.get(function, ()):
            if callee not in reached_from and not ABORTS.match(callee):
                reached_from[callee] = function
                waiting.append(callee)
    return reached_from


def ways_to(what, functions):
    reached_from = reached_by(functions)
    for function in reached_from:
        if not FORBIDDEN[what].match(function):
            continue
        way = [function]
        while reached_from[way[-1]] is not None:
            way.append(reached_from[way[-1]])
        yield " <- ".join(way)


def of(name):
    return [function for function in calls if name in function]


tests = report()
tests.check("structure: the keeper's library is there", [] if own else [f"{keeper} holds no function"])
blind = [name for name, what in (("channel_table::ring_of(", "throws"), ("pack_parcel(", "allocates"))
         if not any(ways_to(what, of(name)))]
tests.check("structure: what throws and what allocates is found out", blind)
for what in FORBIDDEN:
    tests.check(f"structure: nothing that the keeper calls {what}", ways_to(what, own))
tests.close()
