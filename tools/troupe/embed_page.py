"""Writes the page as a C++ file: embed_page.py PAGE OUTPUT."""

import sys
from pathlib import Path

A_LINE = 32  # bytes

page = Path(sys.argv[1]).read_bytes()
numbers = [str(byte if byte < 128 else byte - 256) for byte in page]  # as a char has them
lines = ["    " + ", ".join(numbers[at:at + A_LINE]) + "," for at in range(0, len(numbers), A_LINE)]
Path(sys.argv[2]).write_text("""#include "troupe/page.hpp"

namespace troupe::tool {
namespace {

constexpr char text[] = {
""" + "\n".join(lines) + """
};

}  // namespace

std::string_view page() { return {text, sizeof text}; }

}  // namespace troupe::tool
""", encoding="ascii")
