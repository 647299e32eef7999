// What has been proved so far: the points of each scene, and what became of each. It is also a file, to which lines are
// added as the work goes on, so that a run that was broken off goes on where it was. A file of another executable is
// begun anew: its addresses mean nothing here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "prove/kill_point.hpp"
#include "prove/scene.hpp"

namespace proving {

enum class fate : char { open = 'o', passed = 'p', not_reached = 'n', failed = 'f' };

struct entry {
    const scene* played = nullptr;
    bool recorded = false;
    bool taken = false;  // somebody is recording it
    std::vector<kill_point> points;
    std::vector<fate> fates;
    std::size_t next = 0;  // points before it were handed out
    std::size_t passed = 0, not_reached = 0, failed = 0;

    void settle(std::size_t point, fate became);
};

struct figures {
    std::size_t points = 0, passed = 0, not_reached = 0, failed = 0;
    std::size_t scenes = 0, recorded = 0;
};

// A piece of work: a scene to record, or some of its points to try.
struct work {
    entry* of = nullptr;
    bool record = false;
    std::size_t first = 0, last = 0;
};

class ledger {
public:
    // Without a path nothing is kept.
    ledger(const std::vector<const scene*>& wanted, const std::string& path);
    ~ledger();
    ledger(const ledger&) = delete;
    ledger& operator=(const ledger&) = delete;

    // Nothing when all is handed out. `busy` says whether more may come of what others record.
    std::optional<work> take(const scene* rather, bool& busy);
    // To record it; nothing when all are.
    entry* first_not_taken();
    // Any scene that nobody has had; nothing when there is none.
    entry* draw(std::mt19937_64& random);
    // Where it did not go `well` though nobody was killed, that is its failure, and it is recorded anew next time.
    void recorded(entry& of, std::vector<kill_point> points, bool well);
    void settled(entry& of, std::size_t point, fate became);

    figures so_far();
    const std::vector<entry>& entries() const { return entries_; }

private:
    bool read(const std::string& path, const std::string& identity);
    entry* named(const std::string& name);

    std::mutex mutex_;
    std::vector<entry> entries_;
    std::FILE* file_ = nullptr;
};

}  // namespace proving
