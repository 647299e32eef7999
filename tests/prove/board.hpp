// The board: a piece of memory that the prover and every process of the program it proves have in common, from before
// main, however they were started. The victim stands at it until the prover has taken hold of it.
//
// The prover and the program are one executable, linked to a fixed address, so that an address in the one names the
// same instruction in the other.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include <troupe/detail/actor_id.hpp>

namespace proving {

inline constexpr int most_numbers = 64;

struct board {
    std::atomic<std::uint32_t> ready;              // pid of whom the prover is to take hold of
    std::atomic<std::uint32_t> go;                 // it has
    std::atomic<std::uint32_t> server;             // pid of the forkserver
    std::atomic<std::uint64_t> victim;             // actor_id
    std::atomic<std::uint32_t> noted;              // messages whose send, or receive, has returned in the victim
    std::atomic<std::uint64_t> other;              // actor_id of whom the victim waits for
    std::atomic<std::uint32_t> phase;              // how far the scene is set
    std::atomic<std::uint32_t> got[most_numbers];  // by number: how often the victim received it

    void clear();
    static board& here();
};

// For the prover: makes a board; its file, to be named to the program in the environment.
struct made_board {
    board* at = nullptr;
    int fd = -1;
    std::string variable() const;  // NAME=value
};
made_board make_board();

// Sleeps until the word is no longer `old`; false when the time is up.
bool await_change(std::atomic<std::uint32_t>& word, std::uint32_t old, std::chrono::milliseconds at_most);
void change(std::atomic<std::uint32_t>& word, std::uint32_t value);

// --- in the program

// Between the two the victim does what is proved.
extern "C" void proving_begins();
extern "C" void proving_ends();

// Stands at the board until the prover has hold of this process, or of `whom`.
void stand_by(troupe::detail::actor_id self);
void stand_by_for(pid_t whom);

}  // namespace proving
