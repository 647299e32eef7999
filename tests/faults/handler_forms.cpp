// handlers of many callable forms
#include <cstdio>
#include <functional>
#include <troupe/troupe.hpp>
struct put {
    int x;
};
struct get {
    using reply = int;
    int k;
};
static int stored = 0;
#if V == 1
void on_put(put m) noexcept { stored = m.x; }
int on_get(get m) noexcept { return stored + m.k; }
#else
void on_put(put m) { stored = m.x; }
int on_get(get m) { return stored + m.k; }
#endif
troupe::task<> store(troupe::mailbox<put, get> in) {
#if V == 0 || V == 1
    co_await in.serve(on_put, on_get);
#elif V == 2
    co_await in.serve([](put m) noexcept { stored = m.x; }, [](get m) mutable noexcept { return stored + m.k; });
#elif V == 3
    co_await in.serve([](auto m)
                          requires std::same_as<decltype(m), put>
                      { stored = m.x; },
                      [](get m) { return stored + m.k; });
#elif V == 4
    std::function<void(put)> f = on_put;
    std::function<int(get)> g = on_get;
    co_await in.serve(f, std::move(g));
#elif V == 5
    struct h {
        void operator()(put m) & { stored = m.x; }
    };
    co_await in.serve(h{}, [](get m) { return stored + m.k; });
#elif V == 6
    co_await in.serve([](put m) static { stored = m.x; }, [](get m) static noexcept { return stored + m.k; });
#elif V == 7
    co_await in.serve([](this auto&&, put m) { stored = m.x; }, [](this auto const&, get m) { return stored + m.k; });
#elif V == 8
    co_await in.serve([](const put& m) { stored = m.x; }, [](get&& m) { return stored + m.k; });
#elif V == 9
    co_await in.serve([](put& m) { stored = m.x; }, [](get m) { return stored + m.k; });
#elif V == 10
    co_await in.serve([](put m) { stored = m.x; },
                      [](get m) -> const int& {
                          (void)m;
                          return stored;
                      });
#elif V == 11
    int calls = 0;
    auto shared = [&](put m) {
        stored = m.x;
        ++calls;
    };
    co_await in.serve(std::ref(shared), [](get m) { return stored + m.k; });
#endif
}
troupe::task<int> program() {
    auto s = co_await troupe::spawn<store>();
    co_await s.send(put{40});
    int v = co_await s.ask(get{2}, std::chrono::seconds(5));
    std::printf("V%d got %d\n", V, v);
    co_return 0;
}
int main(int c, char** v) { return troupe::run<program>(c, v); }
