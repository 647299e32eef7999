// Runs tasks with the ready queue alone, without a loop; and something to wait for that counts what was taken from it.
#pragma once

#include <troupe/detail/branch.hpp>
#include <troupe/detail/wait.hpp>
#include <troupe/task.hpp>

#include <algorithm>
#include <deque>
#include <vector>

namespace here {

// A task that was started and can be looked at while it is not finished.
template <class T>
class started final : troupe::detail::listener {
public:
    explicit started(troupe::task<T> x) : one_(std::move(x)) {
        troupe::detail::ready.attend();
        one_.start(*this);
    }
    started(const started&) = delete;
    started& operator=(const started&) = delete;
    ~started() { troupe::detail::ready.leave(); }

    // Runs what is ready until nothing is.
    started& run() {
        while (troupe::detail::ready.run_some(100) > 0) {
        }
        return *this;
    }
    bool ended() const { return one_.ended(); }
    void cancel() { one_.cancel(); }
    T result() {
        if constexpr (std::is_void_v<T>) {
            one_.result();
        } else {
            return one_.result();
        }
    }

private:
    void done(troupe::detail::branch&) noexcept override {}
    troupe::detail::branch_of<T> one_;
};

template <class T>
T run(troupe::task<T> x) {
    return started<T>(std::move(x)).run().result();
}

// A queue of numbers inside this process.
class box {
public:
    class [[nodiscard]] taking final : public troupe::detail::wait {
    public:
        explicit taking(box& from) : from_(from) {}
        int await_resume() const {
            throw_if_failed();
            return value_;
        }

    private:
        bool try_finish() override {
            if (from_.refuses) throw 13;
            if (from_.numbers_.empty()) return false;
            value_ = from_.numbers_.front();
            from_.numbers_.pop_front();
            ++from_.taken;
            return true;
        }
        void enlist() override { from_.waiting_.push_back(this); }
        void abandon() noexcept override {
            const auto mine = std::find(from_.waiting_.begin(), from_.waiting_.end(), this);
            if (mine == from_.waiting_.end()) std::abort();
            from_.waiting_.erase(mine);
        }

        box& from_;
        int value_ = 0;
    };

    taking take() { return taking(*this); }

    void put(int number) {
        numbers_.push_back(number);
        wake_all();
    }
    void wake_all() {
        for (auto* one : waiting_) one->wake();
    }
    void fail_all(int with) {
        for (auto* one : std::vector<taking*>(waiting_)) one->fail_with(std::make_exception_ptr(with));
    }

    std::size_t size() const { return numbers_.size(); }
    std::size_t waiting() const { return waiting_.size(); }
    int taken = 0;
    bool refuses = false;

private:
    std::deque<int> numbers_;
    std::vector<taking*> waiting_;
};

inline troupe::task<int> take_from(box& b) { co_return co_await b.take(); }

}  // namespace here
