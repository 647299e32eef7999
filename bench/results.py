"""What a run leaves behind, as JSON: every figure of every round; and what they come to together."""

import json
import statistics

VERSION = 1  # of the form of the file


def save(path, results):
    """A line for each figure: so the file can be read, and compared by line."""
    head = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in {"version": VERSION, **results}.items()
            if name != "figures"]
    figures = ",\n".join("  " + json.dumps(one, separators=(",", ":")) for one in results["figures"])
    path.write_text("{\n" + ",\n".join([*head, f' "figures": [\n{figures}\n ]']) + "\n}\n", encoding="utf-8")


def load(path):
    results = json.loads(path.read_text(encoding="utf-8"))
    if results.get("version") != VERSION:
        raise ValueError(f"{path} is of version {results.get('version')}, this reads {VERSION}: measure again")
    return results


def summed_up(figures):
    """Of each figure, by its key PROGRAM/NAME: median, least and greatest of its rounds, and what else is known."""
    summary = {}
    for one in figures:
        summary.setdefault(f"{one['program']}/{one['name']}", []).append(one)
    return {key: _together(rounds) for key, rounds in summary.items()}


def _together(rounds):
    values = {one["round"]: one["value"] for one in rounds}
    told = {"unit": rounds[0]["unit"], "rounds": values, "median": statistics.median(values.values()),
            "min": min(values.values()), "max": max(values.values()), "count": sum(one["count"] for one in rounds),
            "errors": sum(one["errors"] for one in rounds), "cpus": rounds[0].get("cpus", ""),
            "jain": [one["jain"] for one in rounds if one.get("jain")],
            "worst": max(one.get("max", 0) for one in rounds),  # of all single acts
            "buckets": merged(one.get("buckets", []) for one in rounds)}
    for name in ("p99", "p999", "cpu_us"):
        known = [one[name] for one in rounds if one.get(name)]
        told[name] = statistics.median(known) if known else 0
    return told


def merged(histograms):
    """One list of [value, count], in order of values."""
    counts = {}
    for buckets in histograms:
        for value, count in buckets:
            counts[value] = counts.get(value, 0) + count
    return [[value, counts[value]] for value in sorted(counts)]


def quantile(buckets, share):
    """The value that this share, 0 to 1, of what is in the buckets does not exceed; 0 of none."""
    place = int(share * (sum(count for _, count in buckets) - 1))
    for value, count in buckets:
        if place < count:
            return value
        place -= count
    return 0


def ratios(figure, other):
    """In each round that both were measured in."""
    return [value / other["rounds"][turn] for turn, value in figure["rounds"].items() if other["rounds"].get(turn)]


def more_is_better(unit):
    """None where it cannot be told from the unit."""
    if unit.endswith("/s"):
        return True
    return False if unit in ("ns", "us", "ms", "s", "B", "KiB", "MiB", "GiB") else None
