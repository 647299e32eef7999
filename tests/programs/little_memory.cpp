// A program that may use little shared memory: past it, an error at creation, and never SIGBUS.
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

namespace {

int nothing() { return 7; }

struct node {
    std::vector<troupe::queue<node>> next;
    std::vector<char> ballast;
};

troupe::task<int> put_in_themselves(int count) {
    for (int i = 0; i < count; ++i) {
        troupe::queue<node> one({.capacity = 4});
        co_await one.put(node{{one}, std::vector<char>(500'000)});
    }
    co_return count;
}

std::size_t length_of(std::string text) { return text.size(); }

troupe::task<bool> fails_alone() {
    std::vector<std::string> inputs(2'000, "x");
    inputs[1'500] = std::string(16 << 20, 'x');
    troupe::pool crew({.workers = 1});
    auto results = crew.map<length_of>(inputs);
    bool as_expected = true;
    while (const auto one = co_await results.next()) {
        as_expected = as_expected && one->ok() == (one->index() != 1'500);
        if (!one->ok()) std::printf("    %s\n", one->why().c_str());
    }
    as_expected = as_expected && results.done() == inputs.size();
    co_await crew.close();
    co_return as_expected;
}

int live() {
    verdict said;
    using bytes = std::vector<char>;
    troupe::queue<bytes> q({.capacity = 4});
    said.refuses<troupe::out_of_memory>(
        "memory: a message for which there is none is refused where it is put",
        [&] { static_cast<void>(troupe::sync_wait(q.put(bytes(16 << 20)))); }, "run_options::memory");
    said.check("memory: the queue is unchanged by it", q.size() == 0 && q.try_put(bytes(10)) && q.size() == 1);
    bool freed = false;
    try {
        freed = troupe::sync_wait(put_in_themselves(50)) == 50;
    } catch (const troupe::out_of_memory& error) {
        std::printf("    %s\n", error.what());
    }
    said.check("memory: what lies in a queue that nobody can reach is used again when there is none left", freed);
    std::vector<troupe::queue<int>> many;
    said.refuses<troupe::out_of_memory>(
        "memory: a ring for which there is none is refused when it is made",
        [&] {
            for (int i = 0; i < 1000; ++i) many.emplace_back();
        },
        "run_options::memory");
    said.refuses<troupe::out_of_memory>(
        "memory: an actor whose mailbox finds none is not started",
        [] {
            troupe::sync_wait(troupe::spawn<+[](troupe::mailbox<int>) {}>(troupe::spawn_options{.mailbox = 64 << 20}));
        },
        "run_options::memory");
    many.clear();
    said.refuses<troupe::out_of_memory>(
        "memory: an array for which there is none is refused when it is made",
        [] { const troupe::shared_array<char> all(16 << 20); }, "run_options::memory");
    {
        const troupe::shared_array<char> few(10'000);
        said.check("memory: a smaller array is made then, and is zero", few[9'999] == 0);
    }
    said.check("memory: an input of a pool for which there is none fails, and those beside it do not",
               troupe::sync_wait(fails_alone()));
    const auto child = troupe::sync_wait(troupe::spawn<&nothing>());
    said.check("memory: what was let go can be used again", troupe::sync_wait(child.join()).code() == 7);
    return said.close();
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<live>(argc, argv, {.memory = std::size_t{8} << 20}); }
