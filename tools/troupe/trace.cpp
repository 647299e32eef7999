// troupe trace: what the actors of a program do, event by event, as a file for Perfetto.
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <set>
#include <thread>

#include "inspect/failure.hpp"
#include "inspect/observation.hpp"
#include "inspect/observer.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/seconds_between.hpp"
#include "troupe/selection.hpp"
#include "troupe/text.hpp"
#include "troupe/trace_file.hpp"

namespace troupe::tool {
namespace {

using std::chrono::steady_clock;

struct wishes {
    double seconds = 1;
    std::string file = "trace.json";
};

// Short enough that an actor with a hundred thousand events a second loses none.
constexpr std::chrono::milliseconds between_looks(50);
constexpr std::chrono::seconds longest_on_its_way(10);

volatile std::sig_atomic_t interrupted = 0;

// Ctrl-C ends a trace in order, and what there is of it is written.
class interrupt_watch {
public:
    interrupt_watch() {
        interrupted = 0;
        struct sigaction mine{};
        mine.sa_handler = [](int) { interrupted = 1; };
        sigaction(SIGINT, &mine, &before_[0]);
        sigaction(SIGTERM, &mine, &before_[1]);
    }
    ~interrupt_watch() {
        sigaction(SIGINT, &before_[0], nullptr);
        sigaction(SIGTERM, &before_[1], nullptr);
    }
    interrupt_watch(const interrupt_watch&) = delete;
    interrupt_watch& operator=(const interrupt_watch&) = delete;

private:
    struct sigaction before_[2];
};

struct closed_file {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using open_file = std::unique_ptr<std::FILE, closed_file>;

inspect::failure not_written(const std::string& file) {
    return inspect::failure("the trace cannot be written to '" + file + "': " + std::strerror(errno));
}

std::uint64_t now_ns() { return static_cast<std::uint64_t>(steady_clock::now().time_since_epoch().count()); }

// One trace of a program, from the first look to the last.
class recording {
public:
    recording(inspect::observer& of, std::FILE* into)
        : of_(of),
          wish_(of, shm::observe_trace),
          reader_(of),
          start_(now_ns()),
          file_(into, of.program().pid, of.program().name, start_) {
        const inspect::snapshot now = of_.look({.graph = false});
        name_actors(now);
        for (const inspect::actor_row& one : now.actors) {
            if (!one.handling) continue;
            const double before = static_cast<double>(start_) / 1e9 - one.handling->since;
            file_.open_handler(one.slot, one.handling->type, std::isfinite(before) ? std::max(before, 0.0) : 0.0);
        }
        for (const std::uint16_t slot : reader_.without_trace()) untraced_.insert(slot);
    }

    void keep_up() {
        unless_ended([this] { wish_.keep_up(); });
    }
    void look() {
        const std::vector<inspect::traced_row> rows = reader_.read();
        // A name is there before what its actor does.
        if (!rows.empty()) unless_ended([this] { name_actors(of_.look({.graph = false})); });
        std::map<std::uint16_t, std::uint64_t> lost_now;
        for (const auto& [slot, events] : reader_.lost()) {
            if (events != lost_[slot]) lost_now[slot] = events - std::exchange(lost_[slot], events);
        }
        for (const inspect::traced_row& row : rows) {
            const auto lost = lost_now.find(row.slot);
            if (lost != lost_now.end()) {
                file_.note_lost(row.slot, lost->second, row.event.ns);
                lost_now.erase(lost);
            }
            file_.add(row, row.event.what.type == 0 ? "" : type_of(row.event.what.type));
        }
        const std::uint64_t now = now_ns();
        for (const auto& [slot, events] : lost_now) file_.note_lost(slot, events, now);
        const auto old = std::chrono::nanoseconds(longest_on_its_way).count();
        file_.forget_before(now - static_cast<std::uint64_t>(old));
    }

    void finish() { file_.finish(); }
    double seconds() const { return static_cast<double>(now_ns() - start_) / 1e9; }
    const trace_file& file() const { return file_; }
    std::uint64_t lost() const {
        std::uint64_t sum = 0;
        for (const auto& [slot, events] : lost_) sum += events;
        return sum;
    }
    // A sentence for each actor that something is missing of.
    std::vector<std::string> missing() const {
        std::vector<std::string> sentences;
        for (const auto& [slot, events] : lost_) {
            sentences.push_back(counted(events, "event") + " of " + name_of_slot(slot) +
                                (events == 1 ? " was lost" : " were lost"));
        }
        for (const std::uint16_t slot : untraced_) {
            sentences.push_back(name_of_slot(slot) +
                                " was not traced: the program has too little shared memory left for it");
        }
        return sentences;
    }

private:
    // What a program that has ended meanwhile does no more is no failure: its last events are there all the same.
    template <class Work>
    void unless_ended(const Work& work) const {
        try {
            work();
        } catch (const inspect::failure&) {
            if (!of_.ended()) throw;
        }
    }
    void name_actors(const inspect::snapshot& now) {
        for (const inspect::actor_row& one : now.actors) {
            if (one.state == inspect::actor_state::dead) continue;
            names_[one.slot] = name_of(one);
            file_.name_actor(one.slot, names_[one.slot]);
        }
    }
    std::string name_of_slot(std::uint16_t slot) const {
        const auto known = names_.find(slot);
        return known != names_.end() ? known->second : "slot " + std::to_string(slot);
    }
    const std::string& type_of(std::uint32_t number) {
        std::string& known = types_[number];
        if (known.empty()) known = of_.types().name_of(number);
        return known;
    }

    inspect::observer& of_;
    inspect::observing wish_;
    inspect::trace_reader reader_;
    std::uint64_t start_;
    trace_file file_;
    std::map<std::uint16_t, std::string> names_;
    std::map<std::uint32_t, std::string> types_;
    std::map<std::uint16_t, std::uint64_t> lost_;
    std::set<std::uint16_t> untraced_;
};

void say(const recording& made, const wishes& wished, const invocation& with) {
    if (with.json) {
        json object = json_object();
        object["file"] = wished.file;
        object["events"] = made.file().events();
        object["actors"] = made.file().tracks();
        object["arrows"] = made.file().arrows();
        object["seconds"] = made.seconds();
        object["lost"] = made.lost();
        object["missing"] = made.missing();
        print(object);
        return;
    }
    const std::uint64_t lost = made.lost();
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.1f", made.seconds());
    std::printf("%s of %s in %s s, %s lost. Open %s in https://ui.perfetto.dev or chrome://tracing.\n",
                counted(made.file().events(), "event").c_str(), counted(made.file().tracks(), "actor").c_str(), seconds,
                lost == 0 ? "none" : grouped(lost).c_str(), wished.file.c_str());
    for (const std::string& sentence : made.missing()) std::printf("%s\n", sentence.c_str());
}

void go_on(const inspect::observer& observer, recording& made, double seconds) {
    const auto until = steady_clock::now() + std::chrono::duration<double>(seconds);
    while (interrupted == 0 && !observer.ended()) {
        const auto left = until - steady_clock::now();
        if (left <= left.zero()) break;
        std::this_thread::sleep_for(std::min<std::chrono::duration<double>>(left, between_looks));
        made.look();
        if (!observer.ended()) made.keep_up();
    }
    made.look();
}

void run(const wishes& wished, const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    open_file file(std::fopen(wished.file.c_str(), "we"));
    if (!file) throw not_written(wished.file);
    const interrupt_watch watch;
    recording made(observer, file.get());
    std::fflush(file.get());    // whoever waits for the trace to begin sees that it has
    std::exception_ptr failed;  // what there is by then is written all the same
    try {
        go_on(observer, made, wished.seconds);
    } catch (const inspect::failure&) {
        failed = std::current_exception();
    }
    made.finish();
    const bool is_cut = std::ferror(file.get()) != 0;
    if (std::fclose(file.release()) != 0 || is_cut) throw not_written(wished.file);
    if (failed) std::rethrow_exception(failed);
    say(made, wished, with);
}

}  // namespace

void add_trace(CLI::App& app, invocation& with) {
    auto wished = std::make_shared<wishes>();
    CLI::App* command = app.add_subcommand("trace", "What the actors do, event by event, as a file for Perfetto");
    command->add_option("--seconds", wished->seconds, "How long to trace; Ctrl-C ends it sooner")
        ->check(seconds_between(0, 86400))
        ->type_name("SECONDS")
        ->capture_default_str();
    command->add_option("-o,--output", wished->file, "The file that is written")
        ->type_name("FILE")
        ->capture_default_str();
    command->footer(
        "Each actor has a track. A slice is the handler of a message, and an arrow goes from where a message was sent "
        "to where it was taken. Tracing costs the program two to three clock readings a message, and 256 KiB of its "
        "shared memory an actor. It ends within ten seconds when this command is killed.");
    command->callback([wished, &with] { run(*wished, with); });
}

}  // namespace troupe::tool
