#include "actor/injections.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "actor/injection.hpp"
#include "actor/own_process.hpp"
#include "base/system_failure.hpp"
#include "loop/event_loop.hpp"

namespace troupe::actors {

injections::~injections() {
    for (const auto& one : all_) {
        if (one->enrolled()) loop::event_loop::current().dismiss(*one);
        one->close();
    }
}

std::shared_ptr<detail::injection> injections::open(std::uint32_t type) {
    channel::lone_inbox& mailbox = here_.needed_mailbox();
    base::owned_fd bell(::fcntl(here_.participant().doorbell(), F_DUPFD_CLOEXEC, 0));
    if (!bell) throw base::system_failure(errno, "an injector cannot be made");
    auto one = std::make_shared<detail::injection>(mailbox, type, std::move(bell));
    all_.push_back(one);
    loop::event_loop::current().enroll(*one);
    detail::injection* const there = one.get();
    return {there, [kept = std::move(one)](detail::injection* left) noexcept { left->leave(); }};
}

void injections::remove(detail::injection& one) noexcept {
    const auto found = std::find_if(all_.begin(), all_.end(), [&one](const auto& each) { return each.get() == &one; });
    if (found == all_.end()) return;
    loop::event_loop::current().dismiss(one);
    removed_last_ = std::move(*found);
    all_.erase(found);
}

}  // namespace troupe::actors
