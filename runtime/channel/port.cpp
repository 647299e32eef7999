#include "channel/port.hpp"

#include "base/step.hpp"
#include "channel/shared_inbox.hpp"

namespace troupe::channel {

port::port(participant& here, shm::channel_id id, shm::channel_record& record) : of_(here, id, record), out_(of_) {}

void port::hold(std::uint32_t role) {
    const auto take = [&](std::uint32_t& count, shm::wait_set& holders) {
        if (count++ != 0) return;
        // sync: version - publishes that a holder is about to change
        of_.record().version.fetch_add(1, std::memory_order_acq_rel);
        // crash: held until the keeper takes the dead one's bits away
        holders.add(of_.here().slot());
        TROUPE_STEP("port: end held");
    };
    if (role & detail::sending_end) take(sending_, of_.record().writers);
    if (role & detail::receiving_end) {
        take(receiving_, of_.record().readers);
        if (of_.kind() != shm::channel_kind::queue) {
            read_alone();
        } else if (!in_) {
            in_ = std::make_unique<shared_inbox>(of_);
        }
    }
    note_if_kept();
}

lone_inbox& port::read_alone() {
    if (lone_ == nullptr) {
        auto made = std::make_unique<lone_inbox>(of_);
        lone_ = made.get();
        in_ = std::move(made);
    }
    if (!lone_->reads()) lone_->start_reading();
    note_if_kept();
    return *lone_;
}

void port::stop_reading() noexcept {
    if (lone_ != nullptr && of_.kind() == shm::channel_kind::pipe) lone_->stop_reading();
    note_if_kept();
}

void port::release(std::uint32_t role) noexcept {
    const auto give_up = [&](std::uint32_t& count, shm::wait_set& holders) {
        if (--count != 0) return false;
        // sync: version - publishes that a holder is about to change
        of_.record().version.fetch_add(1, std::memory_order_acq_rel);
        // crash: held by the dead one, or by nobody, which `letting_go` says; the keeper looks at both
        holders.remove(of_.here().slot());
        TROUPE_STEP("port: end let go");
        return true;
    };
    std::atomic<std::uint64_t>& letting_go = of_.here().self().letting_go;
    // relaxed: read by the keeper when this process is dead
    letting_go.store(of_.id().value, std::memory_order_relaxed);
    bool look = false;
    if (role & detail::sending_end) look = give_up(sending_, of_.record().writers) || look;
    if (role & detail::receiving_end) {
        if (receiving_ == 1) stop_reading();
        look = give_up(receiving_, of_.record().readers) || look;
    }
    if (look && of_.here().keeper().look_at != nullptr) of_.here().keeper().look_at(of_.id());
    letting_go.store(0, std::memory_order_relaxed);  // relaxed: as above
    note_if_kept();
    if (!of_.is_kept()) of_.here().forget_if_idle(of_.id());
}

void port::note_if_kept() noexcept {
    of_.keep(sending_ != 0 || receiving_ != 0 || out_.target() || (lone_ != nullptr && lone_->reads()));
}

bool port::idle() const noexcept {
    const bool waited_for = out_.waited_for() || (in_ && in_->waited_for());
    return sending_ == 0 && receiving_ == 0 && !waited_for && (lone_ == nullptr || !lone_->reads());
}

}  // namespace troupe::channel
