// Actors that are held to limits, and what becomes of them.
#pragma once

#include <string>
#include <utility>

#include <troupe/troupe.hpp>

#include "watched.hpp"

namespace limited {

inline void nothing() {}

template <auto Fn, class... Args>
troupe::task<troupe::exit_status> end_of(troupe::limits limits, Args... args) {
    const auto one = co_await troupe::spawn<Fn>({.limits = limits}, std::move(args)...);
    co_return co_await one.join();
}
template <auto Fn, class... Args>
troupe::exit_status end_under(const troupe::limits& limits, Args... args) {
    return watched(end_of<Fn>(limits, std::move(args)...));
}

inline std::string refusal(const troupe::limits& limits) {
    try {
        watched(end_of<nothing>(limits));
    } catch (const troupe::spawn_failed& error) {
        return error.what();
    }
    return "it was not refused";
}

}  // namespace limited
