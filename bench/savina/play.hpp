// How a benchmark of Savina is played: the program starts one actor, the master, which starts the others, takes the
// time, checks the answer and sends them home. A program has no mailbox; the master does.
#pragma once

#include <troupe/troupe.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "savina.hpp"

namespace bench::savina {

// The published amount, divided as told; at least 1.
inline unsigned scaled(unsigned published, const wishes& told) { return std::max(1U, published / told.scale); }

// The program's exit code: 0 when the master, which is told `usual` or what the command line says, returned 0.
template <auto Master>
troupe::task<int> play(const char* question, std::vector<std::string> arguments, wishes usual = {},
                       troupe::spawn_options of_master = {}) {
    const auto code = listen(question, std::move(arguments), usual);
    if (code) co_return *code;
    const auto master = co_await troupe::spawn<Master>(std::move(of_master), usual);
    const troupe::exit_status status = co_await master.join();
    co_return status.success() ? 0 : 1;
}

// Sends them home. False when one of them ended in another way than by returning.
template <class... Ms>
troupe::task<bool> dismiss(std::vector<troupe::actor<Ms...>> crew) {
    for (const auto& one : crew) one.stop();
    bool right = true;
    for (const auto& one : crew) {
        const troupe::exit_status status = co_await one.join();
        right = status.success() && right;
    }
    co_return right;
}

}  // namespace bench::savina
