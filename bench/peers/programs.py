"""The peers: the same work on other systems, and how each of them is run."""

import secrets
import shutil
from pathlib import Path

SECONDS = 0.5  # for which each of their figures is measured

# --allow-run-as-root: containers have no other user; where there is one, it says nothing. They pin themselves.
_MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]
_YIELDING = [*_MPIRUN, "--mca", "mpi_yield_when_idle", "1"]

# Schedulers that spin for a while before they sleep, as they do by default, in one node; names are looked up without a
# daemon, and the cookie is for the two nodes of one run.
_ERL = ["erl", "+S", "2", "-noshell", "-pa", "{built}", "-epmd_module", "peer_erlang",
        "-setcookie", secrets.token_hex(16), "-run", "peer_erlang", "main", "-extra"]

# Name -> the file that is there when it was built, and its command, which takes `--seconds N` behind it.
_PEERS = {
    "peer_system": ("peer_system", ["{built}/peer_system"]),
    "peer_zeromq": ("peer_zeromq", ["{built}/peer_zeromq"]),
    "peer_boost_interprocess": ("peer_boost_interprocess", ["{built}/peer_boost_interprocess"]),
    "peer_boost_locks": ("peer_boost_locks", ["{built}/peer_boost_locks"]),
    "peer_tbb": ("peer_tbb", ["{built}/peer_tbb"]),
    "peer_nng": ("peer_nng", ["{built}/peer_nng"]),
    "peer_iceoryx": ("peer_iceoryx", ["{built}/peer_iceoryx"]),
    "peer_caf": ("peer_caf", ["{built}/peer_caf"]),
    "peer_erlang": ("peer_erlang.beam", _ERL),
    "peer_openmpi": ("peer_openmpi", [*_MPIRUN, "-n", "2", "{built}/peer_openmpi"]),
    "peer_openmpi_yielding": ("peer_openmpi", [*_YIELDING, "-n", "2", "{built}/peer_openmpi"]),
    "peer_openmpi_senders": ("peer_openmpi", [*_YIELDING, "-n", "5", "{built}/peer_openmpi"]),
}


def commands(folder):
    """Of each peer: its command; None where it was not built, or what runs it is not there."""
    built = Path(folder).resolve() / "bench" / "peers"
    found = {}
    for name, (file, command) in _PEERS.items():
        line = [word.replace("{built}", str(built)) for word in command]
        found[name] = line if (built / file).is_file() and shutil.which(line[0]) else None
    return found
