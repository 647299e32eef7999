// Looking at this very program, as somebody from outside does.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <troupe/troupe.hpp>

#include "inspect/observer.hpp"
#include "inspect/programs.hpp"

namespace looking {

using troupe::inspect::observer;
using troupe::inspect::snapshot;

inline std::shared_ptr<observer> at_ourselves() {
    return std::make_shared<observer>(troupe::inspect::choose_program(::getpid()));
}

// The first look of which that holds.
template <class Holds>
troupe::task<snapshot> until(std::shared_ptr<observer> by, observer::wanted what, Holds holds) {
    for (;;) {
        snapshot seen = by->look(what);
        if (holds(std::as_const(seen))) co_return seen;
        co_await troupe::sleep_for(std::chrono::milliseconds(1));
    }
}

inline const troupe::inspect::actor_row* find(const snapshot& seen, const std::string& name) {
    const auto found =
        std::find_if(seen.actors.begin(), seen.actors.end(), [&](const auto& one) { return one.name == name; });
    return found == seen.actors.end() ? nullptr : &*found;
}

inline bool waits_for(const snapshot& seen, const std::string& name, const std::string& kind) {
    const auto* const row = find(seen, name);
    if (row == nullptr) return false;
    return std::any_of(row->waits.begin(), row->waits.end(), [&](const auto& one) { return one.kind == kind; });
}

}  // namespace looking
