// Where a coroutine waits, and who waits for it: as its promise says it, and as its bytes do to somebody outside.
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <troupe/when.hpp>

#include "catch.hpp"
#include "coro/here.hpp"

namespace {

using here::box;
using troupe::task;
using troupe::detail::promise_base;
using troupe::detail::promise_layout;

// Says who waits, when it is asked to wait.
class spy final : public troupe::detail::wait {
public:
    explicit spy(const promise_base*& into) : into_(into) {}
    void await_resume() const { throw_if_failed(); }

private:
    bool try_finish() override { return asked_; }
    void enlist() override {
        into_ = waiter();
        asked_ = true;
    }
    void abandon() noexcept override {}

    const promise_base*& into_;
    bool asked_ = false;
};

const promise_base* the_waiter = nullptr;

constexpr unsigned line_of_inner = __LINE__ + 1;
task<> inner() { co_await spy(the_waiter); }
constexpr unsigned line_of_middle = __LINE__ + 1;
task<> middle() { co_await inner(); }
constexpr unsigned line_of_outer = __LINE__ + 1;
task<> outer() { co_await troupe::when_all(middle()); }

bool is_of_this_file(const char* file) { return std::string(file).ends_with("where_test.cpp"); }

template <class Value>
Value at(std::uintptr_t place) {
    Value value;
    std::memcpy(&value, reinterpret_cast<const void*>(place), sizeof value);
    return value;
}

// The lines of this file, from the innermost outwards, by the bytes alone.
std::vector<unsigned> lines_by_bytes(std::uintptr_t promise) {
    std::vector<unsigned> lines;
    while (promise != 0) {
        const auto place = at<promise_layout::source_place>(at<std::uintptr_t>(promise + promise_layout::where));
        if (is_of_this_file(place.file)) lines.push_back(place.line);
        const auto then = at<std::uint8_t>(promise + promise_layout::then);
        const auto next = at<std::uintptr_t>(promise + promise_layout::caller);
        if (then >= promise_layout::first_then_caller && then <= promise_layout::last_then_caller) {
            promise = next;
        } else if (then == promise_layout::then_branch) {
            promise = at<std::uintptr_t>(next + promise_layout::branch_awaiter);
        } else {
            promise = 0;
        }
    }
    return lines;
}

}  // namespace

TEST_CASE("coroutine: it knows the line of its await, and who awaits it, through a branch as well") {
    here::started<void> all(outer());
    all.run();
    REQUIRE(the_waiter != nullptr);
    std::vector<unsigned> lines;
    for (const promise_base* one = the_waiter; one != nullptr; one = one->awaiter()) {
        if (is_of_this_file(one->where().file_name())) lines.push_back(one->where().line());
    }
    const std::vector expected{line_of_inner, line_of_middle, line_of_outer};
    CHECK(lines == expected);
    CHECK(lines_by_bytes(reinterpret_cast<std::uintptr_t>(the_waiter)) == expected);
    all.cancel();
    all.run();
    CHECK(all.ended());
}
