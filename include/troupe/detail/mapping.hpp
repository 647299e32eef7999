// A function that is mapped over inputs by a pool.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <exception>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <troupe/detail/pool_job.hpp>
#include <troupe/outcome.hpp>
#include <troupe/queue.hpp>
#include <troupe/task.hpp>
#include <troupe/when.hpp>

namespace troupe::detail {

// The results of a mapping: those that are here and were not taken.
template <class R>
class mapped : public pool_job {
public:
    mapped(const task_sort& sort, again_call again, bool ordered) noexcept : pool_job(sort, again), ordered_(ordered) {}

    std::size_t readable(std::size_t most_waiting) override {
        if (exhausted_ || dropped()) return 0;
        if (is_full(most_waiting)) return 0;
        if (gathering_ && first_failure_) return 0;  // the rest is not wanted any more
        return (std::min)(most_waiting - (gathering_ ? read_ - settled_ : read_ - taken_), left(read_));
    }
    void deliver(std::size_t index, const incoming& value) noexcept override {
        settle(outcome_of_result<R>(value, index));
    }
    void lose(std::size_t index, std::exception_ptr why) noexcept override {
        settle(outcome<R>::of_failure(std::move(why), index));
    }
    void stop_reading() noexcept override { exhausted_ = true; }
    void break_off(std::exception_ptr why) noexcept override {
        exhausted_ = true;
        broken_ = std::move(why);
        if (!first_failure_) first_failure_ = broken_;
        this->news();
    }
    bool exhausted() const noexcept override { return exhausted_; }
    // There is an outcome to be taken, or there will be none any more. Of all that is gathered, the last or a failure.
    bool has_news() const noexcept override {
        if (dropped() || is_over()) return true;
        if (gathering_) return first_failure_ != nullptr;
        return ordered_ ? !in_order_.empty() && in_order_.front().has_value() : !as_they_came_.empty();
    }

    // Ends when there is something for whoever awaits the results.
    virtual task<> wait_for_news(std::shared_ptr<pool_core>) {
        if (!has_news()) co_await job_wait(*this);
    }

    std::size_t settled() const noexcept { return settled_; }
    // All are kept from now on, and none is given out. A failure that was given out before is none of these.
    void gather() noexcept {
        gathering_ = true;
        first_failure_ = nullptr;
        for (const std::optional<outcome<R>>& one : in_order_) note_failure(one ? &*one : nullptr);
        for (const outcome<R>& one : as_they_came_) note_failure(&one);
        if (!first_failure_) first_failure_ = broken_;
    }
    // They are given out again.
    void gather_no_more() noexcept { gathering_ = false; }
    // The next outcome; nothing at the end, where an input that could not be had throws.
    std::optional<outcome<R>> take_next() {
        if (ordered_ && !in_order_.empty() && in_order_.front()) {
            std::optional<outcome<R>> next = std::move(in_order_.front());
            in_order_.pop_front();
            ++taken_;
            return next;
        }
        if (!ordered_ && !as_they_came_.empty()) {
            std::optional<outcome<R>> next = std::move(as_they_came_.front());
            as_they_came_.pop_front();
            ++taken_;
            return next;
        }
        if (dropped()) throw_dropped();
        if (!is_over()) throw_waited_for();  // somebody else has changed what is waited for
        if (broken_) std::rethrow_exception(broken_);
        return std::nullopt;
    }
    // All that was gathered, in the order of the inputs; throws the first failure.
    template <class Take>
    void take_gathered(Take&& take) {
        if (first_failure_) std::rethrow_exception(first_failure_);
        if (dropped()) throw_dropped();
        if (!is_over()) throw_waited_for();
        std::sort(as_they_came_.begin(), as_they_came_.end(),
                  [](const outcome<R>& a, const outcome<R>& b) { return a.index() < b.index(); });
        while (std::optional<outcome<R>> next = take_next()) take(std::move(*next));
    }

protected:
    // How many inputs are left at most after so many, where that can be known without reading them; otherwise as many
    // as there can be. One at least where only reading shows the end.
    virtual std::size_t left(std::size_t read) = 0;
    // The next input got this number.
    std::size_t number_next() {
        if (ordered_) in_order_.emplace_back();
        return read_++;
    }
    bool is_full(std::size_t most_waiting, std::size_t besides = 0) const noexcept {
        return (gathering_ ? read_ - settled_ : read_ - taken_) + besides >= most_waiting;
    }
    void set_exhausted() noexcept {
        exhausted_ = true;
        this->news();
    }

private:
    bool is_over() const noexcept { return exhausted_ && settled_ == read_; }
    void settle(outcome<R> one) noexcept {
        ++settled_;
        note_failure(&one);
        if (ordered_) {
            in_order_[one.index() - taken_].emplace(std::move(one));
        } else {
            as_they_came_.push_back(std::move(one));
        }
        this->news();
    }
    void note_failure(const outcome<R>* one) noexcept {
        if (one != nullptr && !one->ok() && !first_failure_) first_failure_ = one->error();
    }

    bool ordered_;
    bool exhausted_ = false;
    bool gathering_ = false;
    std::size_t read_ = 0, settled_ = 0, taken_ = 0;
    std::deque<std::optional<outcome<R>>> in_order_;  // from the one that is taken next
    std::deque<outcome<R>> as_they_came_;
    std::exception_ptr broken_;
    std::exception_ptr first_failure_;
};

template <class Input, class Element>
void encode_input(Element&& element, outgoing& into) {
    if constexpr (std::is_same_v<std::remove_cvref_t<Element>, Input>) {
        encode<Input>(element, into);
    } else {
        encode<Input>(Input(std::forward<Element>(element)), into);
    }
    into.moved.clear();
}

template <class Range>
using iterator_in = decltype(std::begin(std::declval<Range&>()));
template <class Range>
using element_of = decltype(*std::declval<iterator_in<std::remove_reference_t<Range>>&>());

// A mapping over a range: a reference to one that outlives the results, or a value that was moved in.
template <auto Fn, class Range>
class mapping final : public mapped<typename task_function<Fn>::value> {
    using function = task_function<Fn>;
    using base = mapped<typename function::value>;
    using range = std::remove_reference_t<Range>;

public:
    template <class From>
    mapping(again_call again, bool ordered, From&& inputs)
        : base(sort_of<Fn>(), again, ordered), inputs_(std::forward<From>(inputs)) {}

    bool read(outgoing& into, std::size_t& index) override {
        try {
            if (!at_) at_.emplace(std::begin(inputs_));
            if (*at_ == std::end(inputs_)) {
                this->set_exhausted();
                return false;
            }
        } catch (...) {
            this->break_off(std::current_exception());
            return false;
        }
        index = this->number_next();
        try {
            encode_input<typename function::input>(**at_, into);
        } catch (...) {
            this->lose(index, std::current_exception());
            index = pool_job::unreadable;
        }
        try {
            ++*at_;
        } catch (...) {
            this->break_off(std::current_exception());
        }
        return true;
    }

private:
    std::size_t left(std::size_t read) override {
        if constexpr (requires(const range& r) { std::size(r); }) {
            try {
                const auto all = static_cast<std::size_t>(std::size(inputs_));
                return all > read ? all - read : 1;
            } catch (...) {
                // It does not know, and reading shows.
            }
        }
        return (std::numeric_limits<std::size_t>::max)();
    }

    Range inputs_;
    std::optional<iterator_in<range>> at_;
};

// A mapping over what comes through a queue, until that is closed and empty. The queue is read by whoever awaits the
// results, and no further than there is room for.
template <auto Fn, class T>
class queue_mapping final : public mapped<typename task_function<Fn>::value> {
    using function = task_function<Fn>;
    using base = mapped<typename function::value>;

public:
    queue_mapping(again_call again, bool ordered, queue<T> inputs)
        : base(sort_of<Fn>(), again, ordered), inputs_(std::move(inputs)) {}

    bool read(outgoing& into, std::size_t& index) override {
        if (here_.empty()) return false;
        index = this->number_next();
        try {
            encode_input<typename function::input>(std::move(here_.front()), into);
        } catch (...) {
            this->lose(index, std::current_exception());
            index = pool_job::unreadable;
        }
        here_.pop_front();
        if (closed_ && here_.empty()) this->set_exhausted();
        return true;
    }
    task<> wait_for_news(std::shared_ptr<pool_core> core) override {
        while (!this->has_news()) {
            if (closed_ || this->exhausted() || is_full_with(most_waiting(*core))) {
                co_await progress(*this, most_waiting(*core));
                continue;
            }
            auto first = co_await when_any(job_wait(*this), inputs_.get());
            if (first.index() == 0) continue;
            if (auto& next = std::get<1>(first)) {
                here_.push_back(std::move(*next));
            } else {
                closed_ = true;
                if (here_.empty()) this->set_exhausted();
            }
            work_on(*core);
        }
    }

private:
    // Waits for news, or for room to read on.
    class progress final : public wait {
    public:
        progress(queue_mapping& job, std::size_t most_waiting) noexcept : job_(job), most_waiting_(most_waiting) {}
        void await_resume() const { throw_if_failed(); }

    private:
        bool try_finish() override {
            return job_.has_news() || (!job_.closed_ && !job_.exhausted() && !job_.is_full_with(most_waiting_));
        }
        void enlist() override { job_.begin_to_tell(*this); }
        void abandon() noexcept override { job_.tell_nobody(); }

        queue_mapping& job_;
        std::size_t most_waiting_;
    };

    std::size_t left(std::size_t) override { return here_.size(); }
    bool is_full_with(std::size_t most_waiting) const noexcept { return this->is_full(most_waiting, here_.size()); }

    queue<T> inputs_;
    std::deque<T> here_;
    bool closed_ = false;  // nothing more comes
};

}  // namespace troupe::detail
