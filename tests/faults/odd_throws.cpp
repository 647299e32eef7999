// what handlers may throw
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
struct nul_what : std::exception {
    const char* what() const noexcept override { return nullptr; }
};
struct long_what : std::exception {
    std::string s = std::string(1 << 20, 'x');
    const char* what() const noexcept override { return s.c_str(); }
};
struct odd_what : std::exception {
    const char* what() const noexcept override { return "\xff\xfe\x80 bytes"; }
};
struct nested {};
struct ask_me {
    using reply = int;
    int kind;
    bool coroutine = false;
};
struct tell_me {
    int kind;
};
[[noreturn]] void raise(int k) {
    switch (k) {
    case 0: throw 42;
    case 1: throw "text";
    case 2: throw nested{};
    case 3: throw nul_what{};
    case 4: throw long_what{};
    case 5: throw odd_what{};
    case 6: try { throw std::runtime_error("inner");
        } catch (...) {
            std::throw_with_nested(std::logic_error("outer"));
        }
    case 7: throw troupe::timed_out{};
    case 8: throw troupe::cancelled{};
    case 9: throw std::bad_alloc{};
    case 10: throw std::make_exception_ptr(1);
    case 11: throw std::runtime_error(std::string("a\0b", 3));
    case 12: throw static_cast<std::exception*>(nullptr);
    case 13: throw troupe::remote_error("x::y", "z");
    default: throw std::runtime_error("");
    }
}
struct ask_co {
    using reply = int;
    int kind;
};
troupe::task<> thrower(troupe::mailbox<ask_me, ask_co> in) {
    co_await in.serve([](ask_me m) -> int { raise(m.kind); },
                      [](ask_co m) -> troupe::task<int> {
                          co_await troupe::yield();
                          raise(m.kind);
                      });
}
troupe::task<> dies(troupe::mailbox<tell_me> in) {
    co_await in.serve([](tell_me m) { raise(m.kind); });
}
std::string shown(std::string s) {
    for (char& c : s)
        if (c < 32 || c > 126) c = '?';
    return s.size() > 60 ? s.substr(0, 40) + "...(" + std::to_string(s.size()) + ")" : s;
}
troupe::task<int> program() {
    auto t = co_await troupe::spawn<thrower>();
    for (int k = 0; k <= 14; ++k)
        for (int co = 0; co < 2; ++co) {
            if (!t.alive()) {
                t = co_await troupe::spawn<thrower>();
                std::printf("   (the actor was dead)\n");
            }
            try {
                if (co)
                    co_await t.ask(ask_co{k}, 3s);
                else
                    co_await t.ask(ask_me{k}, 3s);
                std::puts("answered?");
            } catch (const troupe::remote_error& e) {
                std::printf("%2d %d remote_error type '%s' text '%s'\n", k, co, e.type().c_str(),
                            shown(e.text()).c_str());
            } catch (const troupe::error& e) {
                std::printf("%2d %d %s\n", k, co, shown(e.what()).c_str());
            }
            std::fflush(stdout);
        }
    for (int k = 0; k <= 14; ++k) {
        auto d = co_await troupe::spawn<dies>();
        co_await d.send(tell_me{k});
        try {
            auto s = co_await troupe::with_timeout(5s, d.join());
            std::printf("%2d actor: code %d type '%s' text '%s'\n", k, s.code(), s.exception_type().c_str(),
                        shown(s.exception_text()).c_str());
        } catch (const troupe::timed_out&) {
            std::printf("%2d actor lives\n", k);
            d.kill();
        }
        std::fflush(stdout);
    }
    co_return 0;
}
int main(int c, char** v) { return troupe::run<program>(c, v); }
