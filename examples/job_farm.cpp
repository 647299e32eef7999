// A crew of supervised workers takes jobs from a queue. Some jobs are good; others read from nowhere, abort, overrun
// the stack, eat memory without end, loop for ever, leave with _exit, or throw. Every good job's result comes back,
// every bad job is reported with its cause (on a busy machine that may be its deadline), and all workers are alive at
// the end.
// usage: job_farm [JOBS [WORKERS]]     210 jobs for 4 workers
#include <troupe/troupe.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;

enum class deed { good, read, abort, overrun, eat, loop, leave, fail };
constexpr std::array deeds{"good", "reads nowhere", "aborts", "overruns the stack", "eats memory", "loops for ever",
                           "leaves with _exit(3)", "throws"};

struct job {
    using reply = std::uint64_t;
    unsigned number;
    deed what;
};

// ---- what the workers do

std::uint64_t sum_to(unsigned n) {
    std::uint64_t sum = 0;
    for (unsigned i = 1; i <= n; ++i) sum += i;
    return sum;
}

unsigned read_nowhere() {
    volatile unsigned* volatile nowhere = nullptr;
    return *nowhere;
}

unsigned overrun(unsigned depth) {
    volatile char frame[4096];
    frame[0] = 1;
    return depth == ~0U ? 0 : overrun(depth + 1) + static_cast<unsigned>(frame[0]);
}

std::uint64_t eat() {
    for (std::vector<std::string> eaten;;) eaten.emplace_back(1 << 20, 'm');
}

std::uint64_t loop() {
    for (volatile unsigned turns = 0;;) turns = turns + 1;
}

std::uint64_t do_job(job m) {
    switch (m.what) {
    case deed::good: break;
    case deed::read: return read_nowhere();
    case deed::abort: std::abort();
    case deed::overrun: return overrun(0);
    case deed::eat: return eat();
    case deed::loop: return loop();
    case deed::leave: _exit(3);
    case deed::fail: throw std::runtime_error("this cannot be done");
    }
    return sum_to(m.number);
}

troupe::task<> worker(troupe::mailbox<job> inbox) {
    co_await inbox.serve([](job m) { return do_job(m); });
}

// ---- what the program records

class ledger {
public:
    explicit ledger(std::size_t jobs) : jobs_(jobs), shown_(isatty(STDERR_FILENO) == 1) {}

    void result(job m, std::uint64_t value) {
        line& to = of(m);
        ++to.jobs;
        if (m.what == deed::good && value == std::uint64_t{m.number} * (m.number + 1) / 2) ++to.results;
        show();
    }
    void failure(job m, const std::string& cause) {
        line& to = of(m);
        ++to.jobs;
        ++to.failures;
        to.causes.insert(cause);
        show();
    }

    // Prints the table. Returns true if every good job has its result, and every bad one its cause.
    bool close() const {
        if (shown_) std::fprintf(stderr, "\r\x1b[K");
        std::printf("%-20s %7s %7s %7s  %s\n", "job", "done", "results", "failed", "because it");
        line all;
        bool right = true;
        for (std::size_t i = 0; i < deeds.size(); ++i) {
            const line& one = lines_[i];
            print(deeds[i], one);
            all.jobs += one.jobs;
            all.results += one.results;
            all.failures += one.failures;
            const bool good = deed(i) == deed::good;
            right = right && one.jobs == (good ? one.results : one.failures) && one.causes.empty() == (good || one.jobs == 0);
        }
        print("all", all);
        return right && all.jobs == jobs_;
    }

private:
    struct line {
        std::size_t jobs = 0, results = 0, failures = 0;
        std::set<std::string> causes{};
    };

    line& of(job m) { return lines_[static_cast<std::size_t>(m.what)]; }

    static void print(const char* name, const line& one) {
        std::string causes;
        for (const auto& cause : one.causes) causes += (causes.empty() ? "  " : ", or ") + cause;
        std::printf("%-20s %7zu %7zu %7zu%s\n", name, one.jobs, one.results, one.failures, causes.c_str());
    }

    void show() {
        ++ended_;
        if (!shown_) return;
        std::string bar(40, '.');
        std::fill_n(bar.begin(), 40 * ended_ / jobs_, '#');
        std::fprintf(stderr, "\r[%s] %zu of %zu jobs", bar.c_str(), ended_, jobs_);
    }

    std::array<line, deeds.size()> lines_{};
    std::size_t jobs_, ended_ = 0;
    bool shown_;
};

// ---- how the two work together

// One of these runs for each worker. The program keeps a job until its end is known, so a crash loses nothing else.
troupe::task<> hand_out(troupe::queue<job> jobs, troupe::actor<job> worker, ledger* book, std::size_t* deaths) {
    while (const auto next = co_await jobs.get()) {
        try {
            book->result(*next, co_await worker.ask(*next));
        } catch (const troupe::actor_died& death) {
            book->failure(*next, to_string(death.status()));   // the next job waits for the next incarnation
            ++*deaths;
        } catch (const troupe::remote_error& thrown) {
            book->failure(*next, "threw " + thrown.type() + ": " + thrown.text());
        }
    }
}

job job_of(unsigned i) {   // every tenth job is bad, in each way in turn
    return {i, i % 10 == 9 ? deed(1 + i / 10 % (deeds.size() - 1)) : deed::good};
}

troupe::task<int> program(std::vector<std::string> args) {
    const unsigned count = args.empty() ? 210 : static_cast<unsigned>(std::stoul(args[0]));
    const unsigned workers = args.size() < 2 ? 4 : std::max(1U, static_cast<unsigned>(std::stoul(args[1])));

    ledger book(count);
    std::size_t deaths = 0;
    troupe::queue<job> jobs;
    std::vector<troupe::actor<job>> crew;
    troupe::supervisor foreman({.max_restarts = count, .back_off = 0s});
    for (unsigned i = 0; i < workers; ++i)
        crew.push_back(co_await foreman.spawn<worker>({.name = "worker " + std::to_string(i),
                                                       .message_deadline = 3s,
                                                       .limits = {.memory = 64 << 20, .core_size = 0}}));

    co_await troupe::task_group::run([&](troupe::task_group& group) -> troupe::task<> {
        for (const auto& one : crew) group.start(hand_out(jobs, one, &book, &deaths));
        for (unsigned i = 0; i < count; ++i) co_await jobs.put(job_of(i));   // waits while the queue is full
        jobs.close();
        co_await group.join();
    });
    bool right = book.close();

    for (const auto& one : crew) right = co_await one.ask(job{4, deed::good}) == 10 && right;   // all are alive again
    std::printf("%zu workers died, and %zu were started again\n", deaths, foreman.restarts());
    co_await foreman.stop();
    co_return right && foreman.restarts() == deaths ? 0 : 1;
}

int main(int argc, char** argv) {
    return troupe::run<program>(argc, argv, {.report_crashes = false});  // the table shows them
}
