// A queue: many senders, many receivers, first in first out, in as many processes as hold it.
//
// A handle is a value: copies name the same queue, and it travels in messages and as an argument. The queue lives while
// anybody holds it, or a message on its way carries it.
//
// An item is taken by exactly one receiver. A receiver that is killed while it takes an item leaves it to the others,
// in its old place; once `get` has given it, it is the receiver's. Items of one process arrive in the order in which it
// put them. What was put is never lost or doubled, whoever is killed.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include <troupe/detail/batch.hpp>
#include <troupe/detail/decoded.hpp>
#include <troupe/detail/port.hpp>

namespace troupe {

struct queue_options {
    std::size_t capacity = 1024;                // items, 1 to 131,072; a `put` waits while so many are in it
    std::size_t bytes = std::size_t{64} << 20;  // of all items over 168 bytes together; a larger one goes alone
};

namespace detail {

end_hold make_queue(const queue_options& options);
std::size_t queue_size(const port& held) noexcept;
void close_port(port& held) noexcept;
void task_done(port& held);

template <class T>
class get_wait final : public receive_wait {
public:
    get_wait(end_hold hold, port& from) : receive_wait(from), hold_(std::move(hold)) {}
    std::optional<T> await_resume() {
        check();
        if (!has_letter()) return std::nullopt;
        return take_decoded<T>(*this);
    }
    std::optional<T> try_get() {
        if (!try_receive()) return std::nullopt;
        return take_decoded<T>(*this);
    }

private:
    end_hold hold_;  // the queue outlives the wait
};

class drain_watch;

// Waits until every item that was put has been reported done.
class drained_wait final : public wait {
public:
    explicit drained_wait(end_hold hold) : hold_(std::move(hold)) {}
    drained_wait(drained_wait&& other) noexcept : wait(), hold_(std::move(other.hold_)) {}
    drained_wait& operator=(drained_wait&&) = delete;
    ~drained_wait();
    void await_resume() const { check(); }

private:
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;

    end_hold hold_;
    drain_watch* watch_ = nullptr;
};

}  // namespace detail

template <class T>
class queue {
public:
    // Throw misuse outside of `run`, too_large for an absurd capacity, out_of_memory when the program's shared memory
    // is used up.
    queue() : queue(queue_options{}) {}
    explicit queue(const queue_options& options) {
        if (!detail::decoding()) hold_ = detail::make_queue(options);
    }

    // Waits while the queue is full. Throws closed when it is closed. The item is encoded at the call: what cannot be
    // encoded throws there, and the queue is unchanged.
    [[nodiscard("a put does nothing until it is awaited")]] auto put(const T& item) const {
        detail::port& to = hold_.checked("this queue");
        return detail::send_wait(to, frame(), detail::encoded(item));
    }

    // The next item; empty at the end: the queue is closed and read out.
    [[nodiscard("a get does nothing until it is awaited")]] auto get() const {
        detail::port& from = hold_.checked("this queue");
        return detail::get_wait<T>(hold_, from);
    }

    // Puts all of an array, a vector or a span, in its order, as one `put` after the other would. It must outlive the
    // wait. Where one cannot be encoded, or the wait ends without success, a part of those before it has been put.
    template <class Items>
    [[nodiscard("a put does nothing until it is awaited")]] auto put_many(const Items& items) const {
        static_assert(std::is_same_v<detail::message_in<Items>, T>, "troupe: this queue holds items of another type");
        return detail::send_many(hold_.checked("this queue"), items);
    }
    // As `get`, and with it those that are there already, at most so many: others who get wait for theirs. Nothing at
    // the end.
    [[nodiscard("a get does nothing until it is awaited")]] auto get_many(std::size_t most) const {
        detail::port& from = hold_.checked("this queue");
        return detail::receive_many_wait<T, &detail::take_plain<T>>(most, from, nullptr, hold_);
    }

    // Without waiting: false when the queue is full. Throws closed.
    bool try_put(const T& item) const {
        detail::port& to = hold_.checked("this queue");
        return detail::try_put(to, frame(), detail::encoded(item));
    }
    // Without waiting: empty when there is no item now.
    std::optional<T> try_get() const { return get().try_get(); }

    // Items in the queue; others change it meanwhile.
    std::size_t size() const { return detail::queue_size(hold_.checked("this queue")); }

    // No more puts, by anybody: they throw closed. What is in it can still be got. Closing twice is closing once.
    void close() const { detail::close_port(hold_.checked("this queue")); }

    // For those who hand out work: each receiver calls `task_done` when it has dealt with an item, and `drained` waits
    // until the queue is empty and that has happened for every item received. Throws misuse when called more often than
    // items were received. An item whose receiver dies before it reports is never reported: give `drained` a deadline.
    void task_done() const { detail::task_done(hold_.checked("this queue")); }
    [[nodiscard]] auto drained() const {
        hold_.checked("this queue");
        return detail::drained_wait(hold_);
    }

    friend bool operator==(const queue&, const queue&) noexcept = default;

private:
    friend struct detail::handle_traits<queue>;
    static detail::message_frame frame() { return {.type = detail::type_id<T>()}; }
    detail::end_hold hold_;
};

template <class T>
struct detail::handle_traits<queue<T>> {
    static handle_ref refer(const queue<T>& held) { return held.hold_.lend(); }
    static void adopt(queue<T>& into, handle_ref ref) { into.hold_ = end_hold::adopt(ref, both_ends); }
};

}  // namespace troupe
