// Three things go on at a time: its output is read, its errors are, and its end is waited for. The end counts: a
// process that has left its group may hold the other end of the pipe for ever, so that the end of the stream would
// never come. What the command wrote lies in the pipe by then.
#include "command/run.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include <troupe/error.hpp>
#include <troupe/readiness.hpp>
#include <troupe/task_group.hpp>

#include "base/system_failure.hpp"
#include "command/begun.hpp"
#include "command/start.hpp"

namespace troupe::commands {
namespace {

constexpr std::size_t at_a_time = std::size_t{64} << 10;
constexpr std::chrono::seconds until_killed(2);  // after SIGTERM
constexpr std::chrono::nanoseconds never = (std::chrono::nanoseconds::max)();

// What is read of one of its streams, and into what.
class collection {
public:
    collection(descriptor from, std::string* into, const detail::command_terms& terms, const char* what)
        : from_(std::move(from)), into_(into), most_(terms.output_limit), name_(terms.words.front()), what_(what) {}

    int fd() const noexcept { return from_.get(); }
    explicit operator bool() const noexcept { return static_cast<bool>(from_); }

    enum class found { something, nothing, the_end };
    found take(std::size_t at_most = at_a_time) {
        static char piece[at_a_time];  // of the one thread that runs coroutines
        const ssize_t got = ::read(from_.get(), piece, (std::min)(at_most, at_a_time));
        if (got == 0) return found::the_end;
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return found::nothing;
        if (got < 0) {
            throw base::system_failure(errno,
                                       "the " + std::string(what_) + " of command '" + name_ + "' cannot be read");
        }
        into_->append(piece, static_cast<std::size_t>(got));
        if (into_->size() > most_) refuse();
        return found::something;
    }

    // What is there now: whoever still writes is not waited for.
    void take_rest() {
        int waiting = 0;
        if (!from_ || ::ioctl(from_.get(), FIONREAD, &waiting) != 0) return;
        const std::size_t all = into_->size() + static_cast<std::size_t>((std::max)(waiting, 0));
        while (into_->size() < all && take(all - into_->size()) == found::something) {
        }
    }

private:
    [[noreturn]] void refuse() const {
        throw too_large("command '" + name_ + "' wrote more than " + std::to_string(most_) + " bytes to its " + what_ +
                        "; raise command::output_limit, or start it and read while it writes");
    }

    descriptor from_;
    std::string* into_;
    std::size_t most_;
    std::string name_;
    const char* what_;
};

task<> collect(collection* all) {
    for (;;) {
        co_await readable(all->fd());
        if (all->take() == collection::found::the_end) co_return;
    }
}

// False: it was ended because its time was over.
task<bool> ends_in_time(detail::begun_command* command, std::chrono::nanoseconds timeout) {
    if (timeout == never) {
        co_await end_of(command);
        co_return true;
    }
    const bool in_time = co_await ends_within(command, timeout);
    if (!in_time) co_await end(command, until_killed);
    co_return in_time;
}

std::string in_words(std::chrono::nanoseconds time) {
    return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(time).count()) + " ms";
}

}  // namespace

task<command_result> run(detail::command_terms terms, std::chrono::nanoseconds timeout) {
    started it = co_await start(terms, standard_input::nothing);
    command_result result;
    collection output(std::move(it.output), &result.output, terms, "stdout");
    collection error(std::move(it.error), &result.error, terms, "stderr");
    bool in_time = true;
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-*): what it refers to lives until the await has ended
    co_await task_group::run([&](task_group& group) -> task<> {
        group.start(collect(&output));
        if (error) group.start(collect(&error));
        in_time = co_await ends_in_time(it.command.get(), timeout);
        group.cancel_tasks();
    });
    if (!in_time) {
        throw timed_out("command '" + terms.words.front() + "' was ended: it took longer than " + in_words(timeout));
    }
    output.take_rest();
    error.take_rest();
    result.status = *it.command->status();
    co_return result;
}

}  // namespace troupe::commands
