#include "actor/background.hpp"

#include <algorithm>
#include <utility>

#include <troupe/time.hpp>

namespace troupe::actors {

background::~background() {
    // What could not be ended any more is left as it is: its process ends.
    for (auto& one : running_) {
        if (one->running()) [[maybe_unused]]
            const auto* left = one.release();
    }
}

detail::branch& background::add(task<> work) {
    std::erase_if(running_, [](const auto& one) { return one->ended(); });
    running_.push_back(std::make_unique<detail::branch_of<void>>(std::move(work)));
    running_.back()->start(*this);
    return *running_.back();
}

bool background::idle() const noexcept {
    return std::all_of(running_.begin(), running_.end(), [](const auto& one) { return !one->running(); });
}

task<> background::end_all() {
    ending_ = true;
    for (const auto& one : running_) one->cancel();
    while (!idle()) co_await yield();
}

}  // namespace troupe::actors
