"""What each program of this folder is to do. A case gives the lines that say what is wrong; none when all is well."""

import os
import re
import signal
import stat
import time
from dataclasses import dataclass, field

from lab import DYING, NOBODY, ROOT, WATCHDOG, Outcome

ALL = ("spawn", "forkserver", "fork")


@dataclass
class Case:
    name: str
    promise: str
    act: object  # (lab, method) -> faults
    methods: tuple = ALL
    root: bool = False  # it needs the rights of root
    programs: list = field(default_factory=list)  # (source, options...) to be built ahead


CASES = []


def case(name, promise, *builds, **more):
    def add(act):
        CASES.append(Case(name, promise, act, programs=[(f"{name}.cpp",), *builds] if not builds else list(builds), **more))
        return act
    return add


def number(pattern, outcome):
    """The first number that stands there, or None."""
    found = re.search(pattern, outcome.out)
    return float(found.group(1)) if found else None


def holds(condition, what, outcome):
    return [] if condition else [what] + outcome.said()


# --- locks and threads ------------------------------------------------------------------------------------------------


@case("stdin_reader", "a thread that waits for a line of stdin keeps no actor, and no end, waiting")
def stdin_reader(lab, method):
    return [fault for terminal in (False, True)
            for fault in lab.run("stdin_reader.cpp", given="open", terminal=terminal, method=method)
            .faults("actor: exited with 5")]


@case("thread_before_run", "threads that main made before run do no harm")
def thread_before_run(lab, method):
    return [fault for arguments in ((), ("pausing",))
            for fault in lab.run("thread_before_run.cpp", *arguments, method=method).faults("60 ended, 0 hung")]


@case("fork_stdin", "an actor's stdin is empty, whatever its parent had read ahead")
def fork_stdin(lab, method):
    return [fault for arguments in ((), ("cin",))
            for fault in lab.run("fork_stdin.cpp", *arguments, given="one\ntwo\nthree\n", method=method)
            .faults("program read 3 lines, 0 actors found input")]


# --- who a process is -------------------------------------------------------------------------------------------------


@case("environment_cleared", "main may clear the environment")
def environment_cleared(lab, method):
    count = lab.top / "g_count"
    count.unlink(missing_ok=True)
    found = lab.run("environment_cleared.cpp", method, method=method).faults("hello from actor")
    return found + ([] if count.stat().st_size <= 3 else [f"main was reached {count.stat().st_size} times"])


@case("argv_changed", "an actor's main sees the arguments that the program's saw")
def argv_changed(lab, method):
    return lab.run("argv_changed.cpp", "--level=3", "one", "two", method=method).faults(
        "program: level 3, argc 4, argv --level=3 one two", "actor:   level 3, argc 4, argv --level=3 one two")


@case("unreachable_cwd", "an actor starts where its parent is, reachable by a path or not", root=True)
def unreachable_cwd(lab, method):
    secret = lab.top / "secret"
    within = secret / "within"
    within.mkdir(parents=True, exist_ok=True)
    os.chown(within, NOBODY, NOBODY)
    os.chmod(secret, stat.S_IRWXU)
    return lab.run("unreachable_cwd.cpp", folder=within, user=NOBODY, method=method).faults("actor: ")


# --- ends -------------------------------------------------------------------------------------------------------------


@case("setuid_orphan", "no actor outlives the program, whichever user it became", root=True)
def setuid_orphan(lab, method):
    return [fault for namespace in (False, True)
            for fault in lab.run("setuid_orphan.cpp", namespace=namespace, method=method).faults(code=-signal.SIGKILL)]


@case("program_setuid", "a program that gave up root ends its actors, or says that it cannot", root=True)
def program_setuid(lab, method):
    ended = lab.run("program_setuid.cpp", method=method)
    told = ": dead" in ended.out or "not permitted" in ended.err
    return ended.faults("actor ", code=None) + holds(told, "nobody was told that the actor cannot be killed", ended)


@case("fork_setuid", "an actor may give up its rights at once", root=True)
def fork_setuid(lab, method):
    return lab.run("fork_setuid.cpp", method=method).faults("done")


@case("links", "a linked actor ends with its partner, and a later actor inherits nothing", methods=("forkserver",))
def links(lab, method):
    return lab.run("links.cpp", method=method).faults("2.5 s later: A alive=0")


@case("traced", "an actor that dies while a debugger holds it has ended for everybody")
def traced(lab, method):
    ended = lab.run("traced.cpp", method=method)
    after = number(r"join after ([\d.]+) s", ended)
    return ended.faults("ask: ") + holds(after is not None and after < 4, "join waited for the debugger", ended)


@case("flood", "deaths are seen, whatever messages the keeper gets")
def flood(lab, method):
    found = []
    for kind in ("link", "queue"):
        ended = lab.run("flood.cpp", "24", kind, method=method)
        took = number(r"took ([\d.]+) ms", ended)
        found += ended.faults() + holds(took is not None and took < 2000, "the death was seen late", ended)
        found += holds("one at a time:" not in ended.out, "a queue was refused, though one lived at a time", ended)
    return found


@case("plugin", "two copies of the library in one process are noticed", ("plugin/host.cpp",), ("plugin/plugin.cpp",))
def plugin(lab, method):
    program, complaint = lab.built("plugin/plugin.cpp")
    if program is None:
        return complaint.splitlines()
    ended = lab.run("plugin/host.cpp", str(program), method=method)
    told = "plugin: 5" in ended.out or re.search(r"plugin: error: .*(copies|shared)", ended.out)
    return ended.faults("own: 6", "plugin loaded") + holds(told, "the second copy was not noticed", ended)


@case("kill4", "whoever waits for an actor's result can learn that it died")
def kill4(lab, method):
    def wait_and_end(process):
        time.sleep(3)
        process.terminate()
    ended = lab.run("kill4.cpp", method=method, act=wait_and_end)
    return ended.faults(code=None) + holds("500 is bad" in ended.err, "nothing on stderr", ended)


@case("t_exc", "a child that throws or crashes is heard of")
def t_exc(lab, method):
    ended = lab.run("t_exc.cpp", method=method)
    told = "no such thing" in ended.err and "SIGSEGV" in ended.err
    return ended.faults("thrower: ", code=None) + holds(told, "nothing on stderr", ended)


# --- what the dead leave ----------------------------------------------------------------------------------------------


@case("ring_leak", "the memory of spawners that were killed is free again")
def ring_leak(lab, method):
    return lab.run("ring_leak.cpp", "14", "8", method=method).faults("can be started")


@case("lost_wakeup", "whoever rings during a restart is heard later")
def lost_wakeup(lab, method):
    ended = lab.run("lost_wakeup.cpp", "8000000", "20", "1000", method=method)
    return ended.faults("program asks: 7") + holds("has not answered" not in ended.out, "a sender was not heard", ended)


@case("failed_leak", "the slots of refused starts come back")
def failed_leak(lab, method):
    return lab.run("failed_leak.cpp", method=method).faults("program included) 15 could be started")


@case("unread_slots", "any number of short-lived actors may leave results in a queue")
def unread_slots(lab, method):
    return lab.run("unread_slots.cpp", "5000", environment={"ACTORS": "200"}, method=method).faults("all 5000 made")


@case("bells_emfile", "a server whose clients are gone holds its own descriptors only")
def bells_emfile(lab, method):
    ended = lab.run("bells_emfile.cpp", "1080", files=1024, method=method)
    works = ended.out.count("could open 8\n") == 2 and ended.out.count("popen works") == 2
    return ended.faults() + holds(works, "it had no descriptors left", ended)


@case("handle_cycles", "handles that nobody can reach are freed")
def handle_cycles(lab, method):
    return [fault for mode in ("self", "pair", "plain", "drop", "pipe", "pipeself", "pipeself2")
            for fault in lab.run("handle_cycles.cpp", "20000", mode, method=method).faults(f"{mode}: 20000 made")]


@case("in_flight", "a death costs what the dead one held")
def in_flight(lab, method):
    ended = lab.run("in_flight.cpp", "6000", method=method)
    took = [float(ms) for ms in re.findall(r"join of a killed actor ([\d.]+) ms", ended.out)]
    flat = len(took) == 5 and took[-1] < 10 * min(took) + 20
    return ended.faults() + holds(flat, "the cost of a death grows with what is on its way elsewhere", ended)


@case("map_under_kills", "of a map over a million inputs each has one outcome, and what was in hand at a kill is lost alone")
def map_under_kills(lab, method):
    million = "1000000"
    once = lab.run("map_under_kills.cpp", million, "1", method=method)
    thrice = lab.run("map_under_kills.cpp", million, "3", method=method)
    return (once.faults("inputs, 0 wrong", " 0 left\n", "no more failed than were killed") +
            thrice.faults("inputs, 0 wrong", " 0 left\n", "nearly none failed"))


@case("killed_in_a_map", "a program that is killed in the middle of a map leaves nothing within a second")
def killed_in_a_map(lab, method):
    took = []

    def wait_for_all(process):
        process.wait(WATCHDOG)
        start = time.monotonic()
        while lab.someone_is_left() and time.monotonic() < start + DYING:
            time.sleep(0.01)
        took.append(time.monotonic() - start)
    ended = lab.run("killed_in_a_map.cpp", act=wait_for_all, method=method)
    return (ended.faults("in the middle", code=-signal.SIGKILL) +
            holds(took and took[0] < 1, f"they were there for {took} s", ended))


# --- time -------------------------------------------------------------------------------------------------------------


@case("frozen", "a program that is frozen is not taken for a hung handler")
def frozen(lab, method):
    return lab.run("frozen.cpp", method=method).faults("answered 1")


@case("stop_and_continue", "Ctrl-Z and fg are not taken for a hung handler")
def stop_and_continue(lab, method):
    def stop(process):
        time.sleep(0.7)
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(3)
        os.killpg(process.pid, signal.SIGCONT)
    return lab.run("stop_and_continue.cpp", act=stop, method=method).faults("0\n1\n2\n3\n")


@case("deadline_max", "the longest deadline means never")
def deadline_max(lab, method):
    ended = lab.run("deadline_max.cpp", method=method)
    return ended.faults() + holds(ended.out.count("alive=1") == 2, "an idle actor was killed", ended)


# --- types ------------------------------------------------------------------------------------------------------------


def refused_in_a_sentence(ended: Outcome):
    """It did not compile, and the first error is troupe's."""
    first = next((line for line in ended.err.splitlines() if "error:" in line), "")
    return ended.code is None and "troupe:" in first


@case("types_that_print_alike", "two message types are two, or a sentence at compile time")
def types_that_print_alike(lab, method):
    ended = lab.run("types_that_print_alike.cpp", method=method)
    if refused_in_a_sentence(ended):
        return []
    return ended.faults("first 1\nsecond 2\nthird 3\nfourth 4\nlambda of 1 bytes: 1\nlambda of 8 bytes: 8")


KINDS = [("odd_floats.cpp", f"-DKIND={kind}", "-std=gnu++20") for kind in range(5)]


@case("odd_floats", "a number arrives as it was sent, or does not compile", *KINDS)
def odd_floats(lab, method):
    found = []
    for source, *options in KINDS:
        ended = lab.run(source, options=tuple(options), method=method)
        # The run-time library of GCC 12 cannot make such a number of a float, and the program does not link.
        unknown_to_compiler = ended.code is None and "__truncsfbf2" in ended.err
        if not refused_in_a_sentence(ended) and not unknown_to_compiler:
            found += ended.faults("flat  1 1", "mixed 1 1 'text'")
    return found


FORMS = [("handler_forms.cpp", f"-DV={form}", f"-std=c++{23 if form in (6, 7) else 20}") for form in range(12)]


@case("handler_forms", "handlers of every callable form serve", *FORMS)
def handler_forms(lab, method):
    return [fault for source, *options in FORMS
            for fault in lab.run(source, options=tuple(options), method=method).faults("got 42" if "-DV=10" not in options
                                                                                       else "got 4")]


AGGREGATES = [("refused_types.cpp", f"-DK={kind}") for kind in range(1, 21)]
FALSE_REASONS = {"-DK=1": "bit-field", "-DK=5": "base class"}
# The compiler's own words, where it gives the reason before troupe can.
TRUE_REASONS = {"-DK=3": "anonymous union", "-DK=4": "anonymous struct", "-DK=13": "deleted constructor"}


@case("refused_types", "a type travels, or is refused for the true reason", *AGGREGATES)
def refused_types(lab, method):
    found = []
    for source, kind in AGGREGATES:
        ended = lab.run(source, options=(kind,), method=method)
        if not refused_in_a_sentence(ended):
            first = next((line for line in ended.err.splitlines() if "error:" in line), "")
            if ended.code is not None or kind not in TRUE_REASONS or TRUE_REASONS[kind] not in first:
                found += ended.faults(" ok ")
        elif kind in FALSE_REASONS and FALSE_REASONS[kind] in ended.err.split("\n")[0]:
            found += [f"{kind}: {ended.err.splitlines()[0]}"]
    return found


@case("bad_batch", "bytes that another process wrote never abort their reader",
      ("bad_batch.cpp", f"-I{ROOT}/runtime"))
def bad_batch(lab, method):
    return lab.run("bad_batch.cpp", options=(f"-I{ROOT}/runtime",), method=method).faults("reader exited with 0")


@case("odd_throws", "handlers may throw anything")
def odd_throws(lab, method):
    ended = lab.run("odd_throws.cpp", method=method)
    # A coroutine handler that throws `cancelled` cannot be told from one that was cancelled, and ends its actor: case 8.
    alive = ended.out.count("actor was dead") <= 1 and ended.out.count(" remote_error type 'nul_what' text ''") == 2
    return ended.faults("14 actor: ") + holds(alive, "an exception ended the actor", ended)


# --- waiting ----------------------------------------------------------------------------------------------------------


@case("remove_in_back_off", "a child that waits to be started again is removed at once")
def remove_in_back_off(lab, method):
    ended = lab.run("remove_in_back_off.cpp", method=method)
    took = [float(ms) for ms in re.findall(r"(?:remove|healthy one|stop) took (\d+) ms", ended.out)]
    return ended.faults("alive 0") + holds(len(took) == 5 and max(took) < 1400, "somebody waited for a back-off", ended)


@case("given_up", "an actor that hangs silences whoever asks it, for that one alone")
def given_up(lab, method):
    return lab.run("given_up.cpp", method=method).faults("the healthy one answers")


@case("selective_receive_cost", "what was passed over before costs nothing")
def selective_receive_cost(lab, method):
    ended = lab.run("selective_receive_cost.cpp", method=method)
    found = ended.faults("asks with a long mailbox")
    for mode in (0, 1):
        cost = [float(us) for us in re.findall(rf"mode {mode} n \d+: ([\d.]+) us", ended.out)]
        found += holds(len(cost) == 6 and cost[-1] < 10 * min(cost) + 1, f"mode {mode}: the cost grows", ended)
    return found
