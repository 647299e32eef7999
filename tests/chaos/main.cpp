// usage: chaos [--seconds N] [--seed S] [--watched TROUPE]
//
// A supervised program of some forty actors, with a queue, requests, messages, open files on their way, a topic, names,
// a log, pipes, pools and commands; every few milliseconds one of them is killed, crashes, is stopped and continued, or
// is held by a tracer, some get SIGTERM together, or the whole program is frozen, whichever the seed says. At the end
// every item that was acknowledged is accounted for, and nothing is left of the program. With --watched, the tool looks
// into it all the while, and is killed now and then.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "channel/participant.hpp"
#include "chaos/account.hpp"
#include "chaos/crew.hpp"
#include "chaos/trouble.hpp"
#include "chaos/warden.hpp"
#include "chaos/witness.hpp"
#include "kill/remains.hpp"

namespace {

using namespace std::chrono_literals;
using chaos::the_witness;
using clock_type = std::chrono::steady_clock;

struct wishes {
    double seconds = 10;
    std::uint64_t seed =
        static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() / std::chrono::hours(24));
    std::string tool = {};  // empty: nobody looks in
} wished;

chaos::warden outside;

int passed = 0;
int failed = 0;

void check(bool holds, const std::string& what) {
    ++(holds ? passed : failed);
    std::printf("%s - %s\n", holds ? "ok" : "FAILED", what.c_str());
}

// What each is of, without its number.
std::multiset<std::string> descriptors() {
    troupe::channel::participant::here().doorbells().close_all();  // it keeps those of the slots it has rung
    std::multiset<std::string> all;
    for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        all.insert(std::filesystem::read_symlink(one, gone).string());
    }
    return all;
}

std::size_t mappings() {
    std::ifstream maps("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);) count += line.find("memfd:") != std::string::npos ? 1 : 0;
    return count;
}

// What every process of the program writes to stderr goes to a file: nothing is said there when all is well. A library
// that finds itself wrong, or a sanitizer, says so and aborts, which looks like any other crash from outside.
int terminal = -1;

void collect_complaints() {
    terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    const int file = memfd_create("complaints", MFD_CLOEXEC);
    if (terminal < 0 || file < 0 || dup2(file, STDERR_FILENO) < 0) std::abort();
    close(file);
}

std::string complaints() {
    std::string all;
    char part[4096];
    for (ssize_t n = 0; (n = pread(STDERR_FILENO, part, sizeof part, static_cast<off_t>(all.size()))) > 0;)
        all.append(part, static_cast<std::size_t>(n));
    return all;
}

// `before`: as many ends there were before the run.
bool ends_are_kept(std::uint64_t before, std::size_t restarts) {
    const auto& memory = troupe::channel::participant::here().memory();
    const std::uint64_t last = memory.header().ends.get();
    const std::uint64_t known = std::min<std::uint64_t>(last, troupe::shm::end_log_records);
    for (std::uint64_t number = last - known + 1; number <= last; ++number) {
        const troupe::shm::end_record& one = memory.log_of_ends().at(number);
        if (one.number.get() != number || one.pid.get() == 0) return false;
    }
    return last - before >= restarts;
}

// A bar that is drawn over on a terminal, nothing elsewhere.
void show(double part, const chaos::trouble& made) {
    if (isatty(terminal) == 0) return;
    constexpr int width = 40;
    const int full = static_cast<int>(width * std::min(part, 1.0));
    dprintf(terminal, "\r[%s%s] %3.0f %%, %zu killed, %zu crashed, %zu stopped, %zu frozen",
            std::string(static_cast<std::size_t>(full), '#').c_str(),
            std::string(static_cast<std::size_t>(width - full), '.').c_str(), 100 * std::min(part, 1.0), made.kills,
            made.crashes, made.stops, made.freezes);
}

bool a_stream_was_read() {
    const auto* const all = the_witness().session_of.data();
    return std::any_of(all, all + std::min(the_witness().sessions.load(), chaos::most_sessions),
                       [](const chaos::session& one) { return one.sent != 0 && one.received != 0; });
}

// How many acts have been done so far: it must go on.
std::uint64_t acts() {
    std::uint64_t sum = 0;
    for (const auto& one : the_witness().put) sum += one.done;
    for (const auto& one : the_witness().asked) sum += one.done;
    for (const auto& one : the_witness().sent) sum += one.done;
    for (const auto& one : the_witness().booked) sum += one.done;
    return sum;
}

// For as long as was wished, and on a slow machine until one pair of actors has lived long enough for a stream, and a
// farm for a harvest. In a long run, all is once stopped for longer than a handler may take.
troupe::task<> make_trouble(chaos::trouble& made) {
    const auto start = clock_type::now();
    const auto length = std::chrono::duration<double>(wished.seconds);
    auto moved = start, shown = start;
    bool frozen = false;
    for (std::uint64_t before = 0;
         clock_type::now() - start < length || !a_stream_was_read() || the_witness().harvests == 0;) {
        co_await made.make();
        const auto now = clock_type::now();
        if (length > 6 * chaos::handler_deadline && now - start > length / 2 && !std::exchange(frozen, true)) {
            made.freeze_past_deadlines();
        }
        if (now - start > length + chaos::patience)
            throw std::runtime_error("no stream was read, or no harvest was in");
        if (const std::uint64_t done = acts(); done != before) {
            before = done;
            moved = now;
        } else if (now - moved > chaos::patience) {
            throw std::runtime_error("nothing moves any more");
        }
        if (now - shown < 200ms) continue;
        shown = now;
        show((now - start) / length, made);
    }
    if (isatty(terminal) != 0) dprintf(terminal, "\r\x1b[K");
}

void say_who_is_there() {
    const auto& memory = troupe::channel::participant::here().memory();
    for (std::uint32_t i = 1; i < memory.processes().reached(); ++i) {
        const auto& slot = memory.process(static_cast<std::uint16_t>(i));
        const auto state = slot.present().state;
        if (state == troupe::shm::process_state::free) continue;
        std::printf("    '%s': state %d, process %d, incarnation %u\n", slot.who.name, static_cast<int>(state),
                    slot.pid.get(), slot.incarnation.get());
    }
}

struct nudge {
    using reply = int;
};
troupe::task<> nudged(troupe::mailbox<nudge> inbox) {
    co_await inbox.serve([](nudge) { return 1; });
}

// What a program opens once is open before the run: the loop, the forkserver, the lane that replies come through.
troupe::task<> warm_up() {
    for (const auto method : {troupe::start_method::default_method, troupe::start_method::forkserver}) {
        const auto one = co_await troupe::spawn<nudged>({.method = method});
        co_await one.ask(nudge{});
        one.stop();
        co_await one.join();
    }
    troupe::this_actor::log(troupe::log_level::info, "the log begins");
    co_await troupe::with_timeout(chaos::patience, chaos::trouble::until_there_is_a_logger());
}

troupe::task<std::size_t> run_crew(chaos::trouble& made) {
    chaos::crew all;
    std::exception_ptr failure;
    try {
        co_await all.start();
        co_await make_trouble(made);
        co_await all.finish();
    } catch (...) {
        failure = std::current_exception();
        say_who_is_there();
    }
    if (failure) {
        co_await all.give_up();
        std::rethrow_exception(failure);
    }
    co_return all.restarts();
}

// The one that observed last may have been killed: the keeper ends that by itself.
void end_watch() {
    the_witness().watch_over = 1;
    const auto until = [](auto holds) {
        const auto end = clock_type::now() + chaos::patience;
        while (!holds() && clock_type::now() < end) troupe::sync_wait(troupe::sleep_for(10ms));
        return holds();
    };
    check(until([] { return the_witness().watch_done != 0; }), "whoever looked in comes to an end");
    std::printf("    %u looks, of which %u saw all and %u were killed\n", the_witness().watch_looks.load(),
                the_witness().watch_good.load(), the_witness().watch_kills.load());
    check(the_witness().watch_good > 0 && the_witness().watch_faults == 0,
          "each look saw all, or said in a sentence why not");
    const auto& header = troupe::channel::participant::here().memory().header();
    check(until([&header] { return header.observation.get().what == 0; }), "nothing is observed any more");
}

void line(const char* what, const chaos::figures& of) {
    std::printf("%-10s %10llu %12llu %10llu %12llu %6llu\n", what, static_cast<unsigned long long>(of.begun),
                static_cast<unsigned long long>(of.acknowledged), static_cast<unsigned long long>(of.found),
                static_cast<unsigned long long>(of.unasked), static_cast<unsigned long long>(of.gone));
}

void print(const chaos::trouble& made, const chaos::account& sum, std::size_t restarts) {
    std::printf(
        "%zu actors at most; %zu killed, %zu crashed, %zu stopped and continued, %zu traced, %zu groups terminated, "
        "%zu freezes, %zu forkservers and %zu loggers killed; %zu restarts\n\n",
        made.most_actors, made.kills, made.crashes, made.stops, made.traces, made.terms, made.freezes, made.servers,
        made.loggers, restarts);
    std::printf("%-10s %10s %12s %10s %12s %6s\n", "", "begun", "acknowledged", "found", "and unasked", "gone");
    line("items", sum.items);
    line("requests", sum.requests);
    line("messages", sum.messages);
    line("streams", sum.streams);
    std::printf(
        "\n\"gone\" were in the hands of %zu receivers that died; %llu of %llu streams were read to their end; pools "
        "did "
        "%u mappings to their end; %u rounds of commands were run\n\n",
        made.of_takers, static_cast<unsigned long long>(sum.sessions_ended),
        static_cast<unsigned long long>(sum.sessions), the_witness().harvests.load(), the_witness().commands.load());
}

int program() {
    std::printf("seed %llu, %g s\n", static_cast<unsigned long long>(wished.seed), wished.seconds);
    troupe::sync_wait(warm_up());
    const killing::remains before = killing::remains::settled(killing::remains::nothing());
    const std::multiset<std::string> open = descriptors();
    const std::size_t mapped = mappings();
    const std::uint64_t ends = troupe::channel::participant::here().memory().header().ends.get();

    chaos::trouble made(wished.seed, outside);
    std::size_t restarts = 0;
    std::string stuck;
    the_witness().watch_begun = 1;
    try {
        restarts = troupe::sync_wait(run_crew(made));
    } catch (const std::exception& error) {
        stuck = error.what();
    }
    check(stuck.empty(), "everybody comes to an end" + (stuck.empty() ? "" : ": " + stuck));
    if (!wished.tool.empty()) end_watch();
    const chaos::account sum = chaos::settle(the_witness(), made.of_takers);
    troupe::sync_wait(troupe::with_timeout(chaos::patience, chaos::trouble::until_there_is_a_logger()));
    const killing::remains after = killing::remains::settled(before);
    print(made, sum, restarts);

    check(made.most_actors >= chaos::fewest_actors, "there were as many actors as there should be");
    check(made.kills > 0 && sum.items.found > 0 && sum.requests.found > 0 && sum.messages.found > 0 &&
              sum.streams.begun > 0,
          "there was trouble, and all went on");
    check(sum.faults.empty(), "all that was acknowledged is accounted for");
    for (const auto& one : sum.faults) std::printf("    %s\n", one.c_str());
    check(after == before, "no process, slot, channel, block, cell or place in a line is left");
    if (after != before)
        std::printf("    %zu children, %zu slots, %zu channels, %zu blocks, %zu cells, %zu places\n", after.children,
                    after.slots, after.channels, after.blocks, after.cells, after.places);
    const std::multiset<std::string> still_open = descriptors();
    check(still_open == open, "no descriptor is left");
    std::vector<std::string> left;
    std::set_difference(still_open.begin(), still_open.end(), open.begin(), open.end(), std::back_inserter(left));
    for (const auto& one : left) std::printf("    %s\n", one.c_str());
    check(mappings() == mapped, "no mapping is left");
    check(ends_are_kept(ends, restarts), "the last ends are kept, and there was one before every restart");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const bool outermost = std::getenv("TROUPE_TEST_WITNESS") == nullptr;
    the_witness();
    if (outermost) {
        CLI::App options("A supervised program, and trouble for it.");
        options.add_option("--seconds", wished.seconds, "how long trouble is made")->check(CLI::PositiveNumber);
        options.add_option("--seed", wished.seed, "whom it meets, and when; else of the day");
        options.add_option("--watched", wished.tool, "the tool that looks into the program meanwhile")
            ->check(CLI::ExistingFile);
        CLI11_PARSE(options, argc, argv);
        outside = chaos::warden::stand_outside(wished.tool, wished.seed);
        const rlimit none{0, 0};
        setrlimit(RLIMIT_CORE, &none);
        prctl(PR_SET_CHILD_SUBREAPER, 1);  // whoever is orphaned is found below
        collect_complaints();
    }
    troupe::run<program>(argc, argv, {.report_crashes = false, .log = &chaos::read_log});
    check(chaos::lost_lines(the_witness()) == 0 && the_witness().odd_lines == 0,
          "every line of the log was written, or counted where it was dropped");
    errno = 0;
    check(waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD, "no process outlives the program");
    const std::string said = complaints();
    check(said.empty(), "no process complained");
    std::fputs(said.c_str(), stdout);
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
