// Objects: a class in a process of its own, whose methods are called by name.
#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <vector>

#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::host;
using troupe::object;
using troupe::outcome_of;
using troupe::task;

class book {
public:
    explicit book(std::string town) : town_(std::move(town)) {
        if (town_.empty()) throw std::invalid_argument("a town has a name");
    }
    book(const book&) = delete;

    void add(std::string name, int number) { numbers_[name] = number; }
    std::optional<int> find(const std::string& name) const {
        const auto found = numbers_.find(name);
        return found == numbers_.end() ? std::nullopt : std::optional(found->second);
    }
    std::string town() const noexcept { return town_; }
    int must_find(std::string name) const { return numbers_.at(name); }
    task<int> find_later(std::string name) {
        co_await troupe::sleep_for(1ms);
        co_return numbers_.at(name);
    }
    task<> add_later(std::string name, int number) {
        co_await troupe::sleep_for(1ms);
        numbers_[name] = number;
    }
    long pick(int) const { return 1; }
    long pick(const std::string&) const { return 2; }
    void crash() { std::raise(SIGKILL); }
    void refuse() { throw std::logic_error("refused"); }
    int process() const { return getpid(); }
    std::string actor_name() const { return troupe::this_actor::name(); }

private:
    std::string town_;
    std::map<std::string, int> numbers_;
};

struct counter_base {
    int count = 0;
    int next() { return ++count; }
};
struct counter : counter_base {};

template <class T>
struct cell {
    T value{};
    void set(T to) { value = to; }
    T get() const { return value; }
};

// Ends the object with the test.
template <class T>
struct kept : object<T> {
    kept(object<T> one) : object<T>(one) {}
    kept(const kept&) = delete;
    ~kept() {
        this->kill();
        watched(this->join());
    }
};

task<> add_some(object<book> into, int from) {
    for (int i = from; i < from + 50; ++i) co_await into.post<&book::add>("caller " + std::to_string(i), i);
}

}  // namespace

TEST_CASE("An object is made in a process of its own, and its methods are called there") {
    const kept town = watched(host<book>("Seoul"));
    CHECK(watched(town.call<&book::process>()) == town.pid());
    CHECK(town.pid() != getpid());
    CHECK(watched(town.call<&book::town>()) == "Seoul");
    watched(town.call<&book::add>("Ada", 7));
    CHECK(watched(town.call<&book::find>("Ada")) == 7);
    CHECK(watched(town.call<&book::find>("Bob")) == std::nullopt);
}

TEST_CASE("A method that is a coroutine is waited for, and holds up those behind it") {
    const kept town = watched(host<book>("Seoul"));
    watched(town.post<&book::add_later>("Ada", 7));
    CHECK(watched(town.call<&book::find_later>("Ada")) == 7);
}

TEST_CASE("What is posted is done in order") {
    const kept town = watched(host<book>("Seoul"));
    for (int i = 0; i < 100; ++i) watched(town.post<&book::add>("Ada", i));
    CHECK(watched(town.call<&book::find>("Ada")) == 99);
}

TEST_CASE("Many processes may hold a reference to an object") {
    const kept town = watched(host<book>("Seoul"));
    const auto a = watched(troupe::spawn<&add_some>(town, 0));
    const auto b = watched(troupe::spawn<&add_some>(town, 50));
    CHECK(watched(a.join()).success());
    CHECK(watched(b.join()).success());
    for (int i = 0; i < 100; ++i) CHECK(watched(town.call<&book::find>("caller " + std::to_string(i))) == i);
}

TEST_CASE("Overloads of a method are told apart") {
    const kept town = watched(host<book>("Seoul"));
    CHECK(watched(town.call<static_cast<long (book::*)(int) const>(&book::pick)>(1)) == 1);
    CHECK(watched(town.call<static_cast<long (book::*)(const std::string&) const>(&book::pick)>("one")) == 2);
}

TEST_CASE("Methods of a base and of a class template are called as others are") {
    const kept one = watched(host<counter>());
    CHECK(watched(one.call<&counter::next>()) == 1);
    CHECK(watched(one.call<&counter_base::next>()) == 2);
    const kept text = watched(host<cell<std::string>>());
    const kept number = watched(host<cell<int>>());
    watched(text.call<&cell<std::string>::set>("word"));
    watched(number.call<&cell<int>::set>(3));
    CHECK(watched(text.call<&cell<std::string>::get>()) == "word");
    CHECK(watched(number.call<&cell<int>::get>()) == 3);
}

TEST_CASE("A call throws what the method throws, and the object goes on") {
    const kept town = watched(host<book>("Seoul"));
    const auto missing = watched(outcome_of(town.call<&book::must_find>("nobody")));
    CHECK(missing.why().find("std::out_of_range") != std::string::npos);
    CHECK(watched(town.call<&book::town>()) == "Seoul");
}

TEST_CASE("A posted method that throws ends the object with its exception") {
    const kept town = watched(host<book>("Seoul"));
    watched(town.post<&book::refuse>());
    CHECK(watched(town.join()).exception_text() == "refused");
}

TEST_CASE("A method that crashes ends the object, and its caller is told how") {
    const kept town = watched(host<book>("Seoul"));
    const auto what = watched(outcome_of(town.call<&book::crash>()));
    REQUIRE(what.status().has_value());
    CHECK(what.status()->signal() == SIGKILL);
}

TEST_CASE("A constructor that throws is the reason why there is no object") {
    const auto what = watched(outcome_of(host<book>("")));
    CHECK(what.why().find("a town has a name") != std::string::npos);
}

TEST_CASE("An object has the name of its class, unless it is given one") {
    const kept plain = watched(host<book>("Seoul")), named = watched(host<book>({.name = "ledger"}, "Seoul"));
    CHECK(watched(plain.call<&book::actor_name>()) == "book");
    CHECK(watched(named.call<&book::actor_name>()) == "ledger");
}

TEST_CASE("An object that is asked to stop does what it was sent, and is destroyed") {
    const kept town = watched(host<book>("Seoul"));
    watched(town.post<&book::add>("Ada", 1));
    town.stop();
    CHECK(watched(town.join()).success());
    CHECK_THROWS_AS(watched(town.call<&book::town>()), troupe::actor_died);
}

TEST_CASE("A reference to an object can be compared and hashed") {
    const kept a = watched(host<counter>()), b = watched(host<counter>());
    const std::unordered_set<object<counter>> both{a, b, a};
    CHECK(both.size() == 2);
    CHECK(a != b);
    CHECK_FALSE(object<counter>());
}

TEST_CASE("A supervised object is made anew, from the same arguments") {
    troupe::supervisor team;
    const auto town = watched(team.host<book>({}, {.name = "book"}, "Seoul"));
    watched(town.call<&book::add>("Ada", 7));
    const int before = watched(town.call<&book::process>());
    CHECK_FALSE(watched(outcome_of(town.call<&book::crash>())).ok());
    CHECK(watched(town.call<&book::town>()) == "Seoul");
    CHECK(watched(town.call<&book::process>()) != before);
    CHECK(watched(town.call<&book::find>("Ada")) == std::nullopt);
    watched(team.stop());
}
