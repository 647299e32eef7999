#include <troupe/supervisor.hpp>

#include "supervise/supervision_core.hpp"

namespace troupe {

supervisor::supervisor(supervisor_options options)
    : core_(std::make_shared<detail::supervision_core>(std::move(options))) {
    detail::supervision_core::begin(core_);
}

supervisor::~supervisor() { core_->abandon(); }

task<actor<>> supervisor::start(child_spec child) { return core_->start(std::move(child)); }

task<std::vector<actor<>>> supervisor::start(std::vector<child_spec> children) {
    std::vector<actor<>> all;
    std::exception_ptr failure;
    for (child_spec& one : children) {
        try {
            all.push_back(co_await core_->start(std::move(one)));
        } catch (...) {
            failure = std::current_exception();
            break;
        }
    }
    if (failure) {
        for (auto one = all.rbegin(); one != all.rend(); ++one) co_await core_->remove(one->id());
        std::rethrow_exception(failure);
    }
    co_return all;
}

task<> supervisor::remove(actor<> child) { return core_->remove(child.id()); }
task<> supervisor::restart(actor<> child) { return core_->restart(child.id()); }
task<> supervisor::stop() { return core_->stop(); }
task<> supervisor::join() { return core_->join(); }

std::vector<actor<>> supervisor::children() const { return core_->children(); }
std::vector<child_report> supervisor::report() const { return core_->report(); }
std::size_t supervisor::restarts() const noexcept { return core_->restarts(); }
std::size_t supervisor::dead_letters_lost() const noexcept { return core_->letters_lost(); }

}  // namespace troupe
