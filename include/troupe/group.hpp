// A group: a set of actors under a name, all of which take certain messages.
//
//     troupe::group<job> crew("crew");                      // the same group wherever it is named
//     co_await crew.join(inbox.address());                  // in its members
//     if (auto one = crew.any()) co_await one->send(job{}); // in any actor
//
// A group is a value: it can be copied, compared and sent. It lasts as long as the program, which has 1,024 topics and
// groups at most. An actor that has ended is no member any more; one that its supervisor starts again still is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <troupe/actor.hpp>
#include <troupe/detail/circle.hpp>
#include <troupe/detail/publish_wait.hpp>
#include <troupe/detail/travels.hpp>
#include <troupe/task.hpp>

namespace troupe {

template <class... Ms>
class group {
public:
    // No group: using it throws misuse. A received one is put there.
    group() noexcept = default;
    // Throws misuse outside of `run`, for a name that is empty or not UTF-8, and if the group of this name was made
    // with other messages, or with the same in another order; too_large for a name of more than 200 bytes, and if there
    // are as many groups as there can be.
    explicit group(const std::string& name)
        : number_(detail::find_circle(detail::circle_of<actor<Ms...>>(detail::circle_sort::group), name)) {}

    std::string name() const { return detail::name_of(circle()); }

    // Makes an actor a member, and takes it out. Awaiting them returns nothing. `join` throws actor_died if the actor
    // has ended. `when_full` is what `each` does if the member's mailbox is full.
    task<> join(const actor<Ms...>& who, overflow when_full = overflow::wait) const {
        return detail::enter(circle(), who.id(), when_full);
    }
    task<> leave(const detail::actor_base& who) const { return detail::leave(circle(), who.id()); }

    // The members that there are now.
    std::vector<actor<Ms...>> members() const {
        std::vector<actor<Ms...>> all;
        for (const detail::actor_id one : detail::members_of(circle())) all.push_back(as_member(one));
        return all;
    }
    // One of them, and another one at the next call, as long as there are others; nullopt if there is none.
    std::optional<actor<Ms...>> any() const {
        const detail::actor_id one = detail::next_member(circle());
        return one ? std::optional(as_member(one)) : std::nullopt;
    }
    // Sends a message to every member, as `topic::publish` does.
    template <class M>
    detail::publish_wait each(const M& message) const {
        static_assert(detail::one_of<M, Ms...>, "troupe: the members of this group do not take messages of this type");
        return detail::publishing(circle(), message);
    }

    std::size_t size() const { return detail::count_members(circle()); }
    // Waits until there are at least so many. Awaiting it returns nothing.
    detail::members_wait wait_for_members(std::size_t at_least) const {
        return detail::members_wait(circle(), at_least);
    }

    friend bool operator==(const group&, const group&) noexcept = default;

private:
    friend struct detail::value_traits<group>;
    detail::circle circle() const { return detail::circle_of<actor<Ms...>>(detail::circle_sort::group, number_); }
    static actor<Ms...> as_member(detail::actor_id one) { return detail::refer::to<actor<Ms...>>(one); }

    std::uint32_t number_ = 0;
};

// What was received is checked when it is used.
template <class... Ms>
struct detail::value_traits<group<Ms...>> {
    using representation = std::uint32_t;
    static representation to(const group<Ms...>& one) { return one.number_; }
    static void from(representation&& number, group<Ms...>& into) { into.number_ = number; }
};

}  // namespace troupe
