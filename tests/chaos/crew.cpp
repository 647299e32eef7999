#include "chaos/crew.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <ranges>
#include <string>

#include "chaos/witness.hpp"
#include "open_files.hpp"

namespace chaos {
namespace {

using namespace std::chrono_literals;
using troupe::task;

// Mostly small; one in eight takes a block of its own.
constexpr std::uint32_t load_of(std::uint32_t number) { return number % 8 == 7 ? 100 + number % 1500 : 0; }

// What the actor with this witness does next, or nothing when it is to end.
bool begin(doer& self, std::uint32_t& number) {
    number = self.begun;
    if (the_witness().over != 0 || number == most_acts) return false;
    self.begun = number + 1;
    return true;
}

// Now and then everybody sleeps, so that all that waits is also met asleep.
class rhythm {
public:
    task<> beat() {
        if (left_-- > 0) co_return;
        left_ = length_(random_);
        co_await troupe::sleep_for(1ms);
    }

private:
    std::minstd_rand random_{std::random_device{}()};
    std::uniform_int_distribution<int> length_{0, 40};
    int left_ = 0;
};

// Every second one becomes nobody, as a server does that was started by root.
void give_up_rights(std::uint32_t self) {
    constexpr uid_t nobody = 65534;
    if (self % 2 == 0 || geteuid() != 0) return;
    if (setgid(nobody) != 0 || setuid(nobody) != 0) std::abort();
}

// The first to come makes the group, and so does whoever comes when all of it are gone.
void join_the_group() {
    const pid_t known = the_witness().group;
    if (known != 0 && setpgid(0, known) == 0) return;
    if (setpgid(0, 0) == 0) the_witness().group = getpid();
}

template <class Content>
void check_content(const Content& one) {
    if (!is_whole(one)) ++the_witness().spoilt;
}

// What comes from one sender comes in its order.
void check_order(std::atomic<std::uint32_t>& latest, const item& one, std::atomic<std::uint32_t>& faults) {
    if (one.number < latest) {
        ++faults;
    } else {
        latest = one.number + 1;
    }
}

// --- one queue

task<> produce(troupe::queue<freight> items, std::uint32_t self) {
    doer& me = the_witness().put[self];
    rhythm mine;
    for (std::uint32_t number = 0; begin(me, number);) {
        co_await items.put(make_freight(self, number));
        the_witness().acknowledged[self][number] = 1;
        ++me.done;
        co_await mine.beat();
    }
}

task<> consume(troupe::queue<freight> items, std::uint32_t self) {
    give_up_rights(self);
    rhythm mine;
    while (const auto one = co_await items.get()) {
        ++the_witness().got[one->what.from][one->what.number];
        check_content(*one);
        check_order(the_witness().latest_got[self][one->what.from], one->what, the_witness().overtaken);
        items.task_done();
        co_await mine.beat();
    }
}

// --- requests

struct add {
    using reply = std::uint32_t;
    item what;
};
using server = troupe::actor<add>;

task<> answer(troupe::mailbox<add> inbox) {
    co_await inbox.serve([](add m) {
        ++the_witness().applied[m.what.from][m.what.number];
        check_content(m.what);
        return m.what.number + 1;
    });
}

task<> ask(std::vector<server> of, std::uint32_t self) {
    doer& me = the_witness().asked[self];
    rhythm mine;
    for (std::uint32_t number = 0; begin(me, number);) {
        try {
            const auto sum = co_await of[number % of.size()].ask(add{make_item(self, number)}, patience);
            if (sum != number + 1) ++the_witness().spoilt;
            the_witness().answered[self][number] = 1;
            ++me.done;
        } catch (const troupe::actor_died&) {
        } catch (const troupe::timed_out&) {
            ++the_witness().late;
        }
        co_await mine.beat();
    }
}

// --- messages without an answer

using sink = troupe::actor<freight>;

task<> hear(troupe::mailbox<freight> inbox, std::uint32_t self) {
    give_up_rights(self);
    while (const auto one = co_await inbox.receive()) {
        ++the_witness().heard[one->what.from][one->what.number];
        check_content(*one);
        check_order(the_witness().latest_heard[self][one->what.from], one->what, the_witness().out_of_order);
    }
}

task<> tell(std::vector<sink> all, std::uint32_t self) {
    join_the_group();
    doer& me = the_witness().sent[self];
    rhythm mine;
    for (std::uint32_t number = 0; begin(me, number);) {
        co_await all[self % all.size()].send(make_freight(self, number));
        the_witness().told[self][number] = 1;
        ++me.done;
        co_await mine.beat();
    }
}

// --- a topic, and names

using radio = troupe::actor<item>;

std::string name_of_radio(std::size_t number) { return "radio " + std::to_string(number); }

task<> receive_news(troupe::mailbox<item> inbox, std::uint32_t self) {
    give_up_rights(self);
    while (const auto one = co_await inbox.receive()) {
        ++the_witness().received[self][one->from][one->number];
        check_content(*one);
        check_order(the_witness().latest_received[self][one->from], *one, the_witness().out_of_order);
    }
}

task<> air(troupe::topic<item> news, std::uint32_t self) {
    doer& me = the_witness().aired[self];
    rhythm mine;
    for (std::uint32_t number = 0; begin(me, number);) {
        co_await news.publish(make_item(self, number));
        the_witness().published[self][number] = 1;
        ++me.done;
        const auto found = co_await troupe::find_name<item>(name_of_radio(number % radios));
        if (!found) ++the_witness().unnamed;
        co_await mine.beat();
    }
}

// --- pipes

constexpr std::uint32_t most_of_a_session = 500;

task<> talk(troupe::connection<item, item> far, std::uint32_t number) {
    session& now = the_witness().session_of[number];
    rhythm mine;
    try {
        for (std::uint32_t i = 0; i < most_of_a_session && the_witness().over == 0; ++i) {
            co_await far.send(make_item(number, i));
            now.sent = i + 1;
            co_await mine.beat();
        }
    } catch (const troupe::closed&) {
    }
}

task<> listen(troupe::connection<item, item> far, std::uint32_t number) {
    session& now = the_witness().session_of[number];
    rhythm mine;
    while (const auto one = co_await far.receive()) {
        check_content(*one);
        if (one->from != number || one->number != now.received) ++the_witness().out_of_order;
        now.received = one->number + 1;
        co_await mine.beat();
    }
    now.ended = 1;
}

// Two children of its own and a pipe between them, again and again.
task<> pair_up() {
    while (the_witness().over == 0) {
        const std::uint32_t number = the_witness().sessions++;
        if (number >= most_sessions) co_return;
        try {
            auto [one, other] = troupe::pipe<item, item>();
            const auto listener = co_await troupe::spawn<listen>(std::move(other), number);
            const auto talker = co_await troupe::spawn<talk>(std::move(one), number);
            co_await talker.join();
            co_await listener.join();
        } catch (const troupe::spawn_failed&) {
            // killed before it reached its function
        }
    }
}

// --- pools

constexpr std::uint32_t field = 300;  // tasks of one harvest

item plough(std::uint32_t number) { return make_item(1, number); }

// A pool of its own, again and again. Its workers are found by trouble as everybody is.
task<> farm() {
    while (the_witness().over == 0) {
        troupe::pool hands({.workers = 2, .attempts = 2, .worker = {.name = "hand"}});
        try {
            auto results = hands.map<plough>(std::views::iota(0U, field));
            std::uint32_t next = 0;
            while (const auto one = co_await results.next()) {
                const bool sound =
                    one->index() == next && (!one->ok() || (is_whole(one->value()) && one->value().number == next));
                if (!sound) ++the_witness().spoilt;
                ++next;
            }
            if (next != field) ++the_witness().spoilt;
            ++the_witness().harvests;
        } catch (const troupe::spawn_failed&) {
            // Its hands were killed before they began, four times in a row.
        }
        co_await hands.close();
    }
}

// --- a lock and permits

constexpr std::uint64_t an_entry = 10;

void log_entry(std::uint32_t self, std::uint32_t number) {
    troupe::this_actor::log(troupe::log_level::info,
                            std::to_string(self) + ' ' + std::to_string(number) + " is booked");
    the_witness().logged[self][number] = 1;
}

task<> keep_books(troupe::shared<till> of, troupe::semaphore permits, std::uint32_t self) {
    doer& me = the_witness().booked[self];
    rhythm mine;
    for (std::uint32_t number = 0; begin(me, number);) {
        co_await permits.acquire(1 + number % 2);
        {
            auto inside = co_await of.lock();
            if (inside->balance != an_entry * inside->entries && !inside.abandoned()) ++the_witness().half_entries;
            inside->balance = an_entry * inside->entries;
            inside->entries += 1;
            inside->balance += an_entry;
        }
        permits.release(1 + number % 2);
        ++me.done;
        log_entry(self, number);
        co_await mine.beat();
    }
}

// All is free again, however its users ended.
task<> close_books(troupe::shared<till> of, troupe::semaphore permits) {
    auto inside = co_await of.lock();
    the_witness().entries = inside->entries;
    co_await permits.acquire(most_permits);
    the_witness().permits = most_permits + permits.available();
}

// --- commands

// One to its end, beside one that is let go and one that has started another: what is left of any is found at the end.
task<> command_others() {
    // The program is the parent of whatever is orphaned here, and takes its time to collect it: so not in each round.
    for (unsigned round = 0; the_witness().over == 0; ++round) {
        const auto one = co_await troupe::command({"sleep", "1000"}).start();
        const char* script = round % 16 == 0 ? "sleep 1000 & cat" : "cat";
        auto other = co_await troupe::command({"sh", "-c", script}).start();
        co_await other.input().write("a line\n");
        std::string line;
        co_await other.output().read_line(line);
        const auto sorted = co_await troupe::command({"sort", "-r"}).input("a\nc\nb\n").run();
        if (sorted.output != "c\nb\na\n" || line != "a line") ++the_witness().spoilt;
        ++the_witness().commands;
    }
}

// For good: one that will be started again has not ended.
task<> all_ended(const troupe::supervisor& of) {
    const std::vector<troupe::actor<>> all = of.children();
    for (const auto& one : all) co_await one.join();
}

troupe::supervisor_options without_end() { return {.max_restarts = ~0U, .back_off = 0ns}; }

}  // namespace

void read_log(const troupe::log_line& line) {
    const std::string text(line.text);
    std::uint32_t self = 0, number = 0, dropped = 0;
    char last = 0;
    if (std::sscanf(text.c_str(), "%u %u is booke%c", &self, &number, &last) == 3 && last == 'd' && self < tellers &&
        number < most_acts) {
        the_witness().written[self][number] = 1;
    } else if (line.actor == "troupe-log" && std::sscanf(text.c_str(), "%u line", &dropped) == 1) {
        the_witness().dropped_lines += dropped;
    } else if (line.actor != "program") {
        ++the_witness().odd_lines;
    }
}

item make_item(std::uint32_t from, std::uint32_t number) {
    return {from, number, std::vector<std::uint32_t>(load_of(number), number ^ from)};
}

bool is_whole(const item& one) {
    return one.load.size() == load_of(one.number) &&
           std::all_of(one.load.begin(), one.load.end(),
                       [&](std::uint32_t word) { return word == (one.number ^ one.from); });
}

constexpr bool has_file(std::uint32_t number) { return number % 16 == 5; }

freight make_freight(std::uint32_t from, std::uint32_t number) {
    freight made{make_item(from, number)};
    if (has_file(number)) made.file = open_files::holding(static_cast<int>(number));
    return made;
}

bool is_whole(const freight& one) {
    const auto number = static_cast<int>(one.what.number);
    const bool file_is_right = one.file ? open_files::held_by(*one.file) == number : !has_file(one.what.number);
    return is_whole(one.what) && file_is_right;
}

crew::crew()
    : items_({.capacity = 256}),
      permits_(most_permits),
      consumers_(without_end()),
      producers_(without_end()),
      clients_(without_end()),
      pairs_(without_end()),
      farms_(without_end()),
      tellers_(without_end()),
      commanders_(without_end()),
      services_(without_end()) {}

std::size_t crew::restarts() const noexcept {
    return consumers_.restarts() + producers_.restarts() + clients_.restarts() + pairs_.restarts() + farms_.restarts() +
           tellers_.restarts() + commanders_.restarts() + services_.restarts();
}

task<> crew::start() {
    const troupe::supervision until_done{.restart = troupe::restart_policy::transient};
    std::vector<server> all_servers;
    std::vector<sink> all_sinks;
    const troupe::topic<item> news("news");
    for (std::size_t i = 0; i < servers; ++i) {
        const troupe::supervision how{.deliveries = i < servers / 2 ? 1 : most_deliveries};
        all_servers.push_back(co_await services_.spawn<answer>(
            how, {.name = "server " + std::to_string(i), .message_deadline = handler_deadline}));
    }
    for (std::uint32_t i = 0; i < sinks; ++i) {
        all_sinks.push_back(co_await services_.spawn<hear>({.name = "sink " + std::to_string(i)}, i));
    }
    for (std::uint32_t i = 0; i < radios; ++i) {
        const radio one = co_await services_.spawn<receive_news>({.name = name_of_radio(i)}, i);
        co_await news.subscribe(one);
        co_await troupe::claim_name(name_of_radio(i), one);
    }
    for (std::uint32_t i = 0; i < stations; ++i) {
        co_await clients_.spawn<air>(until_done, {.name = "station " + std::to_string(i)}, news, i);
    }
    for (std::uint32_t i = 0; i < consumers; ++i) {
        co_await consumers_.spawn<consume>(until_done, {.name = "consumer " + std::to_string(i)}, items_, i);
    }
    for (std::uint32_t i = 0; i < producers; ++i) {
        co_await producers_.spawn<produce>(until_done, {.name = "producer " + std::to_string(i)}, items_, i);
    }
    for (std::uint32_t i = 0; i < askers; ++i) {
        co_await clients_.spawn<ask>(until_done, {.name = "asker " + std::to_string(i)}, all_servers, i);
    }
    for (std::uint32_t i = 0; i < senders; ++i) {
        co_await clients_.spawn<tell>(until_done, {.name = "sender " + std::to_string(i)}, all_sinks, i);
    }
    for (std::uint32_t i = 0; i < tellers; ++i) {
        co_await tellers_.spawn<keep_books>(until_done, {.name = "teller " + std::to_string(i)}, till_, permits_, i);
    }
    for (std::size_t i = 0; i < pairs; ++i) {
        co_await pairs_.spawn<pair_up>(until_done, {.name = "pair " + std::to_string(i)});
    }
    for (std::size_t i = 0; i < commanders; ++i) {
        co_await commanders_.spawn<command_others>(until_done, {.name = "commander " + std::to_string(i)});
    }
    for (std::size_t i = 0; i < farms; ++i) {
        co_await farms_.spawn<farm>(until_done, {.name = "farm " + std::to_string(i)});
    }
}

task<> crew::finish() {
    the_witness().over = 1;
    for (const auto* some : {&producers_, &clients_, &pairs_, &farms_, &tellers_, &commanders_})
        co_await troupe::with_timeout(patience, all_ended(*some));
    co_await troupe::with_timeout(patience, close_books(till_, permits_));
    items_.close();
    co_await troupe::with_timeout(patience, all_ended(consumers_));
    for (troupe::supervisor* one :
         {&consumers_, &producers_, &clients_, &pairs_, &farms_, &tellers_, &commanders_, &services_}) {
        co_await troupe::with_timeout(patience, one->stop());
    }
}

task<> crew::give_up() {
    the_witness().over = 1;
    items_.close();
    for (troupe::supervisor* one :
         {&consumers_, &producers_, &clients_, &pairs_, &farms_, &tellers_, &commanders_, &services_}) {
        try {
            co_await troupe::with_timeout(patience, one->stop());
        } catch (const troupe::timed_out&) {
            // that is part of what has failed already
        }
    }
}

}  // namespace chaos
