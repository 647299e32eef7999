// A server whose clients come and go.
#include <chrono>
#include <filesystem>
#include <string>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

using namespace std::chrono_literals;

namespace {

struct serve_me {
    using reply = int;
    int number = 0;
};
struct doorbells {
    using reply = int;
};

int eventfds_here() {
    int count = 0;
    for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const auto target = std::filesystem::read_symlink(one.path(), gone);
        if (!gone && target.string().find("eventfd") != std::string::npos) ++count;
    }
    return count;
}

troupe::task<> server(troupe::mailbox<serve_me, doorbells> box) {
    co_await box.serve(
        [](serve_me m) -> troupe::task<int> {
            co_await troupe::sleep_for(1ms);  // the client sleeps by now, and has to be rung
            co_return m.number;
        },
        [](doorbells) { return eventfds_here(); });
}

troupe::task<int> client(troupe::actor<serve_me, doorbells> of, int number) {
    const int got = co_await of.ask(serve_me{number});
    co_return got == number ? 0 : 1;
}

troupe::task<> serve_many() {
    const auto it = co_await troupe::spawn<server>();
    const int before = co_await it.ask(doorbells{});
    for (int i = 0; i < 60; ++i) {
        const auto one = co_await troupe::spawn<client>(it, i);
        const auto end = co_await one.join();
        REQUIRE(end.success());
    }
    const int after = co_await it.ask(doorbells{});
    CHECK(after <= before + 1);  // of the last one, whose end it may not have noticed yet
    it.stop();
    co_await it.join();
}

}  // namespace

TEST_CASE("server: it holds the doorbells of those clients that live, and of no others") { watched(serve_many()); }
