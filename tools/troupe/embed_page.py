"""Writes the source of the page as a C++ file: embed_page.py PAGE OUTPUT."""

import sys
from pathlib import Path

PIECE = 2000  # bytes of a literal: compilers need not take long ones


def literal(piece):
    return '    "' + "".join(chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in piece) + '"'


source = Path(sys.argv[1]).read_bytes()
pieces = [literal(source[at:at + PIECE]) for at in range(0, len(source), PIECE)]
Path(sys.argv[2]).write_text(
    '#include "troupe/page.hpp"\n\nnamespace troupe::tool {\n\nnamespace {\n\nconstexpr char text[] =\n' + "\n".join(pieces) +
    ";\n\n}  // namespace\n\nstd::string_view page() { return {text, sizeof text - 1}; }\n\n}  // namespace troupe::tool\n",
    encoding="ascii")
