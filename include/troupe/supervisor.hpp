// A supervisor: starts actors again that end when they should not.
//
// It is an object of the actor that makes it, and its children are that actor's children. A child that is started again
// keeps its reference, its name and its mailbox: what waits there is served by the next incarnation, senders notice
// nothing, and only whoever asked for what the dead process had in hand hears `actor_died`. The child's function begins
// anew, with the arguments of the first start; `this_actor::incarnation()` tells it how often. Whatever else should
// survive is the user's to rebuild.
//
// Children that end too often are not started again for ever: when there were more than `max_restarts` within `window`,
// the supervisor gives up. It ends all of them and throws `gave_up` from `join`; if nobody awaits that, the actor that
// owns the supervisor ends with it, and so its own supervisor hears why.
//
// The supervisor works while its actor awaits something. An actor that computes for a minute restarts nobody meanwhile.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <troupe/actor.hpp>
#include <troupe/queue.hpp>
#include <troupe/spawn.hpp>
#include <troupe/task.hpp>

namespace troupe {

// Who is started again with a child that ended.
enum class restart_strategy {
    one_for_one,  // nobody else
    one_for_all,  // all others: they are terminated, and all start again, in their order
    rest_for_one  // those that were started after it
};

// When a child is started again. A child that was asked to `stop` never is.
enum class restart_policy {
    permanent,  // whenever it ends
    transient,  // unless it returned 0
    temporary   // never; it is forgotten
};

// A message that was set aside, because whoever handled it died `deliveries` times.
struct dead_letter {
    std::string actor;                     // the name of the child
    std::string sender;                    // the name of who sent it; empty when it has none, or is dead
    std::string type;                      // of the message, as written in C++
    unsigned deliveries = 0;               // how often it was delivered
    std::string cause;                     // how the child ended the last time, as a sentence
    bool flat = false;                     // whether `content` is the bytes of the struct, or msgpack
    std::vector<unsigned char> content{};  // handles that it carried are let go
};

struct supervisor_options {
    restart_strategy strategy = restart_strategy::one_for_one;
    unsigned max_restarts = 3;  // within `window`; one more, and the supervisor gives up
    std::chrono::nanoseconds window = std::chrono::seconds(10);
    // The first restart within the window is made at once, the second after `back_off`, each further one after twice as
    // long, up to `most_back_off`. A random half of it is left off, so that many do not start in step.
    std::chrono::nanoseconds back_off = std::chrono::milliseconds(10);
    std::chrono::nanoseconds most_back_off = std::chrono::seconds(5);
    // Where messages are put that were delivered as often as `supervision::deliveries` allows. When it is full, or
    // closed, the message is dropped and counted in `dead_letters_lost`.
    std::optional<queue<dead_letter>> dead_letters = {};
};

// How one child is looked after.
struct supervision {
    restart_policy restart = restart_policy::permanent;
    // When it is to end: it is asked to stop, after this long it gets SIGTERM, and after as long again SIGKILL.
    std::chrono::milliseconds stop_budget = std::chrono::seconds(2);
    // How often a message may be delivered to `serve`. 1: at most once, a message whose handler died is lost. More: it
    // is delivered to the next incarnation as well, and set aside when it has been delivered so often. It is then
    // handled at least once: an actor that dies after the handler's last effect has it delivered again.
    unsigned deliveries = 1;
};

namespace detail {

// A function and its arguments, to be started any number of times.
class repeatable {
public:
    virtual ~repeatable() = default;
    virtual start_request request() const = 0;
};

template <auto Fn>
class repeatable_start final : public repeatable {
public:
    template <class... Args>
    explicit repeatable_start(std::in_place_t, Args&&... args) : arguments_(std::forward<Args>(args)...) {}
    start_request request() const override {
        return {&known_actor<Fn>::entry, encoded(arguments_), function_of<Fn>::has_mailbox};
    }

private:
    typename function_of<Fn>::arguments arguments_;
};

}  // namespace detail

// A child that can be started any number of times.
class child_spec {
public:
    child_spec(supervision how, spawn_options options, std::shared_ptr<const detail::repeatable> start)
        : how_(how), options_(std::move(options)), start_(std::move(start)) {}
    const supervision& how() const noexcept { return how_; }
    const spawn_options& options() const noexcept { return options_; }
    detail::start_request request() const { return start_->request(); }

private:
    supervision how_;
    spawn_options options_;
    std::shared_ptr<const detail::repeatable> start_;
};

// For a list of children, see `supervisor::start`. The arguments are copied, and encoded at each start, so they are
// values and handles that can be copied: not connections.
template <auto Fn, class... Args>
child_spec child(supervision how, spawn_options options, Args&&... args) {
    using function = detail::function_of<Fn>;
    using arguments = typename function::arguments;
    static_assert(sizeof...(Args) == std::tuple_size_v<arguments>,
                  "troupe: a child was given more or fewer arguments than the actor's function takes");
    if constexpr (sizeof...(Args) == std::tuple_size_v<arguments>) {
        static_assert(std::is_constructible_v<arguments, Args&&...>,
                      "troupe: an argument given to a child does not convert to what the actor's function takes");
        static_assert(std::is_copy_constructible_v<arguments>,
                      "troupe: an argument of a supervised actor must be copyable, because it is passed at each start; "
                      "make connections inside the actor, or pass a queue");
        return {how, std::move(options),
                std::make_shared<const detail::repeatable_start<Fn>>(std::in_place, std::forward<Args>(args)...)};
    }
}
template <auto Fn, class... Args>
    requires(sizeof...(Args) == 0 ||
             !std::is_same_v<std::remove_cvref_t<std::tuple_element_t<0, std::tuple<Args...>>>, supervision>)
child_spec child(spawn_options options, Args&&... args) {
    return child<Fn>(supervision{}, std::move(options), std::forward<Args>(args)...);
}

namespace detail {
class supervision_core;
}

class supervisor {
public:
    // Throws misuse outside of `run`, and for options that make no sense.
    explicit supervisor(supervisor_options options = {});
    supervisor(const supervisor&) = delete;
    supervisor& operator=(const supervisor&) = delete;
    // Without `stop` before, its children go on as ordinary children of this actor.
    ~supervisor();

    // As troupe::spawn; throws gave_up when the supervisor has given up, misuse when it was stopped. A child that fails
    // to start the first time is the caller's to deal with: it is not tried again.
    template <auto Fn, class... Args>
    task<typename detail::function_of<Fn>::reference> spawn(supervision how, spawn_options options, Args&&... args) {
        return refer<typename detail::function_of<Fn>::reference>(
            start(child<Fn>(how, std::move(options), std::forward<Args>(args)...)));
    }
    template <auto Fn, class... Args>
    task<typename detail::function_of<Fn>::reference> spawn(spawn_options options, Args&&... args) {
        return spawn<Fn>(supervision{}, std::move(options), std::forward<Args>(args)...);
    }
    // Starts a list of children in its order. When one fails to start, those before it are stopped again, and it
    // throws.
    task<std::vector<actor<>>> start(std::vector<child_spec> children);
    task<actor<>> start(child_spec child);

    // Stops the child, within its budget, and forgets it. Nothing when it is not one.
    task<> remove(actor<> child);
    // Stops all children, the last started first, each within its budget. No child can be started afterwards.
    task<> stop();
    // Waits until the supervisor was stopped. Throws gave_up when it has given up.
    task<> join();

    // Those that live or will be started again, in the order in which they were started.
    std::vector<actor<>> children() const;
    std::size_t restarts() const noexcept;           // in all
    std::size_t dead_letters_lost() const noexcept;  // set aside, and found the queue full or closed

private:
    template <class Reference>
    static task<Reference> refer(task<actor<>> started) {
        co_return Reference((co_await std::move(started)).id());
    }

    std::shared_ptr<detail::supervision_core> core_;
};

}  // namespace troupe
