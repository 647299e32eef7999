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
    // The name of a message its mailbox takes; empty for others.
    using message_names = std::string_view (*)(std::uint32_t type);

    registration(std::string_view name, actor_call call, message_names messages) noexcept;
    std::uint64_t key() const noexcept { return key_; }
    std::string_view name() const noexcept { return name_; }
    actor_call call() const noexcept { return call_; }
    std::string_view message_name(std::uint32_t type) const { return messages_(type); }
    static const registration* find(std::uint64_t key) noexcept;

private:
    std::string_view name_;
    actor_call call_;
    message_names messages_;
    std::uint64_t key_;
    const registration* next_;
};

// Whether an actor that ends is started again; by its supervisor.
enum class revival : std::uint32_t { never, always, unless_success };

struct start_request {
    const registration* entry;
    parting arguments;
    bool has_mailbox;
    detail::revival revival = detail::revival::never;
    std::uint32_t deliveries = 1;  // how often a message may be delivered
};
task<actor_id> start(spawn_options options, start_request request);
// A new incarnation of an actor that is down. Throws spawn_failed: it is down as before, or has been let go.
task<> restart(actor_id actor, spawn_options options, start_request request);

// Runs an actor's coroutine, and the loop, until it has ended.
int run_to_end(task<int> actor);
inline task<int> then_zero(task<> actor) {
    co_await std::move(actor);
    co_return 0;
}

}  // namespace detail
}  // namespace troupe
