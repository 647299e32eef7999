// Scenes in which the victim sends: to a mailbox, to a queue, through a pipe.
//
// The numbers it sent count up from 0. Every one whose send returned arrives, in order and once, and at most one more.
// Others send after it, and all of theirs arrive.
#include <algorithm>
#include <array>
#include <csignal>

#include "prove/parts.hpp"
#include "prove/scene.hpp"

namespace proving {
namespace {

using std::vector;

enum class receiver : std::uint8_t {
    awake,    // looks without end
    parked,   // sleeps when the victim sends
    behind,   // reads once the victim sleeps: it waits for room
    crowded,  // the same, and another sender waits for room as well
};

struct plan {
    std::uint64_t receiver_id = 0;
    receiver state = receiver::awake;
    int before = 0;   // messages that the victim has sent when the operation begins
    int at_once = 1;  // messages that the operation sends
};

constexpr int first_of_others = 1'000'000;
constexpr int others = 3;

template <class From>
troupe::task<vector<int>> read_all(From from, plan planned) {
    vector<int> numbers;
    if (planned.state == receiver::behind || planned.state == receiver::crowded) {
        co_await until_at_rest(co_await until_there_is_a_victim());
    }
    if (planned.state == receiver::awake) {
        while (board::here().phase == 0) {
            if (const auto message = try_receive_by(from)) {
                numbers.push_back(number_of(*message));
            } else {
                co_await troupe::yield();
            }
        }
    }
    while (const auto message = co_await receive_by(from)) numbers.push_back(number_of(*message));
    co_return numbers;
}

// The same as an actor of its own; otherwise the program reads, which saves a process a round.
template <class From>
troupe::task<> collect(From from, plan planned, troupe::queue<vector<int>> results) {
    co_await results.put(co_await read_all(std::move(from), planned));
}

template <class To, class M>
troupe::task<> send_one(To to, plan planned) {
    auto& noted = board::here().noted;
    int number = 0;
    for (; number < planned.before; ++number) {
        co_await send_by(to, make<M>(number));
        ++noted;
    }
    if (planned.state == receiver::behind || planned.state == receiver::crowded) {
        while (try_send_by(to, make<M>(number))) noted = static_cast<std::uint32_t>(++number);
        reach_phase(1);
    }
    if (planned.state == receiver::crowded) co_await until_phase(2);
    if (planned.state == receiver::parked) {
        co_await until_phase(1);
        co_await until_at_rest({planned.receiver_id});
    }
    vector<M> next;
    for (int i = 0; i < planned.at_once; ++i) next.push_back(make<M>(number + i));
    stand_by(own_id());
    proving_begins();
    if (planned.at_once == 1) {
        co_await send_by(to, next.front());
    } else if constexpr (requires { to.send_many(next); }) {
        co_await to.send_many(next);
    }
    noted += static_cast<std::uint32_t>(planned.at_once);
    proving_ends();
}

// A reader that will wait for the victim.
troupe::task<> until_at_rest_if_it_will(troupe::detail::actor_id reader, plan planned) {
    if (planned.state == receiver::parked) co_await until_at_rest(reader);
}

// Waits for room before the victim does.
template <class To, class M>
troupe::task<> send_beside(To to, int first) {
    co_await until_phase(1);
    for (int i = 0; i < others; ++i) co_await send_by(to, make<M>(first + i));
}

// Sets the victim free when the rival waits.
troupe::task<> let_in_behind(troupe::detail::actor_id rival) {
    co_await until_phase(1);
    co_await until_at_rest(rival);
    reach_phase(2);
}

std::string judge(const vector<vector<int>>& collected, const troupe::exit_status& end, vector<int> from_others,
                  int at_once = 1) {
    const int noted = static_cast<int>(board::here().noted);
    const bool killed = end.code() == -SIGKILL;
    if (!killed && !end.success()) return "the sender " + to_string(end);
    vector<int> own, rest;
    for (const vector<int>& numbers : collected) {
        int last = -1;
        for (const int one : numbers) {
            if (one < 0) return "a message arrived damaged: " + in_words(numbers);
            if (one < first_of_others && one <= last) return "out of order: " + in_words(numbers);
            if (one < first_of_others) last = one;
            (one < first_of_others ? own : rest).push_back(one);
        }
    }
    std::sort(own.begin(), own.end());
    std::sort(rest.begin(), rest.end());
    const int sent = static_cast<int>(own.size());
    for (int i = 0; i < sent; ++i) {
        if (own[static_cast<std::size_t>(i)] != i) return "lost or doubled: " + in_words(own);
    }
    if (sent < noted || sent > noted + (killed ? at_once : 0)) {
        return std::to_string(noted) + " sent, " + std::to_string(sent) + " arrived";
    }
    if (rest != from_others) return "of the others arrived: " + in_words(rest);
    return "";
}

vector<int> all_others(int senders) {
    vector<int> numbers;
    for (int i = 0; i < senders; ++i) {
        for (int k = 0; k < others; ++k) numbers.push_back(first_of_others * (i + 1) + k);
    }
    return numbers;
}

// Behind the victim's end: everybody else goes on.
template <class To, class M>
troupe::task<> send_after(const To* to) {
    for (int i = 0; i < others; ++i) co_await send_by(*to, make<M>(first_of_others + i));
}

template <class To, class M>
troupe::task<troupe::exit_status> play_sender(To to, plan planned) {
    auto sender = co_await troupe::spawn<&send_one<To, M>>(to, planned);
    if (planned.state == receiver::crowded) {
        auto rival = co_await troupe::spawn<&send_beside<To, M>>(to, 2 * first_of_others);
        co_await let_in_behind(rival.id());
        const auto end = co_await sender.join();
        co_await rival.join();
        co_return end;
    }
    if (planned.state == receiver::parked) reach_phase(1);  // from now on it sleeps only to receive
    co_return co_await sender.join();
}

template <class M, receiver State, int Before, int AtOnce = 1>
troupe::task<std::string> send_mail() {
    const troupe::queue<vector<int>> results;
    plan planned{0, State, Before, AtOnce};
    auto collector = co_await troupe::spawn<&collect<troupe::mailbox<M>>>({.mailbox = 64 << 10}, planned, results);
    planned.receiver_id = collector.id().value;
    const auto end = co_await play_sender<troupe::actor<M>, M>(collector, planned);
    reach_phase(3);
    const troupe::actor<M> known = collector;
    co_await send_after<troupe::actor<M>, M>(&known);
    collector.stop();
    const auto ended = co_await collector.join();
    if (!ended.success()) co_return "the receiver " + to_string(ended);
    const vector<vector<int>> all{*results.try_get()};
    co_return judge(all, end, all_others(State == receiver::crowded ? 2 : 1), AtOnce);
}

// Its end, once everybody else has gone on.
template <class M, receiver State>
troupe::task<troupe::exit_status> play_putter(troupe::queue<M> items, plan planned) {
    const auto end = co_await play_sender<troupe::queue<M>, M>(items, planned);
    reach_phase(3);
    co_await send_after<troupe::queue<M>, M>(&items);
    items.close();
    co_return end;
}

template <class M, receiver State, int Before, int Readers>
troupe::task<std::string> put_item() {
    const troupe::queue<vector<int>> results;
    const troupe::queue<M> items({.capacity = 4});
    plan planned{own_id().value, State, Before};
    troupe::actor<> second;
    if (Readers == 2) {
        second = co_await troupe::spawn<&collect<troupe::queue<M>>>(items, planned, results);
        co_await until_at_rest_if_it_will(second.id(), planned);
    }
    auto [numbers, end] = co_await troupe::when_all(read_all(items, planned), play_putter<M, State>(items, planned));
    vector<vector<int>> all{std::move(numbers)};
    if (Readers == 2) {
        const auto ended = co_await second.join();
        if (!ended.success()) co_return "a receiver " + to_string(ended);
        all.push_back(*results.try_get());
    }
    co_return judge(all, end, all_others(State == receiver::crowded ? 2 : 1));
}

template <class M>
troupe::task<troupe::exit_status> play_pipe_sender(troupe::connection<M, int> near, plan planned) {
    auto sender = co_await troupe::spawn<&send_one<troupe::connection<M, int>, M>>(std::move(near), planned);
    if (planned.state == receiver::parked) reach_phase(1);
    const auto end = co_await sender.join();
    reach_phase(3);
    co_return end;
}

template <class M, receiver State, int Before, int AtOnce = 1>
troupe::task<std::string> send_through_pipe() {
    const plan planned{own_id().value, State, Before, AtOnce};
    auto [near, far] = troupe::pipe<M, int>();
    auto [numbers, end] =
        co_await troupe::when_all(read_all(std::move(far), planned), play_pipe_sender<M>(std::move(near), planned));
    co_return judge({numbers}, end, {}, AtOnce);
}

}  // namespace

std::vector<scene> sending_scenes() {
    using enum receiver;
    return {
        {"send first, receiver parked", victim::itself, &send_mail<flat, parked, 0>},
        {"send, receiver awake", victim::itself, &send_mail<packed, awake, 2>},
        {"send, receiver parked", victim::itself, &send_mail<packed, parked, 2>},
        {"send, no room", victim::itself, &send_mail<packed, behind, 0>},
        {"send, no room, others wait", victim::itself, &send_mail<packed, crowded, 0>},
        {"send large, receiver awake", victim::itself, &send_mail<large, awake, 0>},
        {"send large, receiver parked", victim::itself, &send_mail<large, parked, 0>},
        {"send a queue", victim::itself, &send_mail<with_queue, parked, 0>},
        {"send a pipe's end", victim::itself, &send_mail<with_end, parked, 0>},
        {"send a buffer", victim::itself, &send_mail<with_buffer, parked, 0>},
        {"send an open file", victim::itself, &send_mail<with_file, parked, 0>},
        {"send many, receiver parked", victim::itself, &send_mail<packed, parked, 1, 4>},
        {"send many, no room", victim::itself, &send_mail<flat, behind, 0, 4>},
        {"put first, reader parked", victim::itself, &put_item<flat, parked, 0, 1>},
        {"put, reader awake", victim::itself, &put_item<packed, awake, 2, 1>},
        {"put, reader parked", victim::itself, &put_item<packed, parked, 2, 1>},
        {"put, two readers awake", victim::itself, &put_item<flat, awake, 0, 2>},
        {"put, two readers parked", victim::itself, &put_item<flat, parked, 0, 2>},
        {"put, no room", victim::itself, &put_item<packed, behind, 0, 1>},
        {"put, no room, others wait", victim::itself, &put_item<packed, crowded, 0, 2>},
        {"put large, reader parked", victim::itself, &put_item<large, parked, 0, 1>},
        {"put large, no room", victim::itself, &put_item<large, behind, 0, 1>},
        {"put a queue", victim::itself, &put_item<with_queue, parked, 0, 1>},
        {"put a pipe's end", victim::itself, &put_item<with_end, parked, 0, 2>},
        {"put a buffer", victim::itself, &put_item<with_buffer, parked, 0, 1>},
        {"put an open file", victim::itself, &put_item<with_file, parked, 0, 1>},
        {"put an open file, no room", victim::itself, &put_item<with_file, behind, 0, 1>},
        {"pipe send first, other parked", victim::itself, &send_through_pipe<flat, parked, 0>},
        {"pipe send, other awake", victim::itself, &send_through_pipe<packed, awake, 2>},
        {"pipe send, other parked", victim::itself, &send_through_pipe<packed, parked, 2>},
        {"pipe send, no room", victim::itself, &send_through_pipe<packed, behind, 0>},
        {"pipe send large", victim::itself, &send_through_pipe<large, parked, 0>},
        {"pipe send a queue", victim::itself, &send_through_pipe<with_queue, parked, 0>},
        {"pipe send many", victim::itself, &send_through_pipe<flat, parked, 1, 4>},
        {"pipe send a buffer", victim::itself, &send_through_pipe<with_buffer, parked, 0>},
        {"pipe send a pipe's end", victim::itself, &send_through_pipe<with_end, parked, 0>},
    };
}

}  // namespace proving
