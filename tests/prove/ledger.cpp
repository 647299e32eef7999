#include "prove/ledger.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace proving {
namespace {

constexpr std::size_t in_one_go = 32;  // points that one worker takes at a time

// Tells this executable from any other.
std::string own_identity() {
    struct stat about{};
    stat("/proc/self/exe", &about);
    return "executable " + std::to_string(about.st_size) + ' ' + std::to_string(about.st_mtim.tv_sec) + ' ' +
           std::to_string(about.st_mtim.tv_nsec);
}

}  // namespace

ledger::ledger(const std::vector<const scene*>& wanted, const std::string& path) {
    for (const scene* one : wanted) entries_.emplace_back().played = one;
    if (path.empty()) return;
    const std::string identity = own_identity();
    const bool known = read(path, identity);
    file_ = std::fopen(path.c_str(), known ? "a" : "w");
    if (file_ != nullptr && !known) std::fprintf(file_, "%s\n", identity.c_str());
}

ledger::~ledger() {
    if (file_ != nullptr) std::fclose(file_);
}

void entry::settle(std::size_t point, fate became) {
    fates[point] = became;
    ++(became == fate::passed ? passed : became == fate::failed ? failed : not_reached);
}

entry* ledger::named(const std::string& name) {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const entry& one) { return one.played->name == name; });
    return found == entries_.end() ? nullptr : &*found;
}

// Lines: `point KIND ADDRESS NTH SCENE`, `recorded SCENE`, `fate F INDEX SCENE`.
bool ledger::read(const std::string& path, const std::string& identity) {
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line) || line != identity) return false;
    while (std::getline(file, line)) {
        std::istringstream words(line);
        std::string what, name;
        words >> what;
        kill_point point;
        int kind = 0;
        char became = 'o';
        std::size_t index = 0;
        if (what == "point") words >> kind >> point.address >> point.nth;
        if (what == "fate") words >> became >> index;
        std::getline(words >> std::ws, name);
        entry* const of = named(name);
        if (of == nullptr) continue;
        point.what = static_cast<kill_point::kind>(kind);
        if (what == "point" && !of->recorded) of->points.push_back(point);
        if (what == "recorded") {
            of->recorded = true;
            of->fates.assign(of->points.size(), fate::open);
        }
        if (what == "fate" && index < of->fates.size()) of->settle(index, static_cast<fate>(became));
    }
    for (entry& one : entries_) {
        if (!one.recorded) one.points.clear();
    }
    return true;
}

std::optional<work> ledger::take(const scene* rather, bool& busy) {
    const std::lock_guard locked(mutex_);
    busy = false;
    const auto some_of = [](entry& one) -> std::optional<work> {
        if (!one.recorded) return std::nullopt;
        while (one.next < one.fates.size() && one.fates[one.next] != fate::open) ++one.next;
        if (one.next >= one.fates.size()) return std::nullopt;
        work some{&one, false, one.next, std::min(one.next + in_one_go, one.fates.size())};
        one.next = some.last;
        return some;
    };
    for (entry& one : entries_) {
        if (one.played != rather) continue;
        if (const auto some = some_of(one)) return some;
    }
    for (entry& one : entries_) {
        if (const auto some = some_of(one)) return some;
    }
    for (entry& one : entries_) {
        if (one.recorded || one.taken) continue;
        one.taken = true;
        return work{&one, true, 0, 0};
    }
    busy = std::any_of(entries_.begin(), entries_.end(), [](const entry& one) { return !one.recorded; });
    return std::nullopt;
}

entry* ledger::first_not_taken() {
    const std::lock_guard locked(mutex_);
    for (entry& one : entries_) {
        if (one.taken || one.recorded) continue;
        one.taken = true;
        return &one;
    }
    return nullptr;
}

entry* ledger::draw(std::mt19937_64& random) {
    const std::lock_guard locked(mutex_);
    std::vector<entry*> left;
    for (entry& one : entries_) {
        if (!one.taken) left.push_back(&one);
    }
    if (left.empty()) return nullptr;
    entry* const drawn = left[random() % left.size()];
    drawn->taken = true;
    return drawn;
}

void ledger::recorded(entry& of, std::vector<kill_point> points, bool well) {
    const std::lock_guard locked(mutex_);
    of.recorded = true;
    if (!well) {
        ++of.failed;
        return;
    }
    of.points = std::move(points);
    of.fates.assign(of.points.size(), fate::open);
    if (file_ == nullptr) return;
    for (const kill_point& one : of.points) {
        std::fprintf(file_, "point %d %llu %u %s\n", static_cast<int>(one.what),
                     static_cast<unsigned long long>(one.address), one.nth, of.played->name.c_str());
    }
    std::fprintf(file_, "recorded %s\n", of.played->name.c_str());
    std::fflush(file_);
}

void ledger::settled(entry& of, std::size_t point, fate became) {
    const std::lock_guard locked(mutex_);
    of.settle(point, became);
    if (file_ == nullptr || became == fate::failed) return;  // one that failed is tried again
    std::fprintf(file_, "fate %c %zu %s\n", static_cast<char>(became), point, of.played->name.c_str());
    std::fflush(file_);
}

figures ledger::so_far() {
    const std::lock_guard locked(mutex_);
    figures sum;
    sum.scenes = entries_.size();
    for (const entry& one : entries_) {
        if (one.recorded) ++sum.recorded;
        sum.points += one.points.size();
        sum.passed += one.passed;
        sum.not_reached += one.not_reached;
        sum.failed += one.failed;
    }
    return sum;
}

}  // namespace proving
