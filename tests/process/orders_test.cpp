// What somebody outside may order the keeper to do, and that everything else that is written to its pipe does nothing.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/participant.hpp"
#include "shm/order.hpp"
#include "shm/program_header.hpp"
#include "supervise/team.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using namespace team;
using troupe::task;
using troupe::shm::order;
using troupe::shm::order_kind;
using troupe::shm::order_result;

troupe::shm::program_memory& memory() { return troupe::channel::participant::here().memory(); }

std::uint32_t now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::milliseconds>(now).count());
}

order order_for(std::uint64_t actor, order_kind kind) {
    static std::uint64_t numbers = 0;
    return {.good_until = now_ms() + 60'000,
            .number = ++numbers,
            .actor = actor,
            .budget_ms = 0,
            .layout = static_cast<std::uint16_t>(troupe::shm::layout_version),
            .kind = kind};
}

// In one write, as a tool does. The keeper may have much to read.
task<> put_into_pipe(std::vector<std::uint8_t> bytes) {
    const int pipe = memory().identity().orders.get();
    for (;;) {
        const ssize_t written = write(pipe, bytes.data(), bytes.size());
        if (written == static_cast<ssize_t>(bytes.size())) co_return;
        if (written >= 0 || errno != EAGAIN) throw std::runtime_error("the pipe for orders cannot be written to");
        co_await troupe::sleep_for(1ms);
    }
}
task<> give(order one) {
    const auto* const begin = reinterpret_cast<const std::uint8_t*>(&one);
    co_await put_into_pipe({begin, begin + sizeof one});
}

struct reply {
    order_result result;
    int pid;
};
task<reply> carried_out(order one) {
    co_await give(one);
    for (;;) {
        for (const auto& answer : memory().header().answers) {
            if (answer.number.get() != one.number) continue;
            co_return reply{static_cast<order_result>(answer.result.get()), answer.pid.get()};
        }
        co_await troupe::sleep_for(1ms);
    }
}
task<reply> carried_out(std::uint64_t actor, order_kind kind) { return carried_out(order_for(actor, kind)); }

task<> kill_and_stop() {
    const auto victim = co_await troupe::spawn<worker>();
    const int pid = victim.pid();
    const reply killed = co_await carried_out(victim.id().value, order_kind::kill);
    CHECK(killed.result == order_result::done);
    CHECK(killed.pid == pid);
    const auto first = co_await victim.join();
    CHECK(first.signal() == SIGKILL);

    const auto other = co_await troupe::spawn<worker>();
    const reply stopped = co_await carried_out(other.id().value, order_kind::stop);
    CHECK(stopped.result == order_result::done);
    const auto second = co_await other.join();
    CHECK(second.success());
    const reply late = co_await carried_out(other.id().value, order_kind::stop);
    CHECK(late.result == order_result::no_such_actor);
}

task<> restart() {
    troupe::supervisor crew({.max_restarts = 10, .back_off = 1ms});
    const auto one = co_await crew.spawn<worker>({.name = "clerk"});
    const int pid = one.pid();
    order wanted = order_for(one.id().value, order_kind::restart);
    wanted.budget_ms = 20'000;
    const reply done = co_await carried_out(wanted);
    CHECK(done.result == order_result::done);
    CHECK(done.pid == pid);
    const bool again = co_await becomes(one, 1);
    CHECK(again);
    const std::uint64_t last = memory().header().ends.get();
    const auto& end = memory().log_of_ends().at(last);
    CHECK(end.actor.get() == one.id());
    CHECK(troupe::shm::unpack_end(end.end.get(), one.id())->signal() == SIGTERM);
    co_await crew.stop();
}

task<> restart_of_what_nobody_supervises() {
    const auto one = co_await troupe::spawn<worker>();
    const reply refused = co_await carried_out(one.id().value, order_kind::restart);
    CHECK(refused.result == order_result::no_supervisor);
    const auto of_program = co_await carried_out(memory().process(0).actor().value, order_kind::restart);
    CHECK(of_program.result == order_result::no_supervisor);
    const unsigned incarnations = co_await one.ask(incarnation{}, 20s);
    CHECK(incarnations == 0);
    one.stop();
    co_await one.join();
}

task<> wrong_actors() {
    const auto one = co_await troupe::spawn<worker>();
    const std::uint64_t next_of_slot = std::uint64_t{1} << troupe::detail::actor_id::slot_bits;
    for (const std::uint64_t wrong : {std::uint64_t{0}, one.id().value + next_of_slot, one.id().value ^ 0x800u,
                                      std::uint64_t{troupe::shm::keeper_slot}, ~std::uint64_t{0}}) {
        for (const order_kind kind : {order_kind::kill, order_kind::stop, order_kind::restart}) {
            const reply refused = co_await carried_out(wrong, kind);
            CHECK(refused.result == order_result::no_such_actor);
        }
    }
    CHECK(one.alive());
    one.stop();
    co_await one.join();
}

task<> wrong_orders() {
    const auto one = co_await troupe::spawn<worker>();
    order wrong = order_for(one.id().value, order_kind::kill);
    wrong.layout += 1;
    co_await give(wrong);
    wrong = order_for(one.id().value, static_cast<order_kind>(99));
    co_await give(wrong);
    wrong = order_for(one.id().value, order_kind::kill);
    wrong.good_until = now_ms() - 1;
    co_await give(wrong);
    // When one behind them is answered, they have been read.
    const reply behind = co_await carried_out(0, order_kind::stop);
    CHECK(behind.result == order_result::no_such_actor);
    const unsigned incarnations = co_await one.ask(incarnation{}, 20s);
    CHECK(incarnations == 0);
    one.stop();
    co_await one.join();
}

task<> nonsense() {
    const auto one = co_await troupe::spawn<worker>();
    std::mt19937 draw(4711);
    for (int i = 0; i < 10'000; ++i) {
        std::vector<std::uint8_t> bytes(1 + draw() % 64);
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(draw());
        co_await put_into_pipe(std::move(bytes));
    }
    const unsigned incarnations = co_await one.ask(incarnation{}, 20s);
    CHECK(incarnations == 0);
    const reply done = co_await carried_out(one.id().value, order_kind::kill);
    CHECK(done.result == order_result::done);
    co_await one.join();
}

task<> many_at_once() {
    std::vector<worker_reference> all;
    for (int i = 0; i < 20; ++i) all.push_back(co_await troupe::spawn<worker>());
    for (const auto& one : all) co_await give(order_for(one.id().value, order_kind::stop));
    for (const auto& one : all) {
        const auto end = co_await one.join();
        CHECK(end.success());
    }
}

}  // namespace

TEST_CASE("orders: an actor is killed, or asked to stop") { watched(kill_and_stop()); }

TEST_CASE("orders: an actor that has a supervisor is started again, and its reference stays good") {
    watched(restart());
}

TEST_CASE("orders: an actor that nobody would start again is not restarted, nor is the program") {
    watched(restart_of_what_nobody_supervises());
}

TEST_CASE("orders: an actor that is not there, or is another by now, is left alone") { watched(wrong_actors()); }

TEST_CASE("orders: what is of another layout, of no kind or out of date does nothing") { watched(wrong_orders()); }

TEST_CASE("orders: 10,000 writes of bytes by chance do nothing, and the next order is carried out") {
    watched(nonsense());
}

TEST_CASE("orders: many that are given at once are all carried out") { watched(many_at_once()); }
