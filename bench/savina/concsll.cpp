// Savina's concurrent sorted linked list: how long do 160,000 requests of 20 actors to one sorted list take?
//
// The list is an actor. A worker asks it 8,000 times and waits for each answer: for its size in 1 of 100 requests, to
// insert a number of 16 bits in 10, whether it contains one in the others. As published, both of the latter walk the
// list, and a look-up does not stop where the number would have stood. The time is from the first worker's start until
// the last has told that it is done. A worker knows what it has inserted itself, and must find it; the list never
// shrinks; at the end it must be sorted, and as long and of the same sum as what the workers inserted.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <cstdint>
#include <forward_list>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "play.hpp"

namespace {

constexpr unsigned published_requests = 8'000, workers = 20, size_percentage = 1, insert_percentage = 10;
constexpr std::uint64_t numbers = 65'536;

struct insert {
    using reply = std::uint64_t;  // the number
    std::uint64_t number;
};
struct contains {
    using reply = std::uint64_t;  // 1 or 0
    std::uint64_t number;
};
struct size {
    using reply = std::uint64_t;
};
struct contents {
    std::uint64_t size = 0, sum = 0, unsorted = 0;
};
struct inspect {
    using reply = contents;
};

class sorted_list {
public:
    void insert(std::uint64_t number) {
        auto before = list_.before_begin();
        for (auto after = list_.begin(); after != list_.end() && *after <= number; ++after) before = after;
        list_.insert_after(before, number);
    }
    bool contains(std::uint64_t number) const { return std::find(list_.begin(), list_.end(), number) != list_.end(); }
    std::uint64_t size() const { return static_cast<std::uint64_t>(std::distance(list_.begin(), list_.end())); }
    contents all() const {
        contents told;
        std::uint64_t last = 0;
        for (const std::uint64_t number : list_) {
            ++told.size;
            told.sum += number;
            if (number < last) ++told.unsorted;
            last = number;
        }
        return told;
    }

private:
    std::forward_list<std::uint64_t> list_;
};

troupe::task<> keeper(troupe::mailbox<insert, contains, size, inspect> inbox) {
    sorted_list list;
    co_await inbox.serve(
        [&](insert m) {
            list.insert(m.number);
            return m.number;
        },
        [&](contains m) { return std::uint64_t{list.contains(m.number) ? 1U : 0U}; }, [&](size) { return list.size(); },
        [&](inspect) { return list.all(); });
}

struct begin {};
struct done {
    std::uint64_t inserted = 0, sum = 0, wrong = 0;
};

troupe::task<> worker(troupe::mailbox<begin> inbox, troupe::actor<insert, contains, size> list,
                      troupe::actor<done> master, unsigned seed, unsigned requests) {
    std::mt19937 random(seed);
    std::vector<bool> mine(numbers);
    std::uint64_t least_size = 0;
    done so_far;
    if (!co_await inbox.receive()) co_return;
    for (unsigned i = 0; i < requests; ++i) {
        const auto chance = random() % 100;
        const std::uint64_t number = random() % numbers;
        if (chance < size_percentage) {
            const std::uint64_t now = co_await list.ask(size{});
            if (now < least_size) ++so_far.wrong;
            least_size = now;
        } else if (chance < size_percentage + insert_percentage) {
            const std::uint64_t back = co_await list.ask(insert{number});
            if (back != number) ++so_far.wrong;
            mine[number] = true;
            ++so_far.inserted;
            so_far.sum += number;
            ++least_size;
        } else {
            const std::uint64_t there = co_await list.ask(contains{number});
            if (there > 1 || (there == 0 && mine[number])) ++so_far.wrong;
        }
    }
    co_await master.send(so_far);
}

troupe::task<int> master(troupe::mailbox<done> inbox, bench::savina::wishes told) {
    const unsigned requests = scaled(published_requests, told);
    const auto list = co_await troupe::spawn<keeper>();
    std::vector<troupe::actor<begin>> crew;
    crew.reserve(workers);
    for (unsigned i = 0; i < workers; ++i)
        crew.push_back(co_await troupe::spawn<worker>(list, inbox.address(), i, requests));

    done all;
    const std::int64_t start = bench::now_ns();
    for (const auto& one : crew) co_await one.send(begin{});
    for (unsigned i = 0; i < workers; ++i) {
        const auto one = co_await inbox.receive();
        if (!one) co_return 1;
        all = {all.inserted + one->inserted, all.sum + one->sum, all.wrong + one->wrong};
    }
    const std::int64_t took = bench::now_ns() - start;

    const contents after = co_await list.ask(inspect{});
    bool right = all.wrong == 0 && after.unsorted == 0 && after.size == all.inserted && after.sum == all.sum;
    right = co_await bench::savina::dismiss(crew) && right;
    right = co_await bench::savina::dismiss(std::vector{list}) && right;
    co_return report("concsll", told, took, std::uint64_t{2} * workers * requests, right) ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    return bench::savina::play<master>("How long do 160,000 requests of 20 actors to one sorted list take?",
                                       std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
