// GCC 13 and 14 begin what is awaited behind `&&` although its left side is false, where that stands within another
// `||`: docs/pitfalls.md. Configuring runs this file: it exits with 1 where the compiler does so.
#include <coroutine>
#include <exception>

namespace {

int calls = 0;

struct coroutine {
    struct promise_type {
        coroutine get_return_object() { return {}; }
        std::suspend_never initial_suspend() { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};

std::suspend_never called() {
    ++calls;
    return {};
}

coroutine await_if(bool wanted, bool otherwise) {
    static_cast<void>((wanted && (co_await called(), true)) || otherwise);
}

}  // namespace

int main() {
    await_if(false, true);
    return calls;
}
