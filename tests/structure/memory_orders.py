"""Every atomic operation says why its order is enough, and both ends of every pair exist.

A strong order has `// sync: <pair> - publishes/observes <what>` on its statement or right above it; a relaxed one has
`// relaxed: <why>`, and one such comment may stand above several relaxed statements in a row (`relaxed, all below:`).
"""

import re

from sources import files, text
from closing_line import report

CALL = re.compile(
    r"(?:\.|->)(load|store|exchange|fetch_\w+|compare_exchange_\w+|test_and_set)\s*\(|\b(atomic_thread_fence)\s*\(")
ORDER = re.compile(r"\b(?:memory_order(?:_|::))?(relaxed|consume|acquire|release|acq_rel|seq_cst)\b")
RELAXED = re.compile(r"\brelaxed(?:, [\w ]+)?: ")
PAIR = re.compile(r"([^-]+?)\s+-\s+(.*)", re.DOTALL)


def split_comment(line):
    """(code, comment) of a line. Strings of this project never hold two slashes in a row beside an atomic."""
    code, _, comment = line.partition("//")
    return code, comment.strip()


def arguments(lines, row, column):
    """The text between the parentheses that open at (row, column), over as many lines as it takes; and its last row."""
    depth, collected = 0, ""
    for number in range(row, len(lines)):
        code = split_comment(lines[number])[0]
        for character in code[column if number == row else 0:]:
            if character == "(":
                depth += 1
            elif character == ")":
                depth -= 1
                if depth == 0:
                    return collected[1:], number
            collected += character
    return collected[1:], len(lines) - 1


def statement_start(lines, row):
    while row > 0:
        code, comment = split_comment(lines[row - 1])
        code = code.strip()
        if not code or code[-1] in ";{}:" or code.startswith("#"):
            return row
        row -= 1
    return row


def comment_above(lines, row):
    """The block of comment lines right above a statement."""
    block = []
    while row > 0 and lines[row - 1].lstrip().startswith("//"):
        row -= 1
        block.insert(0, split_comment(lines[row])[1])
    return " ".join(block)


class operation:
    def __init__(self, path, lines, found, row):
        self.place = f"{path}:{row + 1}"
        given, last = arguments(lines, row, found.end() - 1)
        self.orders = set(ORDER.findall(given))
        self.first = statement_start(lines, row)
        own = [split_comment(line)[1] for line in lines[self.first:last + 1]]
        self.comment = " ".join(filter(None, [comment_above(lines, self.first)] + own))
        self.name = found.group(1) or found.group(2)
        self.empty = not given.strip()

    def atomic(self, path_has_atomics):
        """load and store are also names of other things: without an order they count where <atomic> is used."""
        return bool(self.orders) or self.name.startswith(("fetch_", "compare_", "test_")) or path_has_atomics


def operations(path):
    lines = text(path).splitlines()
    has_atomics = any("std::atomic" in line for line in lines)
    previous = None
    for row, line in enumerate(lines):
        for found in CALL.finditer(split_comment(line)[0]):
            one = operation(path, lines, found, row)
            if not one.atomic(has_atomics):
                continue
            relaxed = one.orders == {"relaxed"}
            if relaxed and not RELAXED.search(one.comment) and previous and one.first - previous[0] <= 1:
                one.comment += previous[1]
            previous = (row, one.comment) if relaxed else None
            yield one


# Where shared memory is used, and none of its words stands. The keeper's thread has a flag of its own.
WITHOUT_ATOMICS = ("channel", "keeper", "actor", "launch", "supervise", "inspect")
OWN = ("runtime/actor/injection.cpp", "runtime/launch/keeper_thread.cpp")  # what threads of one process share


def touched_from_outside():
    for path in files(*(f"runtime/{layer}" for layer in WITHOUT_ATOMICS)):
        for one in operations(path):
            if one.name != "atomic_thread_fence" and str(path) not in OWN:
                yield f"{one.place}: {one.name} of a word that belongs to another type"


def main():
    unnamed, unexplained, malformed = [], [], []
    ends = {}
    for path in files("runtime", "include"):
        for one in operations(path):
            if not one.orders:
                unnamed.append(f"{one.place}: {one.name} names no memory order")
            elif one.orders == {"relaxed"}:
                if not RELAXED.search(one.comment):
                    unexplained.append(f"{one.place}: relaxed, without a `// relaxed: <why>`")
            elif "sync:" not in one.comment:
                unexplained.append(f"{one.place}: {'/'.join(sorted(one.orders))}, without a `// sync: <pair> - ...`")
            for note in one.comment.split("sync:")[1:]:
                pair = PAIR.match(note.strip())
                roles = {role for role in ("publishes", "observes") if pair and role in pair.group(2)}
                if not roles:
                    malformed.append(f"{one.place}: `// sync: <pair> - publishes/observes <what>`, but: {note.strip()}")
                for role in roles:
                    ends.setdefault(pair.group(1), {}).setdefault(role, one.place)
    lonely = [f"{next(iter(roles.values()))}: pair `{name}` has no end that {missing}"
              for name, roles in sorted(ends.items()) for missing in ("publishes", "observes") if missing not in roles]

    tests = report()
    tests.check("structure: every atomic operation names its memory order", unnamed)
    tests.check("structure: every memory order is explained", unexplained)
    tests.check("structure: every sync comment names its pair and its end", malformed)
    tests.check("structure: both ends of every pair exist", lonely)
    tests.check("structure: above the layer mail nobody touches an atomic of shared memory", touched_from_outside())
    tests.close()


main()
