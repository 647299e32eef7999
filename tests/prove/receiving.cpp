// Scenes in which the victim receives: from its mailbox, from a queue, from a pipe.
//
// What is sent is numbered from 0. What the victim did not get, the other readers of a queue get, once; at most the one
// item that it had in hand is gone with it. Whoever sends to a mailbox or through a pipe is told, also while it waits
// for room.
#include <algorithm>
#include <csignal>

#include "prove/parts.hpp"
#include "prove/scene.hpp"

namespace proving {
namespace {

using std::vector;

enum class sender : std::uint8_t {
    done,     // it has sent when the victim looks
    late,     // it sends when the victim sleeps
    waiting,  // it has filled the channel, and waits for room
    shared,   // as `late`, and another reader sleeps as well
};

constexpr int some = 3;  // messages
constexpr int first_of_others = 1'000'000;

template <class From, int AtOnce>
troupe::task<int> receive_some(From from, sender state) {
    if (state == sender::done || state == sender::waiting) co_await until_phase(1);
    if (state == sender::waiting) co_await until_at_rest({board::here().other});
    stand_by(own_id());
    proving_begins();
    if constexpr (AtOnce > 1) {
        const auto messages = co_await from.receive_many(AtOnce);
        proving_ends();
        for (const auto& one : messages) {
            if (number_of(one) != one.number) co_return 3;
        }
        co_return messages.empty() ? 3 : 0;
    } else {
        const auto message = co_await receive_by(from);
        board::here().noted = 1 + static_cast<std::uint32_t>(message ? message->number : -2);
        proving_ends();
        co_return message&& number_of(*message) == message->number ? 0 : 3;
    }
}

struct told {
    int sent = 0;
    bool of_the_end = false;
};

// By the program itself, which saves a process a round.
template <class To, class M, int AtOnce>
troupe::task<told> feed(To to, sender state) {
    int number = 0;
    board::here().other = own_id().value;
    if (state == sender::late || state == sender::shared) {
        co_await until_at_rest(co_await until_there_is_a_victim());
    }
    if (state == sender::waiting) {
        while (try_send_by(to, make<M>(number))) ++number;
        reach_phase(1);
    }
    try {
        if constexpr (AtOnce > 1) {
            vector<M> batch;
            while (number < AtOnce) batch.push_back(make<M>(number++));
            co_await to.send_many(batch);
        } else {
            for (int i = 0; i < some; ++i) co_await send_by(to, make<M>(number++));
        }
        reach_phase(1);
        if constexpr (!std::is_same_v<To, troupe::queue<M>>) {
            co_await until_phase(2);
            for (;; ++number) {
                co_await send_by(to, make<M>(number));
                co_await troupe::sleep_for(std::chrono::milliseconds(1));
            }
        }
    } catch (const troupe::actor_died&) {
        co_return told{number, true};
    } catch (const troupe::closed&) {
        co_return told{number, true};
    }
    co_return told{number, false};
}

// The victim's end; the scene is then past it.
template <class Victim>
troupe::task<troupe::exit_status> await_end(Victim victim) {
    const auto end = co_await victim.join();
    reach_phase(2);
    co_return end;
}

std::string judge_end(const troupe::exit_status& end) {
    return end.code() == -SIGKILL || end.success() ? "" : "the receiver " + to_string(end) + ';';
}

// `Sent` and `Taken` with one call each.
template <class M, sender State, int Sent = 1, int Taken = 1>
troupe::task<std::string> receive_mail() {
    auto reader = co_await troupe::spawn<&receive_some<troupe::mailbox<M>, Taken>>({.mailbox = 64 << 10}, State);
    const auto [fed, end] =
        co_await troupe::when_all(feed<troupe::actor<M>, M, Sent>(reader, State), await_end(troupe::actor<M>(reader)));
    std::string wrong = judge_end(end);
    if (!fed.of_the_end) wrong += "the sender was not told;";
    if (reader.try_send(make<M>(0)) != troupe::send_result::gone) wrong += "a dead actor took a message;";
    co_return wrong;
}

template <class M, sender State, int Sent = 1, int Taken = 1>
troupe::task<std::string> receive_from_pipe() {
    auto [near, far] = troupe::pipe<M, int>();
    auto reader = co_await troupe::spawn<&receive_some<troupe::connection<int, M>, Taken>>(std::move(far), State);
    const auto [fed, end] = co_await troupe::when_all(feed<troupe::connection<M, int>, M, Sent>(std::move(near), State),
                                                      await_end(troupe::actor<>(reader)));
    std::string wrong = judge_end(end);
    if (!fed.of_the_end) wrong += "the sender was not told;";
    co_return wrong;
}

// --- queues

// Beside the victim it takes a few only, so that the victim gets one, however slowly it goes.
template <class M>
troupe::task<vector<int>> get_all(troupe::queue<M> items, sender state) {
    vector<int> numbers;
    for (int i = 0; state == sender::shared && i < some - 1; ++i) {
        const auto message = co_await items.get();
        numbers.push_back(number_of(*message));
    }
    co_await until_phase(2);
    while (const auto message = co_await items.get()) numbers.push_back(number_of(*message));
    co_return numbers;
}

// As an actor of its own.
template <class M>
troupe::task<> collect(troupe::queue<M> items, sender state, troupe::queue<vector<int>> results) {
    co_await results.put(co_await get_all(items, state));
}

template <class M>
troupe::task<told> feed_and_close(troupe::queue<M> items, sender state) {
    const told fed = co_await feed<troupe::queue<M>, M, 1>(items, state);
    co_await until_phase(2);
    for (int i = 0; i < some; ++i) co_await items.put(make<M>(first_of_others + i));
    items.close();
    co_return fed;
}

// Where nobody else reads, the program reads what the victim has left.
template <class M>
troupe::task<troupe::exit_status> read_after(troupe::queue<M> items, troupe::actor<> victim, vector<int>* numbers,
                                             sender state) {
    const auto end = co_await await_end(victim);
    if (state != sender::shared) *numbers = co_await get_all(items, state);
    co_return end;
}

std::string judge_items(vector<int> numbers, const troupe::exit_status& end, int sent, bool in_order) {
    const bool killed = end.code() == -SIGKILL;
    const int noted = static_cast<int>(board::here().noted);
    if (in_order && !std::is_sorted(numbers.begin(), numbers.end())) return "out of order: " + in_words(numbers);
    if (noted > 0) numbers.push_back(noted - 1);
    std::sort(numbers.begin(), numbers.end());
    if (std::adjacent_find(numbers.begin(), numbers.end()) != numbers.end()) return "doubled: " + in_words(numbers);
    vector<int> expected;
    for (int i = 0; i < sent; ++i) expected.push_back(i);
    for (int i = 0; i < some; ++i) expected.push_back(first_of_others + i);
    const auto lost = expected.size() - numbers.size();
    if (!std::includes(expected.begin(), expected.end(), numbers.begin(), numbers.end()) ||
        lost > (killed && noted == 0 ? 1u : 0u)) {
        return "of " + std::to_string(sent) + " there are: " + in_words(numbers);
    }
    return "";
}

template <class M, sender State>
troupe::task<std::string> get_item() {
    const troupe::queue<M> items({.capacity = 4});
    const troupe::queue<vector<int>> results;
    troupe::actor<> other;
    if (State == sender::shared) {
        other = co_await troupe::spawn<&collect<M>>(items, State, results);
        co_await until_at_rest(other.id());
    }
    auto reader = co_await troupe::spawn<&receive_some<troupe::queue<M>, 1>>(items, State);
    vector<int> numbers;
    const auto [fed, end] =
        co_await troupe::when_all(feed_and_close<M>(items, State), read_after<M>(items, reader, &numbers, State));
    std::string wrong = judge_end(end);
    if (fed.of_the_end) wrong += "the queue was closed to the sender;";
    if (State == sender::shared) {
        const auto ended = co_await other.join();
        if (!ended.success()) co_return wrong + "the other reader " + to_string(ended);
        numbers = *results.try_get();
    }
    co_return wrong + judge_items(numbers, end, fed.sent, State != sender::shared);
}

}  // namespace

std::vector<scene> receiving_scenes() {
    using enum sender;
    return {
        {"receive, mail is there", victim::itself, &receive_mail<flat, done>},
        {"receive, mail comes", victim::itself, &receive_mail<packed, late>},
        {"receive, a sender waits for room", victim::itself, &receive_mail<packed, waiting>},
        {"receive large", victim::itself, &receive_mail<large, done>},
        {"receive a queue", victim::itself, &receive_mail<with_queue, late>},
        {"receive a pipe's end", victim::itself, &receive_mail<with_end, done>},
        {"receive a buffer", victim::itself, &receive_mail<with_buffer, late>},
        {"receive an open file", victim::itself, &receive_mail<with_file, late>},
        {"receive one of many", victim::itself, &receive_mail<packed, done, 4>},
        {"receive many", victim::itself, &receive_mail<flat, late, 6, 4>},
        {"get, items are there", victim::itself, &get_item<flat, done>},
        {"get, items come", victim::itself, &get_item<packed, late>},
        {"get, a sender waits for room", victim::itself, &get_item<packed, waiting>},
        {"get, another reader waits", victim::itself, &get_item<flat, shared>},
        {"get large", victim::itself, &get_item<large, done>},
        {"get large, another reader waits", victim::itself, &get_item<large, shared>},
        {"get a queue", victim::itself, &get_item<with_queue, done>},
        {"get a pipe's end", victim::itself, &get_item<with_end, late>},
        {"get a buffer", victim::itself, &get_item<with_buffer, done>},
        {"get an open file", victim::itself, &get_item<with_file, done>},
        {"pipe receive, it is there", victim::itself, &receive_from_pipe<flat, done>},
        {"pipe receive, it comes", victim::itself, &receive_from_pipe<packed, late>},
        {"pipe receive, other waits for room", victim::itself, &receive_from_pipe<packed, waiting>},
        {"pipe receive large", victim::itself, &receive_from_pipe<large, late>},
        {"pipe receive a queue", victim::itself, &receive_from_pipe<with_queue, done>},
        {"pipe receive many", victim::itself, &receive_from_pipe<packed, done, 4, 4>},
        {"pipe receive a buffer", victim::itself, &receive_from_pipe<with_buffer, done>},
        {"pipe receive a pipe's end", victim::itself, &receive_from_pipe<with_end, late>},
    };
}

}  // namespace proving
