// What became of something that was awaited: a value, or why there is none. One place can so handle every kind of
// failure: an exception here, one in another process, an actor that died, a deadline that passed.
//
//     const auto parsed = co_await troupe::outcome_of(troupe::call<parse>(path));
//     if (parsed.ok()) use(parsed.value());
//     else std::printf("%s: %s\n", path.c_str(), parsed.why().c_str());
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <troupe/detail/awaitable.hpp>
#include <troupe/detail/branch.hpp>
#include <troupe/detail/gathering.hpp>
#include <troupe/error.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/task.hpp>

namespace troupe {
namespace detail {

// The part of an outcome that does not depend on its value.
class outcome_base {
public:
    bool ok() const noexcept { return failure_ == nullptr; }
    // Returns the reason as a sentence; empty if there is a value.
    std::string why() const;
    // Returns null if there is a value.
    const std::exception_ptr& error() const noexcept { return failure_; }
    // Returns how the actor ended, if it is an actor's end that left no value.
    std::optional<exit_status> status() const;
    // Returns the place of its input, counted from 0, where this is one of several outcomes; otherwise 0.
    std::size_t index() const noexcept { return index_; }

protected:
    outcome_base(std::exception_ptr failure, std::size_t index) noexcept
        : failure_(std::move(failure)), index_(index) {}
    void rethrow() const {
        if (failure_ != nullptr) std::rethrow_exception(failure_);
    }

private:
    std::exception_ptr failure_;
    std::size_t index_;
};

}  // namespace detail

template <class T>
class [[nodiscard]] outcome : public detail::outcome_base {
public:
    static outcome of_value(T value, std::size_t index = 0) { return {std::move(value), nullptr, index}; }
    static outcome of_failure(std::exception_ptr failure, std::size_t index = 0) {
        return {std::nullopt, std::move(failure), index};
    }

    // Returns the value; throws the failure if there is none.
    const T& value() const& {
        rethrow();
        return *value_;
    }
    T& value() & {
        rethrow();
        return *value_;
    }
    T&& value() && {
        rethrow();
        return std::move(*value_);
    }

private:
    outcome(std::optional<T>&& value, std::exception_ptr failure, std::size_t index)
        : outcome_base(std::move(failure), index), value_(std::move(value)) {}

    std::optional<T> value_;
};

template <>
class [[nodiscard]] outcome<void> : public detail::outcome_base {
public:
    static outcome of_value(std::size_t index = 0) noexcept { return {nullptr, index}; }
    static outcome of_failure(std::exception_ptr failure, std::size_t index = 0) noexcept {
        return {std::move(failure), index};
    }

    // Throws the failure if there is one.
    void value() const { rethrow(); }

private:
    outcome(std::exception_ptr failure, std::size_t index) noexcept : outcome_base(std::move(failure), index) {}
};

namespace detail {

// A value of its own, where what is awaited gives a reference.
template <class T>
using outcome_for = outcome<std::remove_cvref_t<T>>;

template <class T>
task<outcome_for<T>> outcome_of_task(task<T> x) {
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(x);
            co_return outcome<void>::of_value();
        } else {
            co_return outcome_for<T>::of_value(co_await std::move(x));
        }
    } catch (const cancelled&) {
        throw;
    } catch (...) {
        co_return outcome_for<T>::of_failure(std::current_exception());
    }
}

// After the branch has ended.
template <class T>
outcome_for<T> outcome_of_branch(branch_of<T>& ended, std::size_t index) {
    if (ended.failed()) return outcome_for<T>::of_failure(ended.failure(), index);
    if constexpr (std::is_void_v<T>) {
        return outcome<void>::of_value(index);
    } else {
        return outcome_for<T>::of_value(ended.result(), index);
    }
}

class settling final : public gathering {
public:
    settling() noexcept : gathering(rule::every_end) {}
    // Throws `cancelled` if the awaiter was cancelled, and a branch with it.
    void conclude(bool one_was_cancelled) const {
        if (was_cancelled() && one_was_cancelled) throw cancelled();
    }
};

template <std::size_t... Index, class... T>
task<std::tuple<outcome_for<T>...>> settled(std::index_sequence<Index...>, task<T>... x) {
    std::tuple<branch_of<T>...> branches(std::move(x)...);
    settling gathered;
    std::apply([&](auto&... one) { (gathered.add(one), ...); }, branches);
    co_await gathered.ends();
    gathered.conclude((std::get<Index>(branches).failed_as_cancelled() || ...));
    co_return std::tuple<outcome_for<T>...>{outcome_of_branch(std::get<Index>(branches), Index)...};
}

template <class T>
task<std::vector<outcome_for<T>>> settled_many(std::vector<task<T>> x) {
    const auto branches = std::make_unique<branch_of<T>[]>(x.size());
    settling gathered;
    for (std::size_t i = 0; i < x.size(); ++i) {
        branches[i].assign(std::move(x[i]));
        gathered.add(branches[i]);
    }
    co_await gathered.ends();
    bool one_was_cancelled = false;
    std::vector<outcome_for<T>> outcomes;
    outcomes.reserve(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        one_was_cancelled = one_was_cancelled || branches[i].failed_as_cancelled();
        outcomes.push_back(outcome_of_branch(branches[i], i));
    }
    gathered.conclude(one_was_cancelled);
    co_return outcomes;
}

}  // namespace detail

// Returns a task that gives the outcome of x: what x gives, or what it throws. If x ends as cancelled, because whoever
// awaits is cancelled, the task throws `cancelled`.
template <class X>
auto outcome_of(X&& x) {
    return detail::outcome_of_task(detail::as_task(std::forward<X>(x)));
}

// Awaiting it gives a std::tuple of the outcomes of all arguments, in argument order, once each of them has ended. A
// failure cancels nothing. If the awaiter is cancelled, every argument is, and the result throws `cancelled`.
template <class... X>
auto when_all_settled(X&&... x) {
    return detail::settled(std::index_sequence_for<X...>{}, detail::as_task(std::forward<X>(x))...);
}

// The same for a number of tasks known only at run time. Awaiting it gives a std::vector of their outcomes, in the
// order of the tasks.
template <class T>
auto when_all_settled(std::vector<task<T>> tasks) {
    return detail::settled_many(detail::as_tasks(std::move(tasks)));
}

}  // namespace troupe
