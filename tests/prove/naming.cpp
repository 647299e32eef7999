// Scenes in which the victim has a public name, or is a subscriber or a publisher.
//
// Whatever it was doing, its name is free and it is no subscriber when its end can be known; what it had published has
// reached some in its order; and the others go on.
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "prove/parts.hpp"
#include "prove/scene.hpp"

namespace proving {
namespace {

using troupe::actor, troupe::mailbox, troupe::task, troupe::topic;

struct collected {
    using reply = std::vector<int>;
};

task<> collect(mailbox<flat, large, collected> inbox) {
    std::vector<int> numbers;
    co_await inbox.serve([&](const flat& m) { numbers.push_back(number_of(m)); },
                         [&](const large& m) { numbers.push_back(number_of(m)); }, [&](collected) { return numbers; });
}
using collector = actor<flat, large, collected>;

std::string judge_end(const troupe::exit_status& end) {
    return end.code() == -SIGKILL || end.success() ? "" : "the victim " + to_string(end) + ';';
}

task<> end_all(std::vector<collector> all) {
    for (const collector& one : all) {
        one.stop();
        co_await one.join();
    }
}

// --- names

task<> claim_and_release(mailbox<flat> inbox) {
    stand_by(own_id());
    proving_begins();
    co_await troupe::claim_name("of the victim", inbox.address());
    co_await troupe::release_name("of the victim");
    co_await troupe::claim_name("of the victim", inbox.address());
    proving_ends();
}

task<std::string> victim_claims() {
    const auto victim = co_await troupe::spawn<&claim_and_release>();
    const auto end = co_await victim.join();
    const auto found = co_await troupe::find_name<flat>("of the victim");
    const auto next = co_await troupe::spawn<&collect>();
    co_await troupe::claim_name("of the victim", next);
    co_await end_all({next});
    co_return judge_end(end) + (found ? "its name is still known;" : "");
}

// The program looks it up all the while.
task<std::string> holder_is_looked_up() {
    const auto victim = co_await troupe::spawn<&claim_and_release>();
    std::string wrong;
    while (victim.alive()) {
        const auto found = co_await troupe::find_name<flat>("of the victim");
        if (found && *found != victim) wrong = "somebody else was found;";
        co_await troupe::yield();
    }
    const auto end = co_await victim.join();
    const auto found = co_await troupe::find_name<flat>("of the victim");
    co_return wrong + judge_end(end) + (found ? "its name is still known;" : "");
}

task<> await_the_name() {
    stand_by(own_id());
    proving_begins();
    co_await troupe::await_name<flat>("of another");
    proving_ends();
}

task<std::string> victim_waits_for_a_name() {
    const auto other = co_await troupe::spawn<&collect>();
    const auto victim = co_await troupe::spawn<&await_the_name>();
    co_await until_at_rest(co_await until_there_is_a_victim());
    co_await troupe::claim_name("of another", other);
    const auto end = co_await victim.join();
    co_await end_all({other});
    co_return judge_end(end);
}

// --- topics

template <class M>
task<> publish_two(topic<M> to) {
    stand_by(own_id());
    proving_begins();
    co_await to.publish(make<M>(1));
    co_await to.publish(make<M>(2));
    proving_ends();
}

template <class M>
std::string judge_news(const std::vector<int>& got) {
    static const std::vector<std::vector<int>> right = {{3}, {1, 3}, {1, 2, 3}};
    for (const auto& one : right) {
        if (got == one) return "";
    }
    return "a subscriber got " + in_words(got) + ';';
}

template <class M>
task<std::string> victim_publishes() {
    const topic<M> news(std::is_same_v<M, flat> ? "flat news" : "large news");
    std::vector<collector> readers;
    for (int i = 0; i < 2; ++i) {
        readers.push_back(co_await troupe::spawn<&collect>());
        co_await news.subscribe(readers.back());
    }
    const auto victim = co_await troupe::spawn<&publish_two<M>>(news);
    const auto end = co_await victim.join();
    co_await news.publish(make<M>(3));
    std::string wrong = judge_end(end);
    for (const collector& one : readers) {
        const auto got = co_await one.ask(collected{});
        wrong += judge_news<M>(got);
    }
    co_await end_all(readers);
    co_return wrong;
}

task<> read_late(mailbox<flat> inbox, std::uint32_t phase) {
    co_await until_phase(phase);
    while (co_await inbox.receive()) {
    }
}

task<std::string> victim_waits_for_room() {
    const topic<flat> news("news to the slow");
    const auto slow = co_await troupe::spawn<&read_late>({.mailbox = 64 << 10}, 1u);
    co_await news.subscribe(slow);
    while (slow.try_send(flat{0}) == troupe::send_result::sent) {
    }
    const auto victim = co_await troupe::spawn<&publish_two<flat>>(news);
    co_await until_at_rest(co_await until_there_is_a_victim());
    reach_phase(1);
    const auto end = co_await victim.join();
    co_await news.publish(flat{3});
    slow.stop();
    const auto ended = co_await slow.join();
    co_return judge_end(end) + (ended.success() ? "" : "the subscriber " + to_string(ended));
}

task<> subscribe_and_read(mailbox<flat> inbox, topic<flat> to) {
    stand_by(own_id());
    proving_begins();
    co_await to.subscribe(inbox.address());
    for (int i = 0; i < 2; ++i) co_await inbox.receive();
    co_await to.unsubscribe(inbox.address());
    proving_ends();
}

// The program publishes all the while, to a subscriber that does not die as well.
task<std::string> subscriber_is_published_to() {
    const topic<flat> news("news to the mortal");
    const auto other = co_await troupe::spawn<&collect>();
    co_await news.subscribe(other);
    const auto victim = co_await troupe::spawn<&subscribe_and_read>(news);
    int published = 0;
    while (victim.alive()) {
        co_await news.publish(flat{++published});
        co_await troupe::sleep_for(std::chrono::microseconds(200));
    }
    const auto end = co_await victim.join();
    const auto got = co_await other.ask(collected{});
    std::string wrong = judge_end(end);
    if (static_cast<int>(got.size()) != published) wrong += "the other subscriber missed some;";
    if (news.subscribers() != 1) wrong += "the dead one is still a subscriber;";
    co_await end_all({other});
    co_return wrong;
}

}  // namespace

std::vector<scene> naming_scenes() {
    return {
        {"claim a name", victim::itself, &victim_claims},
        {"have a name that is looked up", victim::itself, &holder_is_looked_up},
        {"wait for a name", victim::itself, &victim_waits_for_a_name},
        {"publish, small", victim::itself, &victim_publishes<flat>},
        {"publish, large", victim::itself, &victim_publishes<large>},
        {"publish, one is full", victim::itself, &victim_waits_for_room},
        {"subscribe and be published to", victim::itself, &subscriber_is_published_to},
    };
}

}  // namespace proving
