"""Where nothing is awaited, because a compiler gets it wrong.

GCC (13, 14 and 16) evaluates the right side of `&&` and `||` where something is awaited there, though the left side has
decided; and the assertions of Catch2 hold such an `&&` that is never meant to be evaluated, so that REQUIRE(co_await x)
awaits twice. An `?:` with an await in it has been miscompiled by clang. What is awaited in a range-for dies before the
loop, in C++20.
"""

import re

from sources import files, text
from closing_line import report

FOLDERS = ("include", "runtime", "tests", "bench", "examples")
ASSERTION = re.compile(r"\b(?:REQUIRE|CHECK)(?:_FALSE|_THAT|_NOFAIL)?$")
WORDS = re.compile(
    r"""^\ *\#(?:[^\n]*\\\n)*[^\n]* | //[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | (?<![0-9A-Za-z])'(?:\\.|[^'\\\n])*'""",
    re.S | re.M | re.X)
BACKWARDS = {")": "(", "]": "[", "}": "{"}


def without_words(source):
    """The same length and lines, with comments, strings, characters and directives blanked out."""
    blank = lambda found: re.sub(r"[^\n]", " ", found.group())
    return WORDS.sub(blank, source)


def why_not(source, at):
    """Looks outwards from an await, through what it is part of, to the beginning of its statement."""
    depth, decides, ranges = 0, None, False
    another = False  # behind a comma, or an assignment: what stands to the left is another expression, or a type
    while at > 0:
        at -= 1
        one, two = source[at], source[at - 1:at + 1]
        if one in BACKWARDS:
            depth += 1
        elif depth > 0:
            depth -= one in "([{"
        elif one in ";{}":
            return decides
        elif one == "(":
            before = source[:at].rstrip()
            if ASSERTION.search(before):
                return "an assertion"
            if ranges and re.search(r"\bfor$", before):
                return "a range-for"
            another = False
        elif one == ":" and two != "::" and source[at + 1] != ":":
            ranges = True
        elif one == "," or one == "=" and source[at + 1] != "=" and source[at - 1] not in "=!<>":
            another = True
        elif not another and two in ("&&", "||"):
            decides = decides or f"the right side of {two}"
        elif not another and one == "?":
            decides = decides or "?:"
    return decides


def awaits():
    for path in files(*FOLDERS, endings=(".hpp", ".cpp")):
        source = without_words(text(path))
        for found in re.finditer(r"(?<!operator )\bco_await\b", source):
            if place := why_not(source, found.start()):
                yield f"{path}:{source.count(chr(10), 0, found.start()) + 1}: awaits in {place}"


tests = report()
tests.check("structure: nothing is awaited where a compiler gets it wrong", awaits())
tests.close()
