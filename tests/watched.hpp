// Waiting in a test that spawns: for the event itself, and under a watchdog, so that what never comes is a failure and
// not a hang.
#pragma once

#include <chrono>
#include <utility>

#include <troupe/sync_wait.hpp>
#include <troupe/time.hpp>

inline constexpr std::chrono::seconds watchdog{120};

// Gives what x gives.
template <class X>
auto watched(X&& x) {
    return troupe::sync_wait(troupe::with_timeout(watchdog, std::forward<X>(x)));
}
