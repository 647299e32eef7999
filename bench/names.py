"""What a person calls a figure: the system, then what it did. Files of results keep the keys, PROGRAM/NAME."""

from programs import program_of

SYSTEMS = {"floor": "floor", "floor_locks": "floor", "floor_echo": "libuv", "savina": "Savina", "python_peer": "Python",
           "python_pools": "Python", "peer_tbb": "oneTBB", "peer_boost_locks": "Boost.Interprocess",
           "peer_system": "system calls",
           "peer_zeromq": "ZeroMQ", "peer_boost_interprocess": "Boost.Interprocess", "peer_nng": "nng",
           "peer_iceoryx": "iceoryx", "peer_caf": "CAF", "peer_erlang": "Erlang", "peer_openmpi": "Open MPI",
           "peer_openmpi_yielding": "Open MPI, yielding", "peer_openmpi_senders": "Open MPI"}
WORK = {"ping_pong": "round trip", "stream": "one way", "fan_in": "many to one", "fan_out": "one to many", "publish": "published",
        "spawn_join": "start and join", "command_run": "a command", "spawn_many": "start of many", "recovery": "recovery",
        "idle_wakeup": "round trip when idle", "queue_consumers": "queue", "open_loop": "open loop",
        "oversubscribed": "more pairs than CPUs", "selective_receive": "selective", "handover": "connections handed over",
        "micro": "inside", "compile_time": "compile time", "pool_tasks": "pool", "locks": "locks", "log_lines": "log",
        "floor_locks": "locks of the C library", "echo": "echo over TCP", "floor_echo": "echo over TCP",
        "readable": "waiting for a descriptor", "wrk": "web server, by wrk"}
IN_ONE_PROCESS = "_in_one_process"


def system(key):
    """Who was measured; "troupe" for its own programs."""
    program = program_of(key)
    name = SYSTEMS.get(program.removesuffix(IN_ONE_PROCESS), program if program.startswith("peer_") else "troupe")
    return name + " in one process" if program.endswith(IN_ONE_PROCESS) else name


def called(key):
    """Of a figure's key, or of a curve's name, which may lack the NAME."""
    program = program_of(key)
    done = key[len(program):].lstrip("/, ")
    return f"{system(key)}: " + ", ".join(part for part in (WORK.get(program, ""), done) if part) if done or (
        program in WORK) else system(key)
