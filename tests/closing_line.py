"""How every check written in Python reports: a line for each, and the closing line that ./dev adds up."""

import sys


class report:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, sentence, faults=()):
        """Holds when there are no faults. A fault is a line that says where and what."""
        faults = list(faults)
        if faults:
            self.failed += 1
            print(f"FAILED - {sentence}")
            for fault in faults:
                print(f"    {fault}")
        else:
            self.passed += 1
            print(f"ok - {sentence}")
        sys.stdout.flush()
        return not faults

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)
