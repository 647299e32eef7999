"""What the documentation names exists: files, links and their headings, functions and types, versions of layouts."""

import re

from sources import ROOT, files, text
from closing_line import report

PAGES = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")))
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
QUOTED = re.compile(r"`([^`\n]+)`")
# A path is written from the root, from include/troupe or runtime, as an #include is, or from the page's folder.
PATH = re.compile(r"(?:\.\./)*[\w.-]+(?:/[\w.-]+)*/?")
FROM = ("", "runtime", "include", "include/troupe", "docs")
FOLDERS = ("runtime", "include", "examples", "tests", "bench", "docs", "build-aux", "dev", ".ci")
ENDINGS = (".hpp", ".cpp", ".py", ".md", ".build", ".ini")
MEMBER = re.compile(r"(?:troupe::)?(?:\w+::)*(\w+)::(~?\w+)(?:\(\))?")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FOREIGN = ("std", "boost", "asio")


def prose(page):
    """(line number, line) outside of fenced blocks."""
    blank = FENCE.sub(lambda block: "\n" * block.group(0).count("\n"), text(page))
    yield from enumerate(blank.splitlines(), 1)


def quoted(page):
    for number, line in prose(page):
        for found in QUOTED.finditer(line):
            yield number, found.group(1)


def missing_files():
    for page in PAGES:
        for number, name in quoted(page):
            if not PATH.fullmatch(name):
                continue
            if not (name.endswith(ENDINGS) or name.split("/")[0] in FOLDERS and "/" in name):
                continue
            if name.split("/")[0] in ("build", "troupe.pc") or any((ROOT / base / name).exists() for base in FROM):
                continue
            if (ROOT / f"{name}.cpp").exists():  # a program
                continue
            if "/" not in name and any(path.name == name for path in files(*FOLDERS[:7], endings=ENDINGS)):
                continue
            yield f"{page}:{number}: there is no {name}"


def anchors(page):
    for _, line in prose(page):
        if line.startswith("#"):
            heading = re.sub(r"[`*\[\]]|\([^)]*\)", "", line.lstrip("#").strip()).lower()
            yield re.sub(r"[^\w -]", "", heading).replace(" ", "-")


def broken_links():
    for page in PAGES:
        for number, line in prose(page):
            for found in LINK.finditer(line):
                target, _, anchor = found.group(1).partition("#")
                if "://" in target or target.startswith("mailto:"):
                    continue
                path = (ROOT / page).parent / target if target else ROOT / page
                if not path.exists():
                    yield f"{page}:{number}: links to {target}, which does not exist"
                elif anchor and path.suffix == ".md" and anchor not in anchors(path.resolve().relative_to(ROOT)):
                    yield f"{page}:{number}: {target} has no heading #{anchor}"


def unknown_names():
    code = "\n".join(text(path) for path in files("runtime", "include", "tests", "bench", "examples"))
    words = set(re.findall(r"~?\w+", code))
    for page in PAGES:
        for number, name in quoted(page):
            found = MEMBER.fullmatch(name)
            if not found or name.split("::")[0] in FOREIGN:
                continue
            for word in found.groups():
                if word not in words:
                    yield f"{page}:{number}: {name}: no {word} in the code"


def path_of_a_message():
    """The way of one message, step by step: its functions are in the files that the same step names, and neither half
    of it needs more than ten files."""
    page = text("docs/architecture.md")
    way = re.search(r"^## The path of one message$(.*?)^## ", page, re.MULTILINE | re.DOTALL).group(1)
    steps = re.split(r"^\d+\. ", way, flags=re.MULTILINE)[1:]
    if len(steps) < 5:
        yield "docs/architecture.md: the path of one message has no steps"
    halves, half = [set(), set()], 0
    for number, step in enumerate(steps, 1):
        named = QUOTED.findall(step)
        paths = [name for name in named if name.endswith((".hpp", ".cpp"))]
        found = [next(path for path in (f"{base}/{name}".lstrip("/") for base in FROM) if (ROOT / path).exists())
                 for name in paths]
        halves[half].update(found)
        code = "\n".join(text(path) + text(path.replace(".cpp", ".hpp")) if (ROOT / path.replace(".cpp", ".hpp")).exists()
                         else text(path) for path in found)
        for name in named:
            function = MEMBER.fullmatch(name)
            if function and not re.search(rf"\b{function.group(2)}\(", code):
                yield f"docs/architecture.md: step {number} names {name}, which is not in {', '.join(paths) or 'a file'}"
        if "commit" in step:
            half = 1
    for half, what in zip(halves, ("from send to the commit", "from there to the coroutine")):
        if not 0 < len(half) <= 10:
            yield f"docs/architecture.md: {what} a message passes {len(half)} files"


def wrong_versions():
    for page, sentence, constant, header in (
            ("docs/ring.md", r"^## .*version (\d+)", "ring_layout_version", "runtime/shm/ring_layout.hpp"),
            ("docs/layout.md", r"This is layout (\d+)", "layout_version", "runtime/shm/program_header.hpp")):
        said = re.search(sentence, text(page), re.MULTILINE)
        is_so = re.search(constant + r" = (\d+);", text(header))
        if not said or not is_so or said.group(1) != is_so.group(1):
            yield f"{page}: says version {said and said.group(1)}, and {header} has {is_so and is_so.group(1)}"


tests = report()
tests.check("structure: files that the documentation names exist", missing_files())
tests.check("structure: links in the documentation lead somewhere", broken_links())
tests.check("structure: functions and types that the documentation names exist", unknown_names())
tests.check("structure: the path of a message, as it is told, is the one it takes", path_of_a_message())
tests.check("structure: versions in the documentation are those of the code", wrong_versions())
tests.close()
