"""The peers: the same work on other systems, and how each of them is run."""

import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECONDS = 0.5  # for which each of their figures is measured

# --allow-run-as-root: containers have no other user; where there is one, it says nothing. They pin themselves.
_MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]
_YIELDING = [*_MPIRUN, "--mca", "mpi_yield_when_idle", "1"]

# Name -> what its command begins with, and the program or script that ends it.
_PEERS = {
    "peer_system": ([], "peer_system"),
    "peer_zeromq": ([], "peer_zeromq"),
    "peer_boost_interprocess": ([], "peer_boost_interprocess"),
    "peer_nng": ([], "peer_nng"),
    "peer_iceoryx": ([], "peer_iceoryx"),
    "peer_openmpi": ([*_MPIRUN, "-n", "2"], "peer_openmpi"),
    "peer_openmpi_yielding": ([*_YIELDING, "-n", "2"], "peer_openmpi"),
    "peer_openmpi_senders": ([*_YIELDING, "-n", "5"], "peer_openmpi"),
}


def commands(folder):
    """Of each peer: its command, which takes `--seconds N` behind it; None where it was not built."""
    found = {}
    for name, (beginning, program) in _PEERS.items():
        path = HERE / program if "." in program else Path(folder) / "bench" / "peers" / program
        there = path.is_file() and all(shutil.which(word) for word in beginning[:1])
        found[name] = [*beginning, str(path)] if there else None
    return found
