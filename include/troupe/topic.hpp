// A topic: a name and a type of message. Whoever has subscribed to it gets what is published from then on, as an
// ordinary message in its mailbox.
//
//     troupe::topic<headline> news("news");                 // the same topic wherever it is named
//     co_await news.subscribe(inbox.address());             // in the actors that want to hear of it
//     co_await news.publish({1, "it works"});               // in any actor
//
// A topic is a value: it can be copied, compared and sent. It lasts as long as the program, which has 1,024 topics and
// groups at most. An actor that has ended is no subscriber any more; one that its supervisor starts again still is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <troupe/actor.hpp>
#include <troupe/detail/circle.hpp>
#include <troupe/detail/publish_wait.hpp>
#include <troupe/detail/travels.hpp>
#include <troupe/task.hpp>

namespace troupe {

struct subscription_options {
    // What `publish` does if the subscriber's mailbox is full.
    overflow when_full = overflow::wait;
};

template <class M>
class topic {
public:
    // No topic: using it throws misuse. A received one is put there.
    topic() noexcept = default;
    // Throws misuse outside of `run`, for a name that is empty or not UTF-8, and if the topic of this name is of
    // another type of message; too_large for a name of more than 200 bytes, and if there are as many topics as there
    // can be.
    explicit topic(const std::string& name)
        : number_(detail::find_circle(detail::circle_of<M>(detail::circle_sort::topic), name)) {
        detail::check_travels<M>();
    }

    std::string name() const { return detail::name_of(circle()); }

    // From now on the actor gets what is published. Awaiting it returns nothing; a message that anybody publishes after
    // that comes. Throws actor_died if the actor has ended. For an actor that has subscribed already it changes the
    // options.
    template <class... Ms>
    task<> subscribe(const actor<Ms...>& who, subscription_options options = {}) const {
        static_assert(detail::one_of<M, Ms...>, "troupe: this actor does not take the messages of this topic");
        return detail::enter(circle(), who.id(), options.when_full);
    }
    // The actor gets nothing that is published after the await. What it was sent before stays in its mailbox.
    task<> unsubscribe(const detail::actor_base& who) const { return detail::leave(circle(), who.id()); }

    // Sends the message to every subscriber. Awaiting it gives the `publication`, once all have got it who are waited
    // for; a subscriber that dies, ends its mailbox or unsubscribes meanwhile is not waited for. The message is encoded
    // when you call `publish`. Messages of one publisher arrive in the order in which it has published them; those of
    // two may arrive in different orders at different subscribers. If the wait is cancelled or its time is up, or the
    // publisher dies, some subscribers have got the message and others have not.
    detail::publish_wait publish(const M& message) const { return detail::publishing(circle(), message); }
    // The same without waiting: every subscriber whose mailbox is full is skipped.
    publication try_publish(const M& message) const { return detail::publishing(circle(), message).try_once(); }

    // How many there are now.
    std::size_t subscribers() const { return detail::count_members(circle()); }
    // Waits until there are at least so many. Awaiting it returns nothing.
    detail::members_wait wait_for_subscribers(std::size_t at_least) const {
        return detail::members_wait(circle(), at_least);
    }

    friend bool operator==(const topic&, const topic&) noexcept = default;

private:
    friend struct detail::value_traits<topic>;
    detail::circle circle() const { return detail::circle_of<M>(detail::circle_sort::topic, number_); }

    std::uint32_t number_ = 0;
};

// What was received is checked when it is used.
template <class M>
struct detail::value_traits<topic<M>> {
    using representation = std::uint32_t;
    static representation to(const topic<M>& one) { return one.number_; }
    static void from(representation&& number, topic<M>& into) { into.number_ = number; }
};

}  // namespace troupe
