// The program's log, seen from outside: each case is this program once more, whose stderr is read to its end.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "actor/own_process.hpp"
#include "channel/participant.hpp"
#include "programs/verdict.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::log_level;
using troupe::this_actor::log;

// --- in the program and its actors

troupe::shm::log_record& record() { return troupe::channel::participant::here().memory().header().log; }

int logger_pid() {
    const int pid = record().pid.get();
    return record().runs() ? pid : 0;
}

troupe::task<int> next_logger(int after = 0) {
    while (logger_pid() == 0 || logger_pid() == after) co_await troupe::sleep_for(1ms);
    co_return logger_pid();
}

// Nothing waits to be written.
troupe::task<> all_written() {
    auto& memory = troupe::channel::participant::here().memory();
    const auto ring = memory.channels().ring_of(memory.channel(record().ring().index()));
    while (!ring.empty()) co_await troupe::sleep_for(1ms);
}

void count_up(int lines) {
    for (int i = 0; i < lines; ++i) log(log_level::info, "line " + std::to_string(i) + '.');
}

void die_of(int signal) {
    log(log_level::error, "the last words before " + std::to_string(signal) + '.');
    std::signal(signal, SIG_DFL);
    raise(signal);
}

troupe::task<> lines() {
    std::vector<troupe::actor<>> all;
    for (int i = 0; i < 4; ++i) all.push_back(co_await troupe::spawn<&count_up>({.name = "counter"}, 500));
    log(log_level::warning, "the program's own.");
    for (const auto& one : all) co_await one.join();
    if (!record().ring()) throw std::logic_error("there is no ring");
}

troupe::task<> crash() {
    for (const int signal : {SIGKILL, SIGABRT}) {
        for (int i = 0; i < 5; ++i) co_await (co_await troupe::spawn<&die_of>(signal)).join();
    }
}

std::size_t descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

void do_nothing() {}

troupe::task<> silent() {
    co_await (co_await troupe::spawn<&do_nothing>()).join();
    const std::size_t before = descriptors();
    if (record().ring() || record().pid.get() != 0) throw std::logic_error("there is a logger");
    log(log_level::info, "one line.");
    co_await next_logger();
    if (descriptors() != before + 2) throw std::logic_error("the keeper has more than a pidfd and a doorbell of it");
}

troupe::task<> odd() {
    log(log_level::info, "");
    log(log_level::verbose, std::string("two\nlines, a\ttab, \x1b[31m and \0.", 30));
    log(log_level::info, std::string(std::size_t{1} << 20, 'x'));
    std::string wide;
    while (wide.size() < troupe::longest_log_text + 4) wide += "\xe2\x82\xac";
    log(log_level::info, wide);
    try {
        log(static_cast<log_level>(77), "never");
    } catch (const troupe::misuse& problem) {
        log(log_level::error, problem.what());
    }
    co_return;
}

troupe::task<> killed_loggers() {
    int last = 0;
    for (int i = 0; i < 200; ++i) {
        log(log_level::info, "line " + std::to_string(i) + '.');
        // Three in a row that are killed before they have written anything would be the last ones.
        if (i % 40 == 10) co_await all_written();
        if (i % 40 != 20) continue;
        last = co_await next_logger(last);
        kill(last, SIGKILL);
    }
}

troupe::task<> deaf_logger() {
    log(log_level::info, "first.");
    const int pid = co_await next_logger();
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) kill(pid, signal);
    co_await all_written();
    log(log_level::info, "second.");
    co_await all_written();
    if (logger_pid() != pid) throw std::logic_error("it is another one");
}

// A doorbell is rung by a write, and so would a line be written.
long writes() {
    std::ifstream counts("/proc/self/io");
    for (std::string what; counts >> what;) {
        long count = 0;
        counts >> count;
        if (what == "syscw:") return count;
    }
    return 0;  // this kernel does not count
}

troupe::task<> flowing() {
    constexpr int few = 5;  // on a machine that stands still for a second the logger goes to sleep meanwhile
    log(log_level::info, "first.");
    co_await next_logger();
    co_await all_written();
    const long before = writes();
    count_up(500);
    if (const long made = writes() - before; made > few) throw std::logic_error(std::to_string(made) + " writes");
}

// Of two that find the logger asleep, one may ring it when it is awake again. It rings for its next line only if that
// ring was counted.
troupe::task<> rung_while_awake() {
    log(log_level::info, "first.");
    co_await next_logger();
    co_await all_written();
    for (int i = 0; i < 3; ++i) {
        const std::uint32_t before = record().epoch();
        troupe::actors::own_process::here().tell_keeper({.word = troupe::keepers::keeper_word::lines_wait});
        for (int ms = 0; record().epoch() == before; ++ms) {
            if (ms == 5000) throw std::logic_error("the ring was not counted");
            co_await troupe::sleep_for(1ms);
        }
    }
}

// So much that it does not fit.
troupe::task<> too_much() {
    log(log_level::info, "first.");
    const int pid = co_await next_logger();
    co_await all_written();
    kill(pid, SIGSTOP);
    for (int i = 0; i < 3000; ++i) log(log_level::info, "line " + std::string(1000, 'y') + '.');
    kill(pid, SIGCONT);
    co_await all_written();
    log(log_level::info, "last.");
}

troupe::task<> killed_program() {
    count_up(100);
    co_await next_logger();
    co_await (co_await troupe::spawn<&count_up>({.name = "counter"}, 100)).join();
    raise(SIGKILL);
}

// It goes on when the program is gone: whoever reads its stderr comes to the end.
troupe::task<> killed_over_a_stopped_logger() {
    log(log_level::info, "first.");
    const int pid = co_await next_logger();
    co_await all_written();
    kill(pid, SIGSTOP);
    log(log_level::info, "last.");
    raise(SIGKILL);
}

troupe::task<> only_lines() {
    log(log_level::info, "first.");
    co_await (co_await troupe::spawn<&count_up>({.name = "counter"}, 300)).join();
    log(log_level::info, "bad.");
    log(log_level::info, "last.");
}

troupe::task<> only_lines_to_the_end() {
    const auto one = co_await troupe::spawn<&count_up>({.name = "counter"}, 300);
    const troupe::exit_status status = co_await one.join();
    co_await only_lines();
    if (status.success()) std::printf("went on");
}

struct test_case {
    const char* name;
    troupe::task<> (*program)();
    void (*function)(const troupe::log_line& line);
};

void print_line(const troupe::log_line& line) {
    std::printf("%d %.*s: %.*s\n", getpid() == line.pid, static_cast<int>(line.actor.size()), line.actor.data(),
                static_cast<int>(line.text.size()), line.text.data());
}
void print_or_throw(const troupe::log_line& line) {
    if (line.text == "bad.") throw std::runtime_error("no");
    print_line(line);
}
void print_or_die(const troupe::log_line& line) {
    if (line.text == "bad.") raise(SIGKILL);
    print_line(line);
    std::fflush(stdout);
}

const test_case cases[] = {
    {"lines", &lines, nullptr},
    {"crash", &crash, nullptr},
    {"silent", &silent, nullptr},
    {"odd", &odd, nullptr},
    {"killed_loggers", &killed_loggers, nullptr},
    {"deaf_logger", &deaf_logger, nullptr},
    {"flowing", &flowing, nullptr},
    {"rung_while_awake", &rung_while_awake, nullptr},
    {"too_much", &too_much, nullptr},
    {"killed_program", &killed_program, nullptr},
    {"killed_over_a_stopped_logger", &killed_over_a_stopped_logger, nullptr},
    {"no_logger", &only_lines, nullptr},
    {"no_logger_no_reader", &only_lines_to_the_end, nullptr},
    {"file_at_its_limit", &only_lines_to_the_end, nullptr},
    {"no_logger_file_at_its_limit", &only_lines_to_the_end, nullptr},
    {"full", &lines, nullptr},
    {"unread", &lines, nullptr},
    {"function", &only_lines, &print_line},
    {"throws", &only_lines, &print_or_throw},
    {"dies", &only_lines, &print_or_die},
};

const test_case& case_of(const std::string& name) {
    return *std::find_if(std::begin(cases), std::end(cases), [&](const test_case& one) { return one.name == name; });
}

troupe::task<int> program(std::vector<std::string> arguments) {
    co_await case_of(arguments.at(0)).program();
    co_return 0;
}

// --- outside

struct seen {
    int code = 0;
    std::string errors, output;
};

std::string read_to_end(int fd) {
    std::string text;
    char part[65536];
    for (ssize_t got; (got = read(fd, part, sizeof part)) > 0 || (got < 0 && errno == EINTR);) {
        if (got > 0) text.append(part, static_cast<std::size_t>(got));
    }
    close(fd);
    return text;
}

// It is longer than the memory of a program, which is a file as well.
int file_at_its_limit() {
    const rlim_t most = rlim_t{1} << 42;
    const rlimit limit{most, most};
    setrlimit(RLIMIT_FSIZE, &limit);
    char path[] = "/tmp/log_lines.XXXXXX";
    const int file = mkostemp(path, O_CLOEXEC);
    unlink(path);
    if (lseek(file, static_cast<off_t>(most), SEEK_SET) < 0) std::abort();
    return file;
}

// To its end, and that of whoever has its stderr.
seen play(const std::string& name) {
    int errors[2], output[2];
    if (pipe2(errors, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) std::abort();
    const pid_t pid = fork();
    if (pid == 0) {
        const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
        dup2(name == "full" ? full : name.ends_with("_at_its_limit") ? file_at_its_limit() : errors[1], STDERR_FILENO);
        if (name.ends_with("no_reader")) close(errors[0]);
        dup2(output[1], STDOUT_FILENO);
        execl("/proc/self/exe", "log_lines", name.c_str(), nullptr);
        _exit(127);
    }
    close(errors[1]);
    close(output[1]);
    seen found;
    int status = 0;
    if (name.ends_with("no_reader")) close(errors[0]);
    if (name == "unread") {
        waitpid(pid, &status, 0);  // nobody reads until it has ended
        found.errors = read_to_end(errors[0]);
    } else {
        if (!name.ends_with("no_reader")) found.errors = read_to_end(errors[0]);
        waitpid(pid, &status, 0);
    }
    found.output = read_to_end(output[0]);
    found.code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    return found;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t times = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++times;
    return times;
}

// Each of these lines is there, in this order; others may come between.
bool in_order(const std::string& text, int lines) {
    std::size_t at = 0;
    for (int i = 0; i < lines; ++i) {
        at = text.find(" line " + std::to_string(i) + ".\n", at);
        if (at == std::string::npos) return false;
    }
    return true;
}

// Every line is one of the log, from its time to its end.
bool all_whole(const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        if (end == std::string::npos) return false;
        const std::string line = text.substr(at, end - at);
        const bool stamped = line.size() > 28 && line[4] == '-' && line[10] == 'T' && line[26] == 'Z';
        if (!stamped || line.find("] ") == std::string::npos) return false;
        at = end + 1;
    }
    return true;
}

int judge_all() {
    verdict said;
    seen got;
    const auto check = [&](const char* sentence, bool holds) {
        said.check(sentence, holds);
        if (!holds) {
            std::printf("  it ended with %d, and wrote %zu and %zu bytes:\n%.2000s\n---\n%.2000s\n", got.code,
                        got.errors.size(), got.output.size(), got.errors.c_str(), got.output.c_str());
        }
    };

    got = play("lines");
    check("log: every line of every actor is written before run returns",
          got.code == 0 && count(got.errors, "\n") == 2001 && count(got.errors, " line 499.\n") == 4);
    check("log: lines are whole, and never interleaved", all_whole(got.errors));
    check("log: a line has its level, and the name and pid of its actor",
          count(got.errors, "Z info counter[") == 2000 && count(got.errors, "Z warning program[") == 1);
    got = play("crash");
    check("log: the last line of an actor is written, however it dies right after it",
          count(got.errors, "the last words before 9.\n") == 5 && count(got.errors, "the last words before 6.\n") == 5);
    got = play("silent");
    check("log: a program that never logs has no logger and no ring", got.code == 0);

    got = play("odd");
    check("log: a text with newlines and other control characters is one line, which shows them",
          count(got.errors, "] two\\nlines, a\\ttab, \\x1b[31m and \\x00.\n") == 1);
    check("log: an empty text is a line", count(got.errors, "program[") == 5 && count(got.errors, "] \n") == 1);
    check("log: a line of 1 MiB is cut, and says how much is missing",
          count(got.errors, "x ... (987136 more bytes)\n") == 1);
    check("log: a line is not cut in the middle of a character", count(got.errors, "\xe2\x82\xac ... (") == 1);
    check("log: a level that is none is refused", count(got.errors, "a level that is none") == 1);

    got = play("killed_loggers");
    check("log: nothing is lost when the logger is killed, and it is started again",
          got.code == 0 && in_order(got.errors, 200));
    got = play("deaf_logger");
    check("log: the logger ignores what is sent to the group, and a SIGTERM while the program lives",
          got.code == 0 && count(got.errors, "\n") == 2);

    got = play("flowing");
    check("log: while lines flow, no system call is made for them",
          got.code == 0 && count(got.errors, " line 499.\n") == 1);

    got = play("rung_while_awake");
    check("log: a ring that finds the logger awake is counted, so that the same actor rings it from its next sleep",
          got.code == 0 && count(got.errors, "\n") == 1);

    got = play("too_much");
    const std::size_t written = count(got.errors, "y.\n");
    std::size_t dropped = 0;
    if (const std::size_t at = got.errors.find(" were dropped here"); at != std::string::npos) {
        const std::size_t from = got.errors.rfind("] ", at) + 2;
        std::from_chars(got.errors.data() + from, got.errors.data() + at, dropped);
    }
    check("log: past 1 MiB lines are dropped, and the next one says how many",
          got.code == 0 && dropped > 0 && written + dropped == 3000 && count(got.errors, "last.\n") == 1);

    got = play("killed_program");
    check("log: what was logged before the program was killed is written",
          got.code == -SIGKILL && count(got.errors, " line 99.\n") == 2 && all_whole(got.errors));
    got = play("killed_over_a_stopped_logger");
    check("log: a logger that was stopped outlives no killed program, and writes what is there",
          got.code == -SIGKILL && count(got.errors, "last.\n") == 1);
    got = play("no_logger");
    check("log: where no logger can be had, lines are written to stderr all the same",
          got.code == 0 && count(got.errors, " line 299.\n") == 1 && count(got.errors, " last.\n") == 1 &&
              count(got.errors, " first.\n") == 1);
    got = play("full");
    check("log: a device without space ends neither the logger nor the program", got.code == 0);
    got = play("file_at_its_limit");
    check("log: neither does a file that has reached its limit", got.code == 0 && got.output == "went on");
    got = play("no_logger_file_at_its_limit");
    check("log: nor, where there is no logger, the actors", got.code == 0 && got.output == "went on");
    got = play("no_logger_no_reader");
    check("log: nor does a pipe that nobody has open any more", got.code == 0 && got.output == "went on");
    got = play("unread");
    check("log: a program ends though nobody reads its log", got.code == 0);

    got = play("function");
    check("log: run_options::log gets every line, in another process",
          got.code == 0 && count(got.output, "0 counter: line 299.\n") == 1 && count(got.output, "\n") == 303 &&
              got.errors.empty());
    got = play("throws");
    check("log: a line for which run_options::log throws is written to stderr",
          got.code == 0 && count(got.output, "\n") == 302 && count(got.errors, "run_options::log threw ") == 1 &&
              count(got.errors, " bad.\n") == 1);
    got = play("dies");
    check("log: so is a line on which it dies, and the others are given to it",
          got.code == 0 && count(got.output, "last.\n") == 1 && count(got.output, "line 299.\n") == 1 &&
              count(got.errors, " bad.\n") == 1);
    said.refuses<troupe::misuse>("log: outside of run nothing is logged", [] { log(log_level::info, "x"); }, "run");
    return said.close();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return judge_all();
    const char* child = std::getenv("TROUPE_CHILD");
    const std::string name = argv[1];
    if (name.starts_with("no_logger") && child != nullptr && std::strncmp(child, "logger", 6) == 0) return 1;
    return troupe::run<program>(argc, argv, {.report_crashes = false, .log = case_of(name).function});
}
