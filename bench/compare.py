#!/usr/bin/env python3
"""What changed between two runs?

    ./dev bench compare OLD.json NEW.json

For each figure of both: the medians, their ratio new/old, and how far it can lie given the rounds of each (from
least/greatest to greatest/least). It is marked when the rounds of the two runs do not overlap. The machine itself drifts
between runs: what the floor moved by is told first.
"""

import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True
import results  # noqa: E402
import table  # noqa: E402
from programs import is_floor  # noqa: E402

HEADS = {"figure": "figure", "unit": "unit", "old": "old", "new": "new", "ratio": "new/old", "spread": "spread",
         "change": "change"}


def change(old, new):
    """A word where the two differ by more than their rounds do among themselves, or ""."""
    if new["min"] <= old["max"] and old["min"] <= new["max"]:
        return ""
    better = results.more_is_better(new["unit"])
    if better is None:
        return "changed"
    return "better" if (new["median"] > old["median"]) == better else "WORSE"


def compared(key, old, new):
    """A line, as texts; without a ratio where nothing can be divided."""
    row = {"figure": key, "unit": new["unit"], "old": f"{old['median']:.4g}", "new": f"{new['median']:.4g}",
           "ratio": "", "spread": "", "change": change(old, new)}
    if old["min"] > 0:
        row.update(ratio=f"{new['median'] / old['median']:.3f}",
                   spread=f"{new['min'] / old['max']:.2f} .. {new['max'] / old['min']:.2f}")
    return row


def comparison(old, new):
    """Everything there is to say of two files of results, as lines."""
    before, after = results.summed_up(old["figures"]), results.summed_up(new["figures"])
    both = [key for key in before if key in after and before[key]["unit"] == after[key]["unit"]]
    yield f"old: {old['date']}, {old['rounds']} rounds, {old['command']}: {old['machine']}"
    yield f"new: {new['date']}, {new['rounds']} rounds, {new['command']}: {new['machine']}"
    for name, one in (("old", old), ("new", new)):
        yield from (f"{name}: {sentence}" for sentence in one["disturbed"])
    floors = [after[key]["median"] / before[key]["median"] for key in both
              if is_floor(key) and before[key]["median"] > 0]
    if floors:
        yield (f"The floor's own figures moved by {min(floors):.2f} to {max(floors):.2f}: what moved no further may be "
               "the machine.")
    yield ""
    yield table.text([compared(key, before[key], after[key]) for key in both], HEADS, ("old", "new", "ratio"))
    for name, these, those in (("old", before, after), ("new", after, before)):
        alone = [key for key in these if key not in those or those[key]["unit"] != these[key]["unit"]]
        if alone:
            yield f"\nonly in {name}: {'; '.join(alone)}"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("old", type=Path)
    options.add_argument("new", type=Path)
    given = options.parse_args()
    try:
        old, new = results.load(given.old), results.load(given.new)
    except (OSError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    print("\n".join(comparison(old, new)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
