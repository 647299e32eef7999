"""What is set beside what: each figure, what it is divided by, and the ratio that is asked for."""

import re
from typing import NamedTuple, Optional

from programs import is_peer
from results import more_is_better


class Comparison(NamedTuple):
    figure: str  # PROGRAM/NAME
    against: Optional[str]  # the same; None: it stands alone
    at_most: Optional[float] = None
    at_least: Optional[float] = None

    def met_in(self, ratios):
        """In how many of these rounds what is asked for was reached; None where nothing is."""
        if self.at_most is not None:
            return sum(one <= self.at_most for one in ratios)
        if self.at_least is not None:
            return sum(one >= self.at_least for one in ratios)
        return None

    def is_met(self, ratios):
        """A target is met that is reached in four rounds of five; None where there is none."""
        rounds = self.met_in(ratios)
        return None if rounds is None else 5 * rounds >= 4 * len(ratios)


def _all():
    spinning = "floor/spinning round trip"
    for through in ("pipe", "mailbox", "ask"):
        for size, target in ((40, 1.2), (64, 1.5)):
            yield Comparison(f"ping_pong/{through} {size} B, different CPUs", spinning, at_most=target)
        for size in (40, 64):
            yield Comparison(f"ping_pong/{through} {size} B, one CPU", "floor/blocking round trip, one CPU", at_most=1.3)
        for size in (40, 64):
            # The blocking floor has two states, 3 to 6 and 80 to 95 us, by where the scheduler put its two sides. What
            # is asked is to be no worse than sleeping and waking on different CPUs.
            yield Comparison(f"ping_pong/{through} {size} B, default", "floor/blocking round trip, different CPUs",
                             at_most=1.2)
    yield Comparison("ping_pong/pipe 64 B, default", "python_peer/round trip Pipe")
    yield Comparison("ping_pong/mailbox 64 B, default", "python_peer/round trip Queue")

    for kind, target in (("pipe 64 B, many", 0.7), ("mailbox 64 B, many", 0.6), ("pipe letter, many", 0.3),
                         ("mailbox letter, many", 0.3), ("pipe 64 B", 0.7), ("mailbox 64 B", 0.6), ("queue 64 B", None), ("pipe letter", 0.3),
                         ("mailbox letter", 0.3)):
        yield Comparison(f"stream/{kind}, different CPUs", "floor/stream 64 B", at_least=target)
    yield Comparison("stream/pipe 64 B, different CPUs", "python_peer/one way Pipe")
    yield Comparison("stream/queue 64 B, different CPUs", "python_peer/one way Queue")
    for size in ("64 KiB", "1 MiB", "16 MiB", "64 MiB"):
        for through in ("pipe", "mailbox", "buffer"):
            yield Comparison(f"stream/{through} {size}, different CPUs", f"floor/memcpy {size}")

    yield Comparison("fan_in/1 sender", "floor/stream 64 B")
    yield Comparison("fan_in/2 senders", "floor/4 senders")
    yield Comparison("fan_in/4 senders", "floor/4 senders", at_least=1)

    yield Comparison("spawn_join/forkserver", "floor/clone from a small server", at_most=1.5)
    yield Comparison("spawn_join/forkserver", "python_peer/start and join forkserver", at_most=1 / 20)
    yield Comparison("spawn_join/forkserver", "python_peer/start and join spawn", at_most=1 / 100)
    yield Comparison("recovery/kill to reply", "spawn_join/forkserver")
    for size in ("a small program", "one of 1 GiB"):
        yield Comparison(f"command_run/run from {size}", f"command_run/posix_spawn from {size}", at_most=1.2)
    yield Comparison("spawn_join/fork", "floor/fork")
    yield Comparison("spawn_join/fork", "python_peer/start and join fork")
    yield Comparison("spawn_join/spawn", "python_peer/start and join spawn")
    for idle in ("1 ms idle", "100 ms idle"):
        yield Comparison(f"idle_wakeup/pipe 64 B after {idle}", f"floor/blocking round trip after {idle}")
        yield Comparison(f"idle_wakeup/ask 64 B after {idle}", f"floor/blocking round trip after {idle}")
    for size in ("8 B", "256 B", "1 KiB", "4 KiB"):
        yield from (Comparison(f"stream/{kind} {size}, different CPUs", None) for kind in ("pipe", "mailbox"))
    yield from (Comparison(f"fan_in/{n} senders", f"floor/{n} senders") for n in (8, 16))
    yield Comparison("fan_in/large beside small", None, at_least=0.25)
    for crew in ("1 receiver", "2 receivers", "4 receivers", "8 receivers"):
        yield Comparison(f"fan_out/{crew}", "floor/stream 64 B")
    for size, n, target in (("64 B", 1, 0.9), ("64 B", 4, 0.9), ("64 B", 16, 0.9), ("1 MiB", 4, 1.2)):
        yield Comparison(f"publish/{size} to {n}", f"publish/{size} to {n}, by sends", at_least=target)
    yield from (Comparison(f"queue_consumers/{n} consumers", "queue_consumers/1 consumer") for n in (2, 4, 8))
    for percent in (10, 25, 50, 75, 90):
        yield Comparison(f"open_loop/ask at {percent} % of capacity", "floor/spinning round trip")
    yield from (Comparison(f"oversubscribed/{n} pairs", f"floor/{n} blocking pairs") for n in (2, 4, 8, 16))
    yield from (Comparison(f"oversubscribed/{n} pairs, the worst", None) for n in (2, 4, 8, 16))
    for what in ("receive", "ask"):  # flat, however many messages are passed over
        for waiting in (1000, 64000):
            yield Comparison(f"selective_receive/{what} behind {waiting}", f"selective_receive/{what} behind 0",
                             at_most=1.5)
    for who in ("forkserver 1", "forkserver 10", "forkserver 100", "forkserver 1000", "fork 100", "spawn 100"):
        yield Comparison(f"spawn_many/{who}, start each", "floor/clone from a small server")
    yield Comparison("spawn_many/forkserver 1000, start each", None, at_most=0.3)
    yield Comparison("spawn_many/forkserver 1000, private memory each", None, at_most=250)
    yield Comparison("spawn_many/forkserver 1000, wake-ups of all", None, at_most=0)
    yield Comparison("handover/in messages", "handover/by bare sockets", at_least=0.6)
    yield Comparison("handover/by bare sockets", "handover/none: workers accept")
    for level in ("-O0", "-O2"):
        yield Comparison(f"compile_time/queue.cpp {level}", f"compile_time/standard headers {level}")
    yield Comparison("micro/coroutine create + await", None, at_most=15)
    for kind, floor in (("ring push + pop", "bare ring push + pop"), ("flat 64 B encode", "memcpy 64 B"),
                        ("flat 64 B decode", "memcpy 64 B"), ("letter encode", "memcpy 64 B"),
                        ("letter decode", "memcpy 64 B"), ("coroutine create + await", "malloc + free")):
        yield Comparison(f"micro/{kind}", f"micro/{floor}")
    for who in ("receiver killed, its sender", "sender killed, its receiver", "asked actor killed, who asked"):
        yield Comparison(f"recovery/{who} goes on", "floor/death seen through pidfd", at_most=3)

    yield Comparison("pool_tasks/map of an empty task", None, at_least=5)
    yield Comparison("pool_tasks/map of an empty task", "python_peer/map Pool, its own chunks", at_least=2)
    yield Comparison("pool_tasks/map of an empty task", "python_peer/map Pool, chunks of one", at_least=50)
    yield Comparison("pool_tasks/map of an empty task", "python_peer/map ProcessPoolExecutor, chunks of 1,000")
    yield Comparison("pool_tasks/map of an empty task", "peer_tbb/map through concurrent_queue", at_least=0.3)
    yield Comparison("pool_tasks/map of an empty task", "peer_tbb/map by parallel_for")
    for pool in ("joblib", "pebble, chunks of 1,000", "pebble, chunks of one", "billiard, its own chunks",
                 "billiard, chunks of one", "distributed"):
        yield Comparison("pool_tasks/map of an empty task", f"python_pools/map {pool}")
    yield Comparison("pool_tasks/one task at a time", "pool_tasks/a request, beside that", at_most=1.5)
    yield Comparison("pool_tasks/64 KiB each way, tasks of 1 ms", None, at_least=0.95)
    yield Comparison("pool_tasks/tasks of 1 us to 100 ms", None, at_most=1.1)
    yield Comparison("pool_tasks/its worker is killed: known", "floor/death seen through pidfd")
    yield Comparison("pool_tasks/its worker is killed: the next task is done", "spawn_join/forkserver")
    yield Comparison("pool_tasks/a full pool refuses", None, at_most=5)
    yield Comparison("pool_tasks/a pool with a stuck task ends", None, at_most=10)
    yield Comparison("locks/lock and unlock, not contested", "floor_locks/robust mutex, not contested", at_most=1)
    yield Comparison("locks/changes of hands between 2", "floor_locks/robust mutex, changes of hands between 2",
                     at_least=1.5)
    yield Comparison("locks/locks by 2", "floor_locks/robust mutex, locks by 2")
    for what in ("not contested", "changes of hands between 2", "locks by 2"):
        ours = f"locks/lock and unlock, {what}" if what == "not contested" else f"locks/{what}"
        yield Comparison(ours, f"peer_boost_locks/mutex, {what}")
    for parties in (2, 8):
        yield Comparison(f"locks/barrier of {parties}", f"floor_locks/pthread_barrier of {parties}", at_most=1.5)
    yield Comparison("locks/handed on from a dead holder", "floor/death seen through pidfd", at_most=3)
    # A server that is written with libuv alone.
    yield Comparison("echo/1 connection", "floor_echo/1 connection", at_most=1 / 0.95)
    yield Comparison("echo/100 connections", "floor_echo/100 connections", at_least=0.95)
    yield Comparison("readable/pipe 64 B by readable, one CPU", "readable/pipe 64 B by epoll, one CPU", at_most=1.4)
    for connections in ("1 connection", "100 connections"):
        yield from (Comparison(f"wrk/{what} on {connections}", None) for what in ("requests", "a request"))
    yield Comparison("log_lines/a line", "log_lines/a send of as many bytes", at_most=1.2)
    yield Comparison("log_lines/lines written of 4 actors", None, at_least=1)
    yield Comparison("log_lines/lines written of 4 actors", "log_lines/lines written of 4 actors, by fprintf")


COMPARISONS = tuple(_all())

# What peers do, by how they call it, and the same work here: a mailbox, as it can do what any of them can. Then those
# whose figure is to be reached, and how much of it. Of one CPU, those that can block: what runs in one process need not,
# and Open MPI yields.
BETWEEN_PROCESSES, THAT_BLOCKS = r"\w+(?<!_in_one_process)", r"(?!peer_openmpi)\w+(?<!_in_one_process)"
SAME_WORK = (
    (r"round trip 64 B, (different CPUs)", "ping_pong/mailbox 64 B, {}", r"peer_(openmpi|iceoryx)\w*", 1),
    (r"round trip 64 B, (one CPU)", "ping_pong/mailbox 64 B, {}", THAT_BLOCKS, 1),
    (r"round trip 64 B, (default)", "ping_pong/mailbox 64 B, {}", None, None),
    (r"round trip \w+", "ping_pong/mailbox 64 B, default", None, None),
    (r"one way (64 B)\b.*", "stream/mailbox {}, different CPUs", r"\w+", 1),
    (r"one way (\d+ (?:KiB|MiB))\b.*", "stream/mailbox {}, different CPUs", r"peer_openmpi\w*", 0.9),
    (r"one way (\d+ (?:KiB|MiB))\b.*", "stream/buffer {}, different CPUs", BETWEEN_PROCESSES, 1),
    (r"one way \w+", "stream/mailbox 64 B, different CPUs", r"\w+", 1),
    (r"(4 senders)\b.*", "fan_in/{}", None, None),
)


def _beside_peers(summary):
    """Peers' figures that no comparison names yet."""
    named = {one.against for one in COMPARISONS}
    for key in sorted(key for key in summary if is_peer(key) and key not in named):
        peer, done = key.split("/", 1)
        for work, ours, rivals, target in SAME_WORK:
            if found := re.fullmatch(work, done):
                goal = "at_least" if more_is_better(summary[key]["unit"]) else "at_most"
                yield Comparison(ours.format(*found.groups()), key,
                                 **({goal: target} if rivals and re.fullmatch(rivals, peer) else {}))


def comparisons_of(summary):
    """All of those whose figure was measured."""
    return [one for one in (*COMPARISONS, *_beside_peers(summary)) if one.figure in summary]


FAIREST = 0.9  # Jain's index of four senders, at least
