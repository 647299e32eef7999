"""The C++ files of the project, as the structure checks read them."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

ROOT = Path(__file__).resolve().parents[2]


def files(*folders, endings=(".hpp", ".cpp")):
    """Paths relative to the project's root, in order."""
    found = []
    for folder in folders:
        found += [p for p in (ROOT / folder).rglob("*") if p.suffix in endings and p.is_file()]
    return sorted(p.relative_to(ROOT) for p in found)


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def includes(path):
    """(line number, what stands between the quotes or brackets) of each include."""
    for number, line in enumerate(text(path).splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if found:
            yield number, found.group(1)
