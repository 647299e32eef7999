#include "actor/answer_line.hpp"

#include <cerrno>
#include <exception>
#include <span>
#include <utility>

#include "actor/own_process.hpp"
#include "process/message_socket.hpp"

namespace troupe::actors {

using keepers::keeper_message;
using keepers::keeper_word;
using mail::file_answer;

file_answer answer_line::say(const keeper_message& message, int with) const noexcept {
    const std::span<const int> descriptors{&with, with >= 0 ? std::size_t{1} : 0};
    if (process::send_message(of_.sockets().keeper.get(),
                              {reinterpret_cast<const std::byte*>(&message), sizeof message}, descriptors)) {
        return file_answer::done;
    }
    switch (errno) {
    case ETOOMANYREFS: return file_answer::not_now;
    case EBADF: return file_answer::not_open;
    default: return file_answer::no_number;
    }
}

bool answer_line::open() noexcept {
    if (socket_) return true;
    process::socket_pair ends;
    try {
        ends = process::make_socket_pair();
    } catch (const std::exception&) {
        return false;
    }
    const keeper_message here{.word = keeper_word::answers_here, .slot = of_.participant().slot()};
    if (say(here, ends.second.get()) != file_answer::done) return false;
    socket_ = std::move(ends.first);
    return true;
}

file_answer answer_line::ask(keeper_word what, const detail::handle_ref& about, int with,
                             base::owned_fd& into) noexcept {
    if (!open()) return file_answer::no_number;
    const keeper_message question{.word = what,
                                  .slot = of_.participant().slot(),
                                  .subject = about.object,
                                  .value = static_cast<std::int32_t>(about.role)};
    if (const file_answer said = say(question, with); said != file_answer::done) return said;
    file_answer answer{};
    process::received got =
        process::receive_message(socket_.get(), {reinterpret_cast<std::byte*>(&answer), sizeof answer}, true);
    if (got.bytes != sizeof answer) {
        socket_.reset();  // the keeper had no number left for it
        return file_answer::no_number;
    }
    if (got.error != 0) return file_answer::no_number;
    into = std::move(got.descriptors[0]);
    return answer;
}

}  // namespace troupe::actors
