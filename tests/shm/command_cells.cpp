// The word that an actor and the keeper share about a command.
#include <csignal>
#include <memory>

#include "catch.hpp"
#include "shm/command_cell.hpp"

using troupe::exit_status;
using troupe::shm::command_cell;

namespace {

exit_status told(const exit_status& end) {
    const auto cell = std::make_unique<command_cell>();
    cell->for_clone().store(4711, std::memory_order_relaxed);
    cell->end(end);
    REQUIRE(cell->pid() == 0);
    return cell->status().value();
}

}  // namespace

TEST_CASE("command cell: it has the pid of a process, and then how that ended") {
    const auto cell = std::make_unique<command_cell>();
    CHECK(cell->pid() == 0);
    CHECK_FALSE(cell->status());
    cell->for_clone().store(4711, std::memory_order_relaxed);
    CHECK(cell->pid() == 4711);
    CHECK_FALSE(cell->status());
    cell->end(exit_status::from_exit(0));
    CHECK(cell->pid() == 0);
    CHECK(cell->status() == exit_status::from_exit(0));
    cell->clear();
    CHECK_FALSE(cell->status());
}

TEST_CASE("command cell: every kind of end is told as it was") {
    for (const int code : {0, 1, 127, 255}) CHECK(told(exit_status::from_exit(code)) == exit_status::from_exit(code));
    for (const bool core : {false, true}) {
        CHECK(told(exit_status::from_signal(SIGSEGV, core)) == exit_status::from_signal(SIGSEGV, core));
        CHECK(told(exit_status::from_signal(SIGRTMAX, core)) == exit_status::from_signal(SIGRTMAX, core));
    }
    CHECK(told(exit_status::from_nothing()).lost());
}

TEST_CASE("command cell: one that was refused is lost as well") {
    const auto cell = std::make_unique<command_cell>();
    cell->refuse();
    CHECK(cell->was_refused());
    CHECK(cell->status().value().lost());
}
