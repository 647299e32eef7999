// How do troupe's figures stand beside those of Open MPI, on one machine?
//
// Settings: two processes of mpirun, unbound, that meet in shared memory (the vader transport, as mpirun chooses), with
// blocking MPI_Send and MPI_Recv; they spin, or yield their CPU where mpi_yield_when_idle is 1. Started as 5 processes
// it measures 4 senders; with more processes than CPUs they must yield.

#define OMPI_SKIP_MPICXX 1  // the C interface alone
#include <mpi.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "peer.hpp"

namespace {

namespace peers = bench::peers;
using bench::placed;
using bench::placement;

constexpr int tag = 1;

// An end to one other process, or, of the receiver of many, to all.
class mpi_end {
public:
    explicit mpi_end(int other) : other_(other), message_(peers::larger) {}

    template <class Write>
    void send(std::size_t bytes, const Write& write) {
        write(message_.data());
        MPI_Send(message_.data(), static_cast<int>(bytes), MPI_BYTE, other_, tag, MPI_COMM_WORLD);
    }
    template <class Read>
    void receive(const Read& read) {
        MPI_Status how;
        MPI_Recv(message_.data(), static_cast<int>(message_.size()), MPI_BYTE, other_, tag, MPI_COMM_WORLD, &how);
        int bytes = 0;
        MPI_Get_count(&how, MPI_BYTE, &bytes);
        read(message_.data(), static_cast<std::size_t>(bytes));
    }

private:
    int other_;
    std::vector<std::byte> message_;
};

// An error of MPI ends all processes, as it does by default. The first process is the one that prints.
class session {
public:
    session(int* argc, char*** argv) {
        MPI_Init(argc, argv);
        MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
        MPI_Comm_size(MPI_COMM_WORLD, &processes_);
        const char* said = std::getenv("OMPI_MCA_mpi_yield_when_idle");
        yields_ = said != nullptr && std::strcmp(said, "1") == 0;
    }
    ~session() { MPI_Finalize(); }
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    int rank() const { return rank_; }
    bool first() const { return rank_ == 0; }
    int processes() const { return processes_; }
    bool yields() const { return yields_; }
    const char* program() const { return yields_ ? "peer_openmpi_yielding" : "peer_openmpi"; }
    static void meet() { MPI_Barrier(MPI_COMM_WORLD); }

private:
    int rank_ = 0, processes_ = 0;
    bool yields_ = false;
};

bool round_trip(const session& all, placement where, double seconds) {
    session::meet();
    const placed here(where, all.first() ? placed::side::first : placed::side::second);
    mpi_end end(all.first() ? 1 : 0);
    if (all.first()) return bench::print(peers::play(end, all.program(), where, seconds));
    peers::answer(end);
    return true;
}

template <std::size_t Bytes>
bool one_way(const session& all, placement where, double seconds) {
    session::meet();
    const placed here(where, all.first() ? placed::side::first : placed::side::second);
    mpi_end end(all.first() ? 1 : 0);
    bench::reading seen;
    if (!all.first()) {
        seen = peers::read_all<Bytes>(end);
        MPI_Send(&seen, sizeof seen, MPI_BYTE, 0, tag, MPI_COMM_WORLD);
        return true;
    }
    const std::uint64_t sent = peers::send_all<Bytes>(end, seconds);
    MPI_Recv(&seen, sizeof seen, MPI_BYTE, 1, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return bench::print(peers::one_way_figure<Bytes>(all.program(), seen, sent));
}

bool several_senders(const session& all, double seconds) {
    session::meet();
    mpi_end end(all.first() ? MPI_ANY_SOURCE : 0);
    if (all.first()) return bench::print(peers::read_numbered(end, all.program()));
    peers::send_numbered(end, static_cast<std::uint64_t>(all.rank() - 1), seconds);
    return true;
}

bool measure(const session& all, const bench::wishes& told) {
    if (all.first())
        peers::print_settings(all.program(),
                              all.yields() ? "shared memory, MPI_Send and MPI_Recv, unbound, mpi_yield_when_idle 1"
                                           : "shared memory, MPI_Send and MPI_Recv, unbound, spinning");
    if (all.processes() > 2) return several_senders(all, told.seconds);
    bool right = true;
    for (const placement where : bench::placements) {
        // Two that spin on one CPU wait for the scheduler at each step.
        if (!possible(where) || (where == placement::together && !all.yields())) continue;
        right = round_trip(all, where, told.seconds) && right;
    }
    const placement where = told.free || !possible(placement::apart) ? placement::free : placement::apart;
    right = one_way<peers::small>(all, where, told.seconds) && right;
    right = one_way<peers::large>(all, where, told.seconds) && right;
    return one_way<peers::larger>(all, where, told.seconds) && right;
}

}  // namespace

int main(int argc, char** argv) {
    constexpr int fewest = 2;
    constexpr unsigned watchdog_seconds = 120;
    const session all(&argc, &argv);
    bench::wishes told;
    if (const auto code = bench::listen("What does Open MPI give?", {argv + 1, argv + argc}, told)) return *code;
    if (all.processes() != fewest && all.processes() != 1 + static_cast<int>(peers::many_senders)) {
        std::fprintf(stderr, "%s: run it with mpirun, as 2 processes or 5\n", argv[0]);
        return 2;
    }
    alarm(watchdog_seconds);  // a side that died would leave the other waiting
    return measure(all, told) ? 0 : 1;
}
