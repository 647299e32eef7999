// Orders as a tool gives them: through /proc, to the keeper of this very program.
#include "inspect/orders.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/participant.hpp"
#include "inspect/ends.hpp"
#include "inspect/failure.hpp"
#include "supervise/team.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using namespace team;
using namespace troupe::inspect;
using checks::contains;
using troupe::task;

constexpr std::uint64_t nobody = ~std::uint64_t{0};

class own_program {
public:
    own_program() : fd_(troupe::channel::participant::here().memory().memory().fd()), view_(look(fd_)) {
        struct stat file{};
        fstat(fd_, &file);
        where_ = {getpid(), "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd_), file.st_dev,
                  file.st_ino, "tests"};
    }
    order_reply send(order_kind kind, std::uint64_t actor) const {
        return send_order(view_, where_, {.kind = kind, .actor = actor}, 30s);
    }
    const troupe::shm::program_view& view() const noexcept { return view_; }
    program_found& where() noexcept { return where_; }

private:
    static troupe::shm::program_view look(int fd) {
        return troupe::shm::program_view::attach(troupe::base::owned_fd(fcntl(fd, F_DUPFD_CLOEXEC, 0)));
    }
    int fd_;
    troupe::shm::program_view view_;
    program_found where_;
};

task<> kill_by_order() {
    const own_program here;
    const auto one = co_await troupe::spawn<worker>({.name = "clerk"});
    const int pid = one.pid();
    const order_reply reply = here.send(order_kind::kill, one.id().value);
    CHECK(reply.result == order_result::done);
    CHECK(reply.pid == pid);
    const auto end = co_await one.join();
    CHECK(end.signal() == SIGKILL);
    CHECK(here.send(order_kind::kill, one.id().value).result == order_result::no_such_actor);

    const auto ends = read_ends(here.view(), type_names(here.view()));
    REQUIRE_FALSE(ends.empty());
    CHECK(ends[0].actor == one.id().value);
    CHECK(ends[0].name == "clerk");
    CHECK(ends[0].pid == pid);
    CHECK(ends[0].signal == SIGKILL);
    CHECK(ends[0].text == "was ended by signal 9 (SIGKILL)");
    CHECK_FALSE(ends[0].fault_address.has_value());
}

task<> two_ends() {
    troupe::supervisor crew({.max_restarts = 10, .back_off = 1ms});
    const auto one = co_await crew.spawn<worker>({.name = "clerk"});
    for (const int signal : {SIGSEGV, SIGKILL}) {
        try {
            co_await one.ask(die{signal});
        } catch (const troupe::actor_died&) {
        }
    }
    const own_program here;
    const auto ends = read_ends(here.view(), type_names(here.view()));
    REQUIRE(ends.size() >= 2);
    CHECK(ends[0].number == ends[1].number + 1);
    CHECK(ends[0].signal == SIGKILL);
    CHECK(ends[1].signal == SIGSEGV);
    CHECK(ends[0].incarnation == 1);
    CHECK(ends[1].incarnation == 0);
    CHECK(ends[0].deliveries == 1);
    CHECK(ends[0].at >= ends[1].at);
    co_await crew.stop();
}

task<> many_tools() {
    const own_program here;
    std::atomic<int> answered = 0;
    std::vector<std::thread> tools;
    for (int i = 0; i < 16; ++i) {
        tools.emplace_back([&answered, &here] {
            try {
                for (int n = 0; n < 8; ++n) {
                    const bool fits = here.send(order_kind::kill, nobody).result == order_result::no_such_actor;
                    answered += fits ? 1 : 0;
                }
            } catch (const troupe::inspect::failure&) {  // then that one is missing
            }
        });
    }
    for (std::thread& one : tools) one.join();
    CHECK(answered.load() == 16 * 8);
    co_return;
}

}  // namespace

TEST_CASE("orders: a tool's order is carried out and answered, and the end is written down") {
    watched(kill_by_order());
}

TEST_CASE("orders: of many tools at a time each gets its answer") { watched(many_tools()); }

TEST_CASE("ends: two of one actor are told, the newest first") { watched(two_ends()); }

TEST_CASE("orders: another program that has the number of the process by now gets none") {
    own_program here;
    here.where().inode += 1;
    CHECK_THROWS_WITH(here.send(order_kind::stop, 0), contains("ended while it was looked at"));
}
