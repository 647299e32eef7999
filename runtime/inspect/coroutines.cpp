#include "inspect/coroutines.hpp"

#include <cstddef>
#include <optional>
#include <unordered_set>

#include <troupe/detail/promise.hpp>

namespace troupe::inspect {
namespace {

using layout = detail::promise_layout;

constexpr std::size_t most_coroutines = 256;
constexpr std::size_t most_path = 4096, most_function = 8192;
constexpr std::uint32_t most_line = 1u << 24;

bool may_be_a_promise(std::uint64_t address) { return address != 0 && address % alignof(void*) == 0; }

// Who goes on when the coroutine has ended; 0 for nobody that is known.
std::uint64_t awaiter_of(const other_memory& memory, std::uint64_t promise) {
    const auto then = memory.value_at<std::uint8_t>(promise + layout::then);
    const auto caller = memory.value_at<std::uint64_t>(promise + layout::caller);
    if (!then || !caller) return 0;
    if (*then >= layout::first_then_caller && *then <= layout::last_then_caller) return *caller;
    if (*then != layout::then_branch || !may_be_a_promise(*caller)) return 0;
    return memory.value_at<std::uint64_t>(*caller + layout::branch_awaiter).value_or(0);
}

struct found_place {
    source_place place;
    std::string function;
};

std::optional<found_place> place_of(const other_memory& memory, std::uint64_t promise) {
    struct place_there {
        std::uint64_t file, function;
        std::uint32_t line, column;
    };
    static_assert(sizeof(place_there) == sizeof(layout::source_place));
    const auto where = memory.value_at<std::uint64_t>(promise + layout::where);
    if (!where || *where == 0) return std::nullopt;
    const auto there = memory.value_at<place_there>(*where);
    if (!there || there->line > most_line) return std::nullopt;
    auto file = memory.text_at(there->file, most_path);
    if (!file) return std::nullopt;
    return found_place{{*file, static_cast<int>(there->line)},
                       memory.text_at(there->function, most_function).value_or("")};
}

}  // namespace

coroutine_line read_line(const other_memory& memory, const waiting_row& why) {
    coroutine_line line;
    line.why = why;
    std::unordered_set<std::uint64_t> seen;
    for (std::uint64_t promise = why.waiter; may_be_a_promise(promise) && seen.size() < most_coroutines;
         promise = awaiter_of(memory, promise)) {
        if (!seen.insert(promise).second) break;
        const auto found = place_of(memory, promise);
        if (!found) break;
        line.places.push_back(found->place);
        line.functions.push_back(found->function);
    }
    return line;
}

}  // namespace troupe::inspect
