"""What every command is held to that is run for a property: unless the property says otherwise, it ends with the exit
code 0, prints nothing on stderr, and takes no longer than two seconds."""

import time
from types import SimpleNamespace

from inspection import tool

MOST_SECONDS = 2


class held:
    """What was not as it has to be, since somebody asked for it."""

    patient = False  # the machine is busy, and no time is judged
    broken = []      # what is asked again may be right then
    late = []        # and what took too long stays so


def faults_since(marks):
    """Forgets them as well, so that nobody else counts them again."""
    faults = held.broken[marks[0]:] + held.late[marks[1]:]
    del held.broken[marks[0]:], held.late[marks[1]:]
    return faults


def marks():
    return len(held.broken), len(held.late)


def judge(arguments, said, took=None, code=0, most=MOST_SECONDS):
    """`code` is the one that is wanted, or a tuple of those that are right."""
    command = " ".join(["troupe", *map(str, arguments)])
    codes = code if isinstance(code, tuple) else (code,)
    if said.code not in codes:
        held.broken.append(f"{command}: exit code {said.code}, and not {codes}; on stderr {said.errors[:1000]!r}")
    elif said.code == 1 and not said.errors:
        held.broken.append(f"{command}: exit code 1, and stderr does not say why")
    elif said.code != 1 and said.errors:
        held.broken.append(f"{command}: on stderr {said.errors[:1000]!r}")
    judge_time(command, took, most)


def judge_time(what, took, most):
    if took is not None and took > most and not held.patient:
        held.late.append(f"{what}: it took {took:.2f} s, and at most {most} s are right")


class held_tool(tool):
    """Each of its commands is judged. What runs it (`before`) takes time of its own, which is not."""

    def of(self, pid):
        return held_tool(self.path, pid)

    def __call__(self, *arguments, code=0, seconds=MOST_SECONDS, before=(), **more):
        began = time.monotonic()
        said = super().__call__(*arguments, before=before, **more)
        judge(arguments, said, None if before else time.monotonic() - began, code, seconds)
        return said


def judge_ended(arguments, code, text, errors, wanted=0):
    """The same of a command that somebody began himself, and that ran for as long as he wished."""
    judge(arguments, SimpleNamespace(code=code, text=text, errors=errors), None, wanted)
