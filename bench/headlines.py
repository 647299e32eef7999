"""How fast is it, beside what? The first lines of a report: troupe, its floor, and the other systems, best first."""

import re

from comparisons import comparisons_of
from names import system
from programs import is_floor, is_peer
from results import more_is_better

HEADS = {"what": "what", "troupe": "troupe", "floor": "the bare machine", "others": "other systems"}
# What it is called, and the figure.
LINES = (("round trip of 64 B, both awake", "ping_pong/mailbox 64 B, different CPUs"),
         ("round trip of 64 B on one CPU", "ping_pong/mailbox 64 B, one CPU"),
         ("64 B one way, 64 with one call", "stream/mailbox 64 B, many, different CPUs"),
         ("64 B one way, one by one", "stream/mailbox 64 B, different CPUs"),
         ("1 MiB one way, copied", "stream/mailbox 1 MiB, different CPUs"),
         ("four senders to one mailbox", "fan_in/4 senders"),
         ("start of an actor to its join", "spawn_join/forkserver"),
         ("kill of an actor to the next reply", "recovery/kill to reply"))


def _number(figure):
    return f"{figure['median']:.3g} {figure['unit']}"


def _others(keys, summary, better_is_more):
    """The best figure of each system, best first."""
    best = {}
    for key in keys:
        value, name = summary[key]["median"], system(key)
        if value > 0 and (name not in best or (value > best[name]) == better_is_more):
            best[name] = value
    return sorted(best.items(), key=lambda one: one[1], reverse=better_is_more)


def rows_of(summary):
    """The lines, as texts."""
    compared = comparisons_of(summary)
    rows = []
    for what, key in LINES:
        if key not in summary:
            continue
        figure = summary[key]
        same_unit = [one.against for one in compared if one.figure == key and one.against in summary and
                     summary[one.against]["unit"] == figure["unit"]]
        floor = next((one for one in same_unit if is_floor(one)), None)
        peers = _others([one for one in same_unit if is_peer(one)], summary, more_is_better(figure["unit"]))
        rows.append({"what": what, "troupe": _number(figure), "floor": _number(summary[floor]) if floor else "",
                     "others": ", ".join(f"{name} {value:.3g}" for name, value in peers)})
    return rows
