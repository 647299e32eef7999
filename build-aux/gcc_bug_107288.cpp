// GCC before 13 destroys the temporaries of `co_await f(message{...})` twice (GCC bug 107288) when the message is an
// aggregate, and that is how every program sends. Configuring runs this file: it exits with 1 where the compiler is
// wrong, and prints how often the one message was made and destroyed.
#include <coroutine>
#include <cstdio>
#include <exception>

namespace {

int made = 0;
int destroyed = 0;

// Stands for a string member: its copies and its ends are counted.
struct text {
    text(const char*) { ++made; }
    text(const text&) { ++made; }
    text(text&&) noexcept { ++made; }
    ~text() { ++destroyed; }
};

struct message {
    text key, value;
};

struct coroutine {
    struct promise_type {
        coroutine get_return_object() { return {}; }
        std::suspend_never initial_suspend() { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};

struct sent {
    bool await_ready() { return true; }
    void await_suspend(std::coroutine_handle<>) {}
    void await_resume() {}
};

sent send(message) { return {}; }

coroutine sender() { co_await send(message{"key", "value"}); }

}  // namespace

int main() {
    sender();
    std::printf("made %d, destroyed %d\n", made, destroyed);
    return made == destroyed ? 0 : 1;
}
