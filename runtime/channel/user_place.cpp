#include "channel/user_place.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace troupe::channel {
namespace {

constexpr int longest_chain = 64;

// What the compiler was told the path of the runtime's own files is.
constexpr std::string_view own_folder() {
    constexpr std::string_view here = __FILE__, end = "channel/user_place.cpp";
    static_assert(here.ends_with(end));
    return here.substr(0, here.size() - end.size());
}

bool is_of_troupe(std::string_view file) noexcept {
    if (file.find("include/troupe/") != std::string_view::npos) return true;
    return !own_folder().empty() && file.starts_with(own_folder());
}

// The names are constants of the program, so one that was judged is known again by where it stands. Few are in use.
bool is_of_troupe(const char* file) noexcept {
    struct judgement {
        const char* file = nullptr;
        bool of_troupe = false;
    };
    static constinit std::array<judgement, 16> known{};
    judgement& one = known[reinterpret_cast<std::uintptr_t>(file) / 8 % known.size()];
    if (one.file != file) one = {file, is_of_troupe(std::string_view(file))};
    return one.of_troupe;
}

}  // namespace

std::source_location user_place(const detail::promise_base& waiter) noexcept {
    const detail::promise_base* one = &waiter;
    for (int i = 0; one != nullptr && i < longest_chain; ++i, one = one->awaiter()) {
        if (one->where().line() != 0 && !is_of_troupe(one->where().file_name())) return one->where();
    }
    return waiter.where();
}

}  // namespace troupe::channel
