#include "actor/children.hpp"

#include <csignal>

#include <troupe/actor.hpp>
#include <troupe/detail/birth.hpp>

#include "actor/own_process.hpp"

namespace troupe::actors {
namespace {

constexpr int daemon_budget_ms = 500;

}  // namespace

void children::add(detail::actor_id actor, bool daemon) {
    if (all_.size() >= 64 && (all_.size() & (all_.size() - 1)) == 0) living();
    all_.push_back({actor, daemon});
}

std::vector<child> children::living() {
    std::erase_if(all_, [this](const child& one) { return !here_.memory().processes().is_alive(one.actor); });
    return all_;
}

void children::release(detail::actor_id actor) noexcept {
    if (!here_.memory().processes().is_alive(actor)) return;  // its slot may have another
    // Heard by the keeper with the message.
    here_.memory().process(actor.slot()).supervision.revival.set(static_cast<std::uint32_t>(detail::revival::never));
    here_.tell_keeper({.word = keepers::keeper_word::let_go, .slot = actor.slot(), .subject = actor.value});
}

task<> children::end(bool in_good_order) {
    std::vector<child> all = living();
    for (const child& one : all) {
        release(one.actor);
        if (!one.daemon && in_good_order) detail::refer::to<troupe::actor<>>(one.actor).stop();
    }
    std::erase_if(all, [&](const child& one) {
        return (one.daemon || !in_good_order) && here_.signal(one.actor, SIGTERM, daemon_budget_ms) != 0;
    });
    for (const child& one : all) co_await detail::refer::to<troupe::actor<>>(one.actor).join();
    all_.clear();
}

}  // namespace troupe::actors
