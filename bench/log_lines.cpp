// What does a line of the log cost the actor that logs it, beside a send of as many bytes, and how many lines a second
// do four actors get written? Beside that: the same lines by fprintf, which is one system call each.
//
// The program's stderr is a file in memory here, so that no disk and no terminal is measured, and lines can be counted.

#include <troupe/troupe.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"

namespace {

using namespace std::chrono_literals;

constexpr int in_a_row = 200, actors = 4;
constexpr std::string_view text = "a line of sixty-four bytes, as an ordinary one may be in a log .";
static_assert(text.size() == 64);

// As a line is in the ring: the text, and what stands before it.
struct message {
    std::array<std::uint64_t, 13> bytes;
};

off_t file_size() { return lseek(STDERR_FILENO, 0, SEEK_END); }

// Until the log has come to that line.
troupe::task<> until_written(std::string_view last) {
    for (std::array<char, 64> end{};; co_await troupe::sleep_for(1ms)) {
        const off_t size = file_size();
        const ssize_t got = pread(STDERR_FILENO, end.data(), end.size(), std::max<off_t>(0, size - 64));
        if (got > 0 && std::string_view(end.data(), static_cast<std::size_t>(got)).find(last) != std::string_view::npos)
            co_return;
    }
}

std::string read_file() {
    std::string all(static_cast<std::size_t>(file_size()), ' ');
    for (std::size_t at = 0; at < all.size();) {
        const ssize_t got = pread(STDERR_FILENO, all.data() + at, all.size() - at, static_cast<off_t>(at));
        if (got <= 0) break;
        at += static_cast<std::size_t>(got);
    }
    return all;
}

std::size_t times(const std::string& written, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = written.find(part); at != std::string::npos; at = written.find(part, at + 1)) ++count;
    return count;
}

void clear_file() {
    if (ftruncate(STDERR_FILENO, 0) != 0 || lseek(STDERR_FILENO, 0, SEEK_SET) != 0) std::abort();
}

// --- what it costs whoever logs, in rows that find room

troupe::task<bool> measure_line(double seconds) {
    bench::samples all;
    std::size_t lines = 0;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    do {
        const std::int64_t start = bench::now_ns();
        for (int i = 0; i < in_a_row; ++i) troupe::this_actor::log(troupe::log_level::info, text);
        all.add((bench::now_ns() - start) / in_a_row);
        lines += in_a_row;
        co_await troupe::sleep_for(1ms);
    } while (bench::now_ns() < end);
    troupe::this_actor::log(troupe::log_level::info, "the last");
    co_await until_written("the last");
    const std::string written = read_file();
    const std::size_t found = times(written, text);
    clear_file();
    co_return bench::print(bench::timed("log_lines", "a line", "ns", 1, all, found < lines ? lines - found : 0));
}

troupe::task<> swallow(troupe::mailbox<message> inbox) {
    while (co_await inbox.receive()) {
    }
}

troupe::task<bool> measure_send(double seconds) {
    bench::samples all;
    const auto to = co_await troupe::spawn<swallow>({.mailbox = std::size_t{1} << 20});
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    do {
        const std::int64_t start = bench::now_ns();
        for (int i = 0; i < in_a_row; ++i) co_await to.send(message{});
        all.add((bench::now_ns() - start) / in_a_row);
        co_await troupe::sleep_for(1ms);
    } while (bench::now_ns() < end);
    to.stop();
    co_await to.join();
    co_return bench::print(bench::timed("log_lines", "a send of as many bytes", "ns", 1, all, 0));
}

// --- how many there can be

enum class way : std::uint8_t { logged, printed };

troupe::task<> write_lines(way how, std::int64_t start, std::int64_t end, troupe::queue<std::uint64_t> sent) {
    co_await troupe::sleep_for(std::chrono::nanoseconds(start - bench::now_ns()));
    std::uint64_t lines = 0;
    do {
        for (int i = 0; i < 64; ++i, ++lines) {
            if (how == way::logged) {
                troupe::this_actor::log(troupe::log_level::info, text);
            } else {
                std::fprintf(stderr, "%lld info writer[%d] %.*s\n", static_cast<long long>(bench::now_ns()),
                             static_cast<int>(getpid()), static_cast<int>(text.size()), text.data());
            }
        }
    } while (bench::now_ns() < end);
    co_await sent.put(lines);
}

// As the log says itself.
std::uint64_t dropped_in(const std::string& written) {
    std::uint64_t sum = 0;
    constexpr std::string_view words = " dropped here";
    for (std::size_t at = written.find(words); at != std::string::npos; at = written.find(words, at + 1)) {
        const std::size_t from = written.rfind("] ", at) + 2;
        std::uint64_t number = 0;
        std::from_chars(written.data() + from, written.data() + at, number);
        sum += number;
    }
    return sum;
}

troupe::task<bool> measure_many(way how, double seconds) {
    const troupe::queue<std::uint64_t> sent;
    const std::int64_t start = bench::now_ns() + 20'000'000;
    const std::int64_t end = start + static_cast<std::int64_t>(seconds * 1e9);
    std::vector<troupe::actor<>> all;
    for (int i = 0; i < actors; ++i) all.push_back(co_await troupe::spawn<write_lines>(how, start, end, sent));
    std::uint64_t lines = 0;
    for (int i = 0; i < actors; ++i) lines += *co_await sent.get();
    troupe::this_actor::log(troupe::log_level::info, "the last");
    co_await until_written("the last");
    const std::int64_t took = bench::now_ns() - start;
    const std::string written = read_file();
    clear_file();
    const std::uint64_t found = times(written, text);
    const std::uint64_t told = dropped_in(written);
    const std::string name = "lines written of 4 actors";
    const bool right = bench::print({.program = "log_lines",
                                     .name = how == way::logged ? name : name + ", by fprintf",
                                     .unit = "M/s",
                                     .value = static_cast<double>(found) * 1e3 / static_cast<double>(took),
                                     .count = found,
                                     .errors = lines - std::min(lines, found + told)});
    if (how == way::printed) co_return right;
    co_return bench::print({.program = "log_lines",
                            .name = "lines logged by 4 actors, dropped ones included",
                            .unit = "M/s",
                            .value = static_cast<double>(lines) * 1e3 / static_cast<double>(took),
                            .count = lines}) &&
        right;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes wished{.seconds = 0.5};
    if (const auto code = bench::listen("What does a line of the log cost?", std::move(arguments), wished))
        co_return *code;
    troupe::this_actor::log(troupe::log_level::info, "the first");
    co_await until_written("the first");
    clear_file();
    const bool line = co_await measure_line(wished.seconds);
    const bool send = co_await measure_send(wished.seconds);
    const bool logged = co_await measure_many(way::logged, wished.seconds);
    const bool printed = co_await measure_many(way::printed, wished.seconds);
    co_return line&& send&& logged&& printed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (std::getenv("TROUPE_CHILD") == nullptr) {
        const int file = memfd_create("log", 0);
        // At its end, wherever another process has just read.
        if (file < 0 || fcntl(file, F_SETFL, O_APPEND) != 0 || dup2(file, STDERR_FILENO) < 0) return 1;
        close(file);
    }
    return troupe::run<program>(argc, argv);
}
