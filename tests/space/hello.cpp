// A small program, for what looks at a process from outside or leaves it little room: `space_hello [MIB]` runs with a
// budget of so many MiB, or with the default one; `space_hello MIB command` runs a command as well.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

namespace {

struct greet {
    std::string name;
};
struct add {
    using reply = int;
    int a, b;
};

troupe::task<> greeter(troupe::mailbox<greet, add> inbox) {
    co_await inbox.serve([](greet m) { std::printf("hello, %s\n", m.name.c_str()); }, [](add m) { return m.a + m.b; });
}

int seven() { return 7; }

troupe::task<bool> run_a_command() {
    const auto result = co_await troupe::command({"sort", "-r"}).input("a\nb\n").run();
    try {
        co_await troupe::command({"no-such-program"}).run();
    } catch (const troupe::spawn_failed&) {
        co_return result.output == "b\na\n";
    }
    co_return false;
}

troupe::task<int> command_in_actor() {
    const bool well = co_await run_a_command();
    co_return well ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    if (arguments.size() > 1) {
        const bool own = co_await run_a_command();
        const auto other = co_await troupe::spawn<&command_in_actor>();
        const auto its_end = co_await other.join();
        if (!own || !its_end.success()) co_return 2;
    }
    auto someone = co_await troupe::spawn<&greeter>();
    co_await someone.send(greet{"world"});
    co_await someone.send(greet{std::string(20'000, 'x')});
    const int sum = co_await someone.ask(add{1, 2});
    someone.stop();
    const auto end = co_await someone.join();
    const auto other = co_await troupe::spawn<&seven>();
    const auto its_end = co_await other.join();
    auto hanging = co_await troupe::spawn<&greeter>();
    hanging.kill();
    const auto killed = co_await hanging.join();
    co_return sum == 3 && end.success() && its_end.code() == 7 && killed.code() == -9 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t mib = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 0;
    return troupe::run<program>(argc, argv, {.memory = mib << 20});
}
