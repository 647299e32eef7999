// The seam between spawn and its compiled core.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/outgoing.hpp>
#include <troupe/detail/port.hpp>
#include <troupe/task.hpp>

namespace troupe {

struct spawn_options;

namespace detail {

// An actor's process between its first instruction and its function.
class birth {
public:
    virtual incoming arguments() = 0;
    // The arguments are decoded: the parent is told, and the function is about to be called.
    virtual void begin() = 0;

protected:
    ~birth() = default;
};

using actor_call = int (*)(birth& born);

// An actor function that this executable has. Made by static initialisers alone. Two functions of the same name (in
// anonymous namespaces, or lambdas) are told apart by the order of their registration, which is the same in every
// process of one executable.
class registration {
public:
    registration(std::string_view name, actor_call call) noexcept;
    std::uint64_t key() const noexcept { return key_; }
    std::string_view name() const noexcept { return name_; }
    actor_call call() const noexcept { return call_; }
    static const registration* find(std::uint64_t key) noexcept;

private:
    std::string_view name_;
    actor_call call_;
    std::uint64_t key_;
    const registration* next_;
};

struct start_request {
    const registration* entry;
    parting arguments;
    bool has_mailbox;
};
task<actor_id> start(spawn_options options, start_request request);

// Runs an actor's coroutine, and the loop, until it has ended.
int run_to_end(task<int> actor);
inline task<int> then_zero(task<> actor) {
    co_await std::move(actor);
    co_return 0;
}

}  // namespace detail
}  // namespace troupe
