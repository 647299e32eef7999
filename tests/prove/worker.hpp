// Tries kill points: one thread with a program of its own, which it keeps from point to point.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <vector>

#include "prove/ledger.hpp"
#include "prove/progress.hpp"
#include "prove/rehearsal.hpp"

namespace proving {

class worker {
public:
    // `every_time`: also all the times of what is executed very often.
    worker(ledger& book, progress& shown, bool every_time) : book_(book), shown_(shown), every_time_(every_time) {}

    // Until all is done.
    void prove_all();
    // Records every scene, and kills nobody.
    void count_all();
    // Points of scenes, both chosen by `random`, until the time is up.
    void sample_some(std::mt19937_64& random, std::size_t points_of_a_scene,
                     std::chrono::steady_clock::time_point until);

    // Called by another thread, now and then: ends a round that hangs.
    void look();

private:
    using clock = std::chrono::steady_clock;

    void begin(entry& of);
    void leave();
    void record(entry& of, int times);
    void try_point(entry& of, std::size_t index);
    void give(std::chrono::seconds time) { deadline_ = (clock::now() + time).time_since_epoch().count(); }
    void say_wrong(const entry& of, const std::string& where, const std::string& what);

    ledger& book_;
    progress& shown_;
    bool every_time_;
    std::mutex mutex_;  // the rehearsal's coming and going
    std::unique_ptr<rehearsal> now_;
    const scene* of_ = nullptr;
    std::atomic<clock::rep> deadline_ = clock::time_point::max().time_since_epoch().count();
};

}  // namespace proving
