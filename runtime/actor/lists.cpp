#include "actor/lists.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <troupe/detail/name_wait.hpp>
#include <troupe/error.hpp>

#include "actor/own_process.hpp"
#include "base/step.hpp"
#include "base/system_failure.hpp"
#include "process/message_socket.hpp"
#include "shm/name_record.hpp"

namespace troupe::actors {
namespace {

// Well-formed, as the standard of Unicode says: no longer form than needed, no surrogate, nothing past U+10FFFF.
bool is_utf8(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size();) {
        const auto first = static_cast<unsigned char>(text[i++]);
        if (first < 0x80) continue;
        const std::size_t more = first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : 3;
        if (first < 0xc2 || first > 0xf4 || text.size() - i < more) return false;
        for (std::size_t k = 0; k < more; ++k) {
            const auto next = static_cast<unsigned char>(text[i++]);
            const unsigned least = k > 0 ? 0x80u : first == 0xe0 ? 0xa0u : first == 0xf0 ? 0x90u : 0x80u;
            const unsigned most = k > 0 ? 0xbfu : first == 0xed ? 0x9fu : first == 0xf4 ? 0x8fu : 0xbfu;
            if (next < least || next > most) return false;
        }
    }
    return true;
}

}  // namespace

keepers::naming_answer ask_for_lists(const keepers::keeper_message& wanted, std::string_view text) {
    keepers::keeper_letter letter{wanted, {}};
    const std::size_t length = std::min(text.size(), sizeof letter.text);
    if (length != 0) std::memcpy(letter.text, text.data(), length);
    process::socket_pair ends = process::make_socket_pair();
    const int answer_on = ends.second.get();
    if (!process::send_message(own_process::here().sockets().keeper.get(),
                               {reinterpret_cast<const std::byte*>(&letter), sizeof letter.message + length},
                               {&answer_on, 1})) {
        throw base::system_failure(errno, "the program's keeper of names cannot be asked");
    }
    TROUPE_STEP("lists: asked");
    ends.second.reset();
    keepers::naming_answer said;
    const auto got =
        process::receive_message(ends.first.get(), {reinterpret_cast<std::byte*>(&said), sizeof said}, true);
    TROUPE_STEP("lists: answered");
    if (got.bytes != static_cast<std::ptrdiff_t>(sizeof said)) {
        throw base::system_failure(EMFILE, "the program's keeper of names could not answer");
    }
    return said;
}

void throw_ended(detail::actor_id actor) {
    if (!actor) throw misuse("this reference names no actor: it was default-constructed");
    const auto& memory = own_process::here().memory();
    throw actor_died(memory.processes().described_as_ended(actor),
                     memory.ends().of(actor).value_or(exit_status::from_nothing()));
}

std::string quoted(std::string_view name) {
    std::size_t shown = name.size() > 60 ? 60 : name.size();
    const auto is_inside = [&] {
        return shown < name.size() && (static_cast<unsigned char>(name[shown]) & 0xc0) == 0x80;
    };
    while (shown > 0 && is_inside()) --shown;  // not in the middle of a character
    return '\'' + std::string(name.substr(0, shown)) + (shown < name.size() ? "..." : "") + '\'';
}

}  // namespace troupe::actors

namespace troupe::detail {

void check_name(const char* what, std::string_view name) {
    channel::participant::here();
    if (name.empty()) throw misuse(std::string(what) + " is empty: it has 1 to 200 bytes");
    if (name.size() > shm::longest_name) {
        throw too_large(std::string(what) + " of " + std::to_string(name.size()) + " bytes: 200 is the most");
    }
    if (name.find('\0') != std::string_view::npos) {
        throw misuse(std::string(what) + " has a zero byte in it: it is a text of 1 to 200 bytes");
    }
    if (!actors::is_utf8(name)) throw misuse(std::string(what) + " is not UTF-8: it is a text of 1 to 200 bytes");
}

}  // namespace troupe::detail
