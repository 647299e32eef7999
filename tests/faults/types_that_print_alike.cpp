// two message types that a compiler spells alike
#include <cstdio>
#include <troupe/troupe.hpp>
#include <type_traits>
struct red;
struct blue;
template <class Tag>
auto make_message() {
    struct event {
        int value;
    };
    return event{};
}
using first = decltype(make_message<red>());
using second = decltype(make_message<blue>());
static_assert(!std::is_same_v<first, second>);
auto l1 = [] {
    struct event2 {
        int value;
    };
    return event2{};
};
auto l2 = [] {
    struct event2 {
        int value;
    };
    return event2{};
};
using third = decltype(l1());
using fourth = decltype(l2());
static_assert(!std::is_same_v<third, fourth>);
template <class T>
auto name() {
    return std::string(__PRETTY_FUNCTION__);
}

troupe::task<> sink(troupe::mailbox<first, second, third, fourth> in) {
    co_await in.serve(
        [](first m) { std::printf("first %d\n", m.value); }, [](second m) { std::printf("second %d\n", m.value); },
        [](third m) { std::printf("third %d\n", m.value); }, [](fourth m) { std::printf("fourth %d\n", m.value); });
}
// the same for actors: a lambda in a template
template <class T>
troupe::task<> start(int value) {
    auto a = co_await troupe::spawn<[](int v) { std::printf("lambda of %zu bytes: %d\n", sizeof(T), v); }>({}, value);
    co_await a.join();
}
troupe::task<int> program() {
    std::printf("%s | %s\n%s | %s\n", name<first>().c_str(), name<second>().c_str(), name<third>().c_str(),
                name<fourth>().c_str());
    std::printf("ids %u %u %u %u\n", troupe::detail::type_id<first>(), troupe::detail::type_id<second>(),
                troupe::detail::type_id<third>(), troupe::detail::type_id<fourth>());
    auto s = co_await troupe::spawn<sink>();
    first a;
    a.value = 1;
    second b;
    b.value = 2;
    third c;
    c.value = 3;
    fourth d;
    d.value = 4;
    co_await s.send(a);
    co_await s.send(b);
    co_await s.send(c);
    co_await s.send(d);
    s.stop();
    co_await s.join();
    co_await start<char>(1);
    co_await start<double>(8);
    co_return 0;
}
int main(int c, char** v) { return troupe::run<program>(c, v); }
