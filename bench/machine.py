"""What machine is it, and does something else disturb it while it measures?"""

import os
import platform
from pathlib import Path

MOST_STOLEN = 0.01  # of the CPU time, by other virtual machines
MOST_LOAD = 0.5  # before it begins
DISTRUST = "take the figures as disturbed."


def cpu_model():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def ticks():
    """(stolen, all) ticks of all CPUs since the machine started."""
    try:
        all_ticks = [int(n) for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return 0, 0
    return all_ticks[7], sum(all_ticks)


class Watch:
    """From before the first program to after the last one."""

    def __init__(self):
        self.load = os.getloadavg()[0]
        self.stolen, self.all = ticks()

    def stolen_share(self):
        stolen, total = ticks()
        return (stolen - self.stolen) / max(1, total - self.all)

    def told(self):
        return (f"{cpu_model()}, {os.cpu_count()} CPUs, {len(os.sched_getaffinity(0))} usable, "
                f"Linux {platform.release()}; load {self.load:.2f} before, {os.getloadavg()[0]:.2f} after; "
                f"{100 * self.stolen_share():.1f} % of the CPU time stolen")

    def disturbances(self):
        """A sentence for each reason to distrust the figures."""
        found = []
        if self.load > MOST_LOAD:
            found.append(f"Other work was running before it began (load {self.load:.2f}): {DISTRUST}")
        share = self.stolen_share()
        if share > MOST_STOLEN:
            found.append(f"Other virtual machines took {100 * share:.1f} % of the CPU time: {DISTRUST}")
        return found
