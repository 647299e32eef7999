// Handlers of every form that can be called, and small things that beginners write and that simply work.
#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using troupe::actor;
using troupe::mailbox;
using troupe::queue;
using troupe::spawn;
using troupe::task;

struct put {
    int number = 0;
};
struct get {
    using reply = int;
    int more = 0;
};

int stored = 0;
void on_put(put m) { stored = m.number; }
void on_put_quietly(put m) noexcept { stored = m.number; }
int on_get(get m) { return stored + m.more; }
int on_get_quietly(get m) noexcept { return stored + m.more; }

task<> functions(mailbox<put, get> inbox) { co_await inbox.serve(on_put, on_get); }
task<> noexcept_functions(mailbox<put, get> inbox) { co_await inbox.serve(&on_put_quietly, on_get_quietly); }
task<> noexcept_lambdas(mailbox<put, get> inbox) {
    co_await inbox.serve([](put m) noexcept { stored = m.number; },
                         [](get m) mutable noexcept { return stored + m.more; });
}
task<> std_functions(mailbox<put, get> inbox) {
    const std::function<void(put)> first = on_put;
    std::function<int(get)> second = on_get;
    co_await inbox.serve(first, std::move(second));
}
task<> references(mailbox<put, get> inbox) {
    int calls = 0;
    auto counted = [&](put m) {
        stored = m.number;
        ++calls;
    };
    co_await inbox.serve(std::ref(counted), std::ref(on_get));
}
struct on_lvalue {
    void operator()(put m) & { stored = m.number; }
};
struct on_const_lvalue {
    int operator()(get m) const& noexcept { return stored + m.more; }
};
task<> qualified(mailbox<put, get> inbox) { co_await inbox.serve(on_lvalue{}, on_const_lvalue{}); }
task<> by_reference(mailbox<put, get> inbox) {
    co_await inbox.serve([](put& m) { stored = m.number; }, [](get&& m) { return stored + m.more; });
}
task<> by_reference_to_const(mailbox<put, get> inbox) {
    co_await inbox.serve([](const put& m) { stored = m.number; },
                         [](get& m) -> const int& { return m.more += stored; });
}
task<> generic(mailbox<put, get> inbox) {
    co_await inbox.serve([](auto m) { stored = m.number; }, [](get m) { return stored + m.more; });
}
task<> constrained(mailbox<put, get> inbox) {
    co_await inbox.serve([](const std::same_as<get> auto& m) { return stored + m.more; },
                         [](std::same_as<put> auto m) { stored = m.number; });
}
struct both {
    void operator()(put m) const { stored = m.number; }
    task<int> operator()(get m) const { co_return stored + m.more; }
};
task<> overloaded(mailbox<put, get> inbox) { co_await inbox.serve(both{}); }
task<> coroutines(mailbox<put, get> inbox) {
    co_await inbox.serve(
        [](put& m) -> task<> {
            co_await troupe::yield();
            stored = m.number;
        },
        [](const get& m) -> task<short> {
            co_await troupe::yield();
            co_return static_cast<short>(stored + m.more);
        });
}

template <auto Store>
task<> serves() {
    const auto store = co_await spawn<Store>();
    co_await store.send(put{40});
    const int got = co_await store.ask(get{2});
    CHECK(got == 42);
    store.stop();
    const auto status = co_await store.join();
    CHECK(status.success());
}

task<> count_letters(mailbox<std::string> inbox, queue<std::size_t> counts) {
    co_await inbox.serve([&](std::string text) -> task<> { co_await counts.put(text.size()); });
}

task<> literals_are_sent() {
    queue<std::size_t> counts;
    const auto one = co_await spawn<count_letters>(counts);
    co_await one.send("four");
    const char* const text = "seven..";
    co_await one.send(text);
    CHECK(one.try_send("three") == troupe::send_result::sent);
    one.stop();
    co_await one.join();
    for (const std::size_t expected : {4u, 7u, 5u}) {
        const auto got = co_await counts.get();
        CHECK(got == expected);
    }
}

template <class T>
task<std::size_t> size_as_another() {
    queue<std::size_t> sizes;
    const auto one = co_await spawn<[](queue<std::size_t> told) -> task<> { co_await told.put(sizeof(T)); }>(sizes);
    co_await one.join();
    const auto size = co_await sizes.get();
    co_return size.value_or(0);
}

task<> lambdas_of_templates() {
    const std::size_t small_one = co_await size_as_another<char>();
    const std::size_t large_one = co_await size_as_another<double>();
    CHECK(small_one == 1);
    CHECK(large_one == 8);
}

// What `what` gives nothing of.
struct wordless : std::exception {
    const char* what() const noexcept override { return nullptr; }
};
struct fail_wordlessly {
    using reply = int;
};
task<> wordless_store(mailbox<fail_wordlessly, put> inbox) {
    co_await inbox.serve([](fail_wordlessly) -> int { throw wordless(); }, [](put) { throw wordless(); });
}

task<> wordless_exceptions() {
    const auto store = co_await spawn<wordless_store>();
    std::string type, text = "none";
    try {
        co_await store.ask(fail_wordlessly{});
    } catch (const troupe::remote_error& thrown) {
        type = thrown.type();
        text = thrown.text();
    }
    CHECK_THAT(type, checks::contains("wordless"));
    CHECK(text.empty());
    co_await store.send(put{});
    const auto status = co_await store.join();
    CHECK_THAT(status.exception_type(), checks::contains("wordless"));
    CHECK(status.exception_text().empty());
}

}  // namespace

TEST_CASE("serve: handlers may be functions") { watched(serves<functions>()); }
TEST_CASE("serve: handlers may be noexcept functions") { watched(serves<noexcept_functions>()); }
TEST_CASE("serve: handlers may be noexcept and mutable lambdas") { watched(serves<noexcept_lambdas>()); }
TEST_CASE("serve: handlers may be std::function") { watched(serves<std_functions>()); }
TEST_CASE("serve: handlers may be references to callables") { watched(serves<references>()); }
TEST_CASE("serve: handlers may be called as lvalues only") { watched(serves<qualified>()); }
TEST_CASE("serve: handlers may take their message by reference") { watched(serves<by_reference>()); }
TEST_CASE("serve: handlers may give a reference into their message") { watched(serves<by_reference_to_const>()); }
TEST_CASE("serve: a generic handler takes what no other does") { watched(serves<generic>()); }
TEST_CASE("serve: a constrained handler takes what its constraint says") { watched(serves<constrained>()); }
TEST_CASE("serve: an overloaded handler takes several messages") { watched(serves<overloaded>()); }
TEST_CASE("serve: coroutines may take references, and give what converts to the reply") {
    watched(serves<coroutines>());
}
TEST_CASE("send: a literal is sent to an actor that takes std::string") { watched(literals_are_sent()); }
TEST_CASE("spawn: lambdas of two instances of a template are two actors") { watched(lambdas_of_templates()); }
TEST_CASE("serve: an exception whose what() is null is an exception without text") { watched(wordless_exceptions()); }
