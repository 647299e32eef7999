"""Writes include/troupe/detail/members.hpp: python3 build-aux/members.py

`--check` says whether the file is what this would write.
"""

import sys
import textwrap
from pathlib import Path

MOST = 64
HEADER = Path(__file__).resolve().parents[1] / "include/troupe/detail/members.hpp"
WIDTH = 120

TOP = f"""\
// The two tables that take an aggregate apart: how many `{{}}` it can be initialised with, and names for its members.
// Every member takes exactly one `{{}}`, a C array too.
//
// Written by build-aux/members.py: change that, and run it. The language offers no shorter way before C++26, in which
// the second table is `auto& [...member] = object; TROUPE_VISIT(member...);`, and the first one is
// `nonstatic_data_members_of(^^T, access_context::unchecked()).size()`.
#pragma once

#include <cstddef>

namespace troupe::detail {{

inline constexpr std::size_t most_fields = {MOST};

// clang-format off
template <class T, std::size_t N>
consteval bool takes_braces() {{
"""
MIDDLE = """\
}

// What visit_members gives where a member cannot be referred to.
struct no_reference {};
#define TROUPE_VISIT(...)                                                    \\
    if constexpr (requires { visit(__VA_ARGS__); }) return visit(__VA_ARGS__); \\
    else return no_reference{}

// Calls visit(member...) with every member of `object`, which has N of them. A bit-field, and with GCC a member of a
// packed struct, has no address: a visitor that takes references to what it may change is then not called.
template <std::size_t N, class T, class Visit>
constexpr decltype(auto) visit_members(T& object, Visit&& visit) {
    if constexpr (N == 0) return visit();
"""
END = """\
}
#undef TROUPE_VISIT
// clang-format on

}  // namespace troupe::detail
"""


def wrapped(statement, indent):
    return textwrap.fill(statement, WIDTH, initial_indent=indent, subsequent_indent=indent + "    ") + "\n"


def braces(count):
    start = f"    if constexpr (N == {count}) return requires {{ T{{"
    rows = textwrap.wrap(", ".join(["{}"] * count), WIDTH - 12)
    if len(rows) <= 1 and len(start) + len("".join(rows)) + 5 <= WIDTH:
        return f"{start}{''.join(rows)}}}; }};\n"
    return f"{start}\n        " + "\n        ".join(rows) + "}; };\n"


def members(count):
    names = ", ".join(f"f{i}" for i in range(count))
    return (f"    if constexpr (N == {count}) {{\n" + wrapped(f"auto& [{names}] = object;", "        ") +
            wrapped(f"TROUPE_VISIT({names});", "        ") + "    }\n")


def header():
    return (TOP + "".join(braces(count) for count in range(MOST + 2)) + MIDDLE +
            "".join(members(count) for count in range(1, MOST + 1)) + END)


if sys.argv[1:] == ["--check"]:
    sys.exit(0 if HEADER.read_text(encoding="utf-8") == header() else f"{HEADER.name} is not what {__file__} writes")
HEADER.write_text(header(), encoding="utf-8")
