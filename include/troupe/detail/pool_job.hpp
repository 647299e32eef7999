// What a pool draws tasks from, and gives their results to: a single task, or a function that is mapped over inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <troupe/detail/birth.hpp>
#include <troupe/detail/decoded.hpp>
#include <troupe/detail/encoded_message.hpp>
#include <troupe/detail/outgoing.hpp>
#include <troupe/detail/pool_task.hpp>
#include <troupe/detail/wait.hpp>
#include <troupe/outcome.hpp>

namespace troupe::detail {

// What a pool has to know of a function.
struct task_sort {
    const registration* function;
    bool flat_input;
    std::uint32_t result_bytes;  // of a flat result; 0: it differs
    bool carries_handles;        // or may: such a task has a batch of its own
};

template <class T>
bool may_carry_handles() {
    if constexpr (std::is_void_v<T>) {
        return false;
    } else if constexpr (is_flat<T>) {
        return false;
    } else {
        return detail::carries_handles(shape_of<T>());
    }
}

template <class T>
constexpr std::uint32_t flat_bytes() {
    if constexpr (std::is_void_v<T>) {
        return 0;
    } else {
        return is_flat<T> ? sizeof(T) : 0;
    }
}

template <auto Fn>
const task_sort& sort_of() {
    using function = task_function<Fn>;
    using value = typename function::value;
    using input = typename function::input;
    static const task_sort sort{&known_task<Fn>::entry, function::parameters != 0 && is_flat<input>,
                                flat_bytes<value>(), may_carry_handles<input>() || may_carry_handles<value>()};
    return sort;
}

using again_call = bool (*)(const outcome<void>& failure, unsigned attempts);

class pool_job {
public:
    pool_job(const task_sort& sort, again_call again) noexcept : sort_(sort), again_(again) {}
    pool_job(const pool_job&) = delete;
    pool_job& operator=(const pool_job&) = delete;
    virtual ~pool_job() = default;

    const task_sort& sort() const noexcept { return sort_; }

    // --- for the pool. How many inputs may be read now, at most, if so many results may be missing; 0: none.
    virtual std::size_t readable(std::size_t most_waiting) = 0;
    // Encodes the next input behind what is there. Returns false if there is none after all. The index of one that
    // cannot be encoded is `unreadable`: it has failed, and nothing was written.
    static constexpr std::size_t unreadable = static_cast<std::size_t>(-1);
    virtual bool read(outgoing& into, std::size_t& index) = 0;
    virtual void deliver(std::size_t index, const incoming& value) noexcept = 0;
    virtual void lose(std::size_t index, std::exception_ptr why) noexcept = 0;
    // No input is read any more: nobody wants the results, or there will be none, which is what its awaiter gets.
    virtual void stop_reading() noexcept = 0;
    virtual void break_off(std::exception_ptr why) noexcept = 0;
    virtual bool exhausted() const noexcept = 0;
    // It counts as under way from the moment when it is given in.
    virtual bool is_single() const noexcept { return false; }

    // Whether a task that failed after so many attempts is given to a worker again. If the user's answer is an
    // exception, it is not, and that is why it failed.
    bool is_given_again(std::exception_ptr& why, bool worker_died, unsigned attempts,
                        unsigned most_attempts) const noexcept {
        if (dropped_) return false;
        if (again_ == nullptr) return worker_died && attempts < most_attempts;
        try {
            return again_(outcome<void>::of_failure(why), attempts);
        } catch (...) {
            why = std::current_exception();
            return false;
        }
    }

    // Nobody wants its results any more: what has not begun never does. Whoever waits for them all the same is told.
    void drop() noexcept {
        dropped_ = true;
        stop_reading();
        news();
    }
    bool dropped() const noexcept { return dropped_; }

    // --- for whoever waits for its results, one at a time
    virtual bool has_news() const noexcept = 0;
    void begin_to_tell(wait& one) {
        if (waited_for()) throw_waited_for();
        told_ = &one;
    }
    [[noreturn]] static void throw_waited_for();
    void tell_nobody() noexcept { told_ = nullptr; }
    const wait* told() const noexcept { return told_; }
    bool waited_for() const noexcept { return told_ != nullptr; }

    std::int64_t task_length = -1;  // ns, by what was measured; -1: not known yet

protected:
    void news() noexcept {
        if (told_ != nullptr) told_->wake();
    }
    [[noreturn]] static void throw_dropped();

private:
    const task_sort& sort_;
    again_call again_;
    wait* told_ = nullptr;
    bool dropped_ = false;
};

class pool_core;

// Throws misuse in another actor than the pool's, or if somebody waits for this job already.
void check_waiter(const pool_core& core, const pool_job& job);
// Hands out what can be handed out.
void work_on(pool_core& core);
std::size_t most_waiting(const pool_core& core) noexcept;
// Throws closed, or why the pool has failed.
void submit_to(pool_core& core, std::shared_ptr<pool_job> job);
void drop_job(const std::shared_ptr<pool_core>& core, pool_job& job) noexcept;
bool has_room_in(const pool_core& core);
// Waits until one more task may be given in.
task<> room_in(std::shared_ptr<pool_core> core);

// Waits until a job has something for its awaiter.
class job_wait final : public wait {
public:
    explicit job_wait(pool_job& job) noexcept : job_(job) {}
    void await_resume() const { throw_if_failed(); }

private:
    bool try_finish() override { return job_.has_news(); }
    void enlist() override { job_.begin_to_tell(*this); }
    void abandon() noexcept override { job_.tell_nobody(); }

    pool_job& job_;
};

template <class T>
outcome<T> outcome_of_result(const incoming& value, std::size_t index) {
    try {
        if constexpr (std::is_void_v<T>) {
            return outcome<void>::of_value(index);
        } else {
            return outcome<T>::of_value(decoded<T>(value), index);
        }
    } catch (...) {
        return outcome<T>::of_failure(std::current_exception(), index);
    }
}

// One task.
template <class T>
class single_job final : public pool_job {
public:
    single_job(const task_sort& sort, encoded_message input) noexcept
        : pool_job(sort, nullptr), input_(std::move(input)) {}

    std::size_t readable(std::size_t) override { return read_ ? 0 : 1; }
    bool read(outgoing& into, std::size_t& index) override {
        if (read_) return false;
        read_ = true;
        index = 0;
        if (into.bytes.empty() && into.handles.empty()) {
            std::swap(into, *input_);
        } else {
            into.bytes.append(input_->bytes.data(), input_->bytes.size());
        }
        return true;
    }
    void deliver(std::size_t index, const incoming& value) noexcept override {
        result_.emplace(outcome_of_result<T>(value, index));
        news();
    }
    void lose(std::size_t, std::exception_ptr why) noexcept override {
        result_.emplace(outcome<T>::of_failure(std::move(why)));
        news();
    }
    void stop_reading() noexcept override { read_ = true; }
    void break_off(std::exception_ptr why) noexcept override {
        read_ = true;
        lose(0, std::move(why));
    }
    bool exhausted() const noexcept override { return read_; }
    bool is_single() const noexcept override { return true; }
    bool has_news() const noexcept override { return result_.has_value(); }
    T take() {
        if constexpr (std::is_void_v<T>) {
            result_->value();
        } else {
            return std::move(*result_).value();
        }
    }

private:
    encoded_message input_;
    bool read_ = false;
    std::optional<outcome<T>> result_;
};

}  // namespace troupe::detail
