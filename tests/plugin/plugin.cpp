// A plugin with actors of its own. Two are made of this source: their functions have the same names, and give different
// answers.
#include <csignal>
#include <stdexcept>
#include <string>

#include <troupe/troupe.hpp>

int named_alike(int question) { return question + 2 * ANSWER; }

namespace {

int answer(int question) { return question + ANSWER; }

troupe::task<int> sum(troupe::mailbox<int> mail) {
    int all = ANSWER;
    for (int i = 0; i < 3; ++i) all += (co_await mail.receive<int>()).value();
    co_return all;
}

troupe::task<int> parent(int question) {
    auto one = co_await troupe::spawn<answer>(question);
    const troupe::exit_status end = co_await one.join();
    co_return end.code();
}

troupe::task<> once(troupe::queue<int> answers, int question) { co_await answers.put(question + ANSWER); }

int crash() { return std::raise(SIGSEGV); }

[[noreturn]] int refuse() { throw std::runtime_error("refused by " + std::to_string(ANSWER)); }

template <auto Fn, class... Args>
troupe::task<int> code_of(Args... args) {
    auto one = co_await troupe::spawn<Fn>(args...);
    const troupe::exit_status end = co_await one.join();
    co_return end.code();
}

troupe::task<> nothing() { co_return; }

troupe::task<int> program() { co_return 0; }

}  // namespace

extern "C" {

troupe::task<int> ask_answer(int question) { return code_of<answer>(question); }
troupe::task<int> ask_named_alike(int question) { return code_of<named_alike>(question); }
troupe::task<int> ask_parent(int question) { return code_of<parent>(question); }

troupe::task<int> ask_sum(int question) {
    auto one = co_await troupe::spawn<sum>();
    for (int i = 0; i < 3; ++i) co_await one.send(question);
    const troupe::exit_status end = co_await one.join();
    co_return end.code();
}

troupe::task<int> ask_supervised(int question) {
    troupe::queue<int> answers;
    troupe::supervisor team({.max_restarts = 1000});
    co_await team.spawn<once>(answers, question);
    const int first = (co_await answers.get()).value();
    const int second = (co_await answers.get()).value();
    co_await team.stop();
    co_return first == second ? first : 0;
}

troupe::task<int> ask_crash(int) {
    auto one = co_await troupe::spawn<crash>();
    co_return (co_await one.join()).signal();
}

troupe::task<int> ask_refuse(int) {
    auto one = co_await troupe::spawn<refuse>();
    co_return (co_await one.join()).exception_text() == "refused by " + std::to_string(ANSWER) ? ANSWER : 0;
}

// What may be the first that a plugin does.

troupe::task<int> first_sleep(int question) {
    co_await troupe::sleep_for(std::chrono::milliseconds(1));
    co_return question;
}

troupe::task<int> first_when_all(int question) {
    co_await troupe::when_all(nothing(), nothing());
    co_return question;
}

troupe::task<int> first_group(int question) {
    co_await troupe::task_group::run([](troupe::task_group& group) -> troupe::task<> {
        group.start(nothing());
        co_return;
    });
    co_return question;
}

troupe::task<int> first_task(int question) {
    co_await nothing();
    co_return question;
}

troupe::task<int> first_queue(int question) {
    troupe::queue<int> numbers;
    co_await numbers.put(question);
    co_return (co_await numbers.get()).value();
}

troupe::task<int> first_name(int question) { co_return question + static_cast<int>(troupe::this_actor::name().size()); }

troupe::task<int> nothing_else(int question) { co_return question; }

int run_again() {
    char name[] = "plugin";
    char* arguments[] = {name, nullptr};
    return troupe::run<program>(1, arguments);
}
}
