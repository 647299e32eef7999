#include "prove/worker.hpp"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

namespace proving {
namespace {

using namespace std::chrono_literals;

constexpr int recordings = 2;
constexpr auto round_time = 30s;
constexpr auto recording_time = 240s;

// How a point is tried, until the victim comes by. What it does depends a little on how fast it goes, and some things
// are done only once in a program: the first block of a size, the first reply.
struct attempt {
    pace how;
    bool afresh;  // in a program that has played nothing yet
};
constexpr attempt attempts[] = {{pace::quick, false}, {pace::quick, true}, {pace::stepping, false}};

}  // namespace

void worker::begin(entry& of) {
    if (of_ == of.played) return;
    auto next = [&] {
        const std::lock_guard locked(mutex_);
        return std::exchange(now_, nullptr);
    }();
    next.reset();  // the old program ends before the new one begins
    next = std::make_unique<rehearsal>(*of.played);
    of_ = of.played;
    const std::lock_guard locked(mutex_);
    now_ = std::move(next);
}

void worker::look() {
    if (clock::now().time_since_epoch().count() < deadline_) return;
    const std::lock_guard locked(mutex_);
    if (now_) now_->abort();
}

void worker::say_wrong(const entry& of, const std::string& where, const std::string& what) {
    shown_.say("FAILED - " + of.played->name + ": killed " + where + ": " + what);
}

void worker::record(entry& of, int times) {
    std::set<kill_point> known;
    std::vector<kill_point> points;
    bool well = true;
    for (int i = 0; i < times; ++i) {
        std::string wrong;
        give(recording_time);
        for (const kill_point& one : now_->record(wrong)) {
            if ((every_time_ || worth_a_kill(one)) && known.insert(one).second) points.push_back(one);
        }
        if (wrong.empty()) continue;
        say_wrong(of, "nowhere", wrong);
        well = false;
    }
    book_.recorded(of, std::move(points), well);
}

void worker::try_point(entry& of, std::size_t index) {
    const kill_point& point = of.points[index];
    fate became = fate::not_reached;
    for (const auto& [how, afresh] : attempts) {
        if (afresh) now_->start_again();
        give(how == pace::quick ? round_time : recording_time);
        const result found = now_->kill_at(point, how);
        if (!found.wrong.empty()) {
            say_wrong(of, found.killed ? to_string(point) : "nowhere, sought " + to_string(point), found.wrong);
            became = fate::failed;
            break;
        }
        if (found.killed) {
            became = fate::passed;
            break;
        }
    }
    book_.settled(of, index, became);
    shown_.show(book_.so_far());
}

void worker::prove_all() {
    for (;;) {
        bool busy = false;
        const auto next = book_.take(of_, busy);
        if (!next) {
            if (!busy) break;
            std::this_thread::sleep_for(50ms);
            continue;
        }
        begin(*next->of);
        if (next->record) {
            record(*next->of, recordings);
        } else {
            for (std::size_t i = next->first; i < next->last; ++i) {
                if (next->of->fates[i] == fate::open) try_point(*next->of, i);
            }
        }
    }
    leave();
}

void worker::count_all() {
    while (entry* const one = book_.first_not_taken()) {
        begin(*one);
        record(*one, 1);
        shown_.say(std::to_string(one->points.size()) + " in " + one->played->name);
    }
    leave();
}

void worker::sample_some(std::mt19937_64& random, std::size_t points_of_a_scene, clock::time_point until) {
    while (clock::now() < until) {
        entry* const one = book_.draw(random);
        if (one == nullptr) break;
        begin(*one);
        record(*one, 1);
        for (std::size_t i = 0; i < points_of_a_scene && clock::now() < until && !one->points.empty(); ++i) {
            try_point(*one, random() % one->points.size());
        }
    }
    leave();
}

void worker::leave() {
    deadline_ = clock::time_point::max().time_since_epoch().count();
    const std::lock_guard locked(mutex_);
    now_.reset();
}

}  // namespace proving
