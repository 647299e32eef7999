// Scenes in which a worker of a pool does its tasks, or the owner of a pool hands them out.
//
// Every task has exactly one outcome. Only the one that the worker had in hand when it was killed fails, and those of
// an owner that was killed are nobody's: its worker ends with it.
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "prove/parts.hpp"
#include "prove/scene.hpp"

namespace proving {
namespace {

constexpr int first_proved = 1, last_proved = 3, tasks = 5;

// From the end of one task to the beginning of a later one.
void prove_from(int number) {
    if (number == first_proved) {
        stand_by(own_id());
        proving_begins();
    }
    if (number == last_proved) proving_ends();
}

int count(int number) {
    prove_from(number);
    return number;
}
std::string make_long(int number) {
    prove_from(number);
    return make<large>(number).text;
}
with_queue pass_on(with_queue given) {
    prove_from(given.number);
    if (given.proof.try_get() == given.number) given.proof.try_put(given.number);
    return given;
}
with_buffer lend_on(with_buffer given) {
    prove_from(given.number);
    return given;
}

bool is_right(int number, int found) { return found == number; }
bool is_right(int number, const std::string& found) { return found == make<large>(number).text; }
template <class M>
bool is_right(int number, const M& found) {
    return number_of(found) == number;
}

template <class T>
std::string judge(int number, const troupe::outcome<T>& one, int& failed) {
    if (one.ok())
        return is_right(number, one.value()) ? "" : "task " + std::to_string(number) + " gave something else;";
    const auto status = one.status();
    if (!status || status->signal() != SIGKILL || ++failed > 1) {
        return "task " + std::to_string(number) + " failed: " + one.why() + ';';
    }
    return "";
}

template <auto Fn>
troupe::task<std::string> mapped() {
    troupe::pool crew({.workers = 1});
    std::vector<int> numbers;
    for (int i = 0; i < tasks; ++i) numbers.push_back(i);
    auto results = crew.map<Fn>(numbers);
    std::string wrong;
    int next = 0, failed = 0;
    while (const auto one = co_await results.next()) wrong += judge(next++, *one, failed);
    if (next != tasks) wrong += "there are " + std::to_string(next) + " outcomes;";
    co_await crew.close();
    co_return wrong;
}

template <auto Fn, class M>
troupe::task<std::string> one_by_one() {
    troupe::pool crew({.workers = 1});
    std::string wrong;
    int failed = 0;
    for (int i = 0; i < tasks; ++i) {
        const auto one = co_await troupe::outcome_of(crew.run<Fn>(make<M>(i)));
        wrong += judge(i, one, failed);
    }
    co_await crew.close();
    co_return wrong;
}

// --- the owner

std::string echo(std::string text) { return text; }

troupe::task<> own_a_pool() {
    troupe::pool crew({.workers = 1});
    co_await crew.run<&echo>("first");
    stand_by(own_id());
    proving_begins();
    const std::string text = co_await crew.run<&echo>(make<large>(1).text);
    proving_ends();
    if (text != make<large>(1).text) throw std::logic_error("the task gave something else");
    co_await crew.close();
}

troupe::task<std::string> owned() {
    const auto one = co_await troupe::spawn<&own_a_pool>();
    const auto end = co_await one.join();
    co_return end.success() || end.code() == -SIGKILL ? "" : "the owner " + to_string(end);
}

}  // namespace

std::vector<scene> pooling_scenes() {
    return {
        {"work for a pool", victim::itself, &mapped<&count>},
        {"work for a pool, large results", victim::itself, &mapped<&make_long>},
        {"work for a pool, queues", victim::itself, &one_by_one<&pass_on, with_queue>},
        {"work for a pool, buffers", victim::itself, &one_by_one<&lend_on, with_buffer>},
        {"hand out to a pool", victim::itself, &owned},
    };
}

}  // namespace proving
