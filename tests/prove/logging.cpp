// Scenes in which the victim logs, or is the process that writes the log.
//
// The numbers it logged count up from 0. Every one whose call returned is written, and at most one more. What others
// log after it is written too. The logger may write a line once more when another took over from it, and loses none.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "prove/parts.hpp"
#include "prove/scene.hpp"

namespace proving {
namespace {

using troupe::log_level;
using troupe::this_actor::log;

constexpr int first_of_others = 40, last_of_all = 50, lines = 3;
constexpr const char *begin_in_logger = "begin", *end_in_logger = "end";

std::string padded(int number, std::size_t bytes) { return std::to_string(number) + std::string(bytes, '.'); }

void log_some(int bytes) {
    stand_by(own_id());
    proving_begins();
    for (int i = 0; i < lines; ++i) {
        log(log_level::info, padded(i, static_cast<std::size_t>(bytes)));
        ++board::here().noted;
    }
    proving_ends();
}

troupe::task<> until_written(int number) {
    while (board::here().got[number] == 0) co_await troupe::sleep_for(std::chrono::milliseconds(1));
}

template <int Bytes>
troupe::task<std::string> logged() {
    const auto one = co_await troupe::spawn<&log_some>(Bytes);
    const auto end = co_await one.join();
    std::string wrong = end.success() || end.code() == -SIGKILL ? "" : "the victim " + to_string(end) + ';';
    for (int i = 0; i < lines; ++i) log(log_level::info, std::to_string(first_of_others + i));
    log(log_level::info, std::to_string(last_of_all));
    co_await until_written(last_of_all);
    const board& seen = board::here();
    for (std::uint32_t i = 0; i < lines; ++i) {
        if (i < seen.noted && seen.got[i] == 0) wrong += "line " + std::to_string(i) + " was lost;";
        if (i > seen.noted && seen.got[i] != 0) wrong += "line " + std::to_string(i) + " came from nowhere;";
        if (seen.got[i] > 1) wrong += "line " + std::to_string(i) + " came twice;";
        if (seen.got[first_of_others + i] != 1) wrong += "a line of another is lost or doubled;";
    }
    co_return wrong;
}

troupe::task<std::string> written() {
    log(log_level::info, begin_in_logger);
    for (int i = 0; i < lines; ++i) log(log_level::info, std::to_string(i));
    log(log_level::info, end_in_logger);
    log(log_level::info, std::to_string(last_of_all));
    co_await until_written(last_of_all);
    for (int i = 0; i < lines; ++i) {
        if (board::here().got[i] == 0) co_return "line " + std::to_string(i) + " was lost";
    }
    co_return "";
}

}  // namespace

void note_line(const troupe::log_line& line) {
    if (line.text == begin_in_logger) {
        if (board::here().go != 0) return;  // the next one: the line was in hand
        stand_by_for(getpid());
        return proving_begins();
    }
    if (line.text == end_in_logger) return proving_ends();
    const int number = std::atoi(std::string(line.text.substr(0, 8)).c_str());
    if (number >= 0 && number < most_numbers) ++board::here().got[number];
}

std::vector<scene> logging_scenes() {
    return {
        {"log", victim::itself, &logged<0>},
        {"log long lines", victim::itself, &logged<5000>},
        {"write the log", victim::itself, &written},
    };
}

}  // namespace proving
