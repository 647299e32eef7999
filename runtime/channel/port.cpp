#include "channel/port.hpp"

#include "base/step.hpp"
#include "channel/shared_inbox.hpp"

namespace troupe::channel {

port::port(participant& here, shm::channel_id id, shm::channel_record& record) : of_(here, id, record), out_(of_) {}

void port::hold(std::uint32_t role) {
    const auto take = [&](std::uint32_t& count, shm::end which) {
        if (count++ != 0) return;
        // crash: held until the keeper takes the dead one's bits away
        of_.record().holders.add(which, of_.here().slot());
        TROUPE_STEP("port: end held");
    };
    if (role & detail::sending_end) take(sending_, shm::end::sending);
    if (role & detail::receiving_end) {
        take(receiving_, shm::end::receiving);
        if (of_.kind() != shm::channel_kind::queue) {
            try {
                read_alone();
            } catch (...) {  // nobody has it then
                release(role);
                throw;
            }
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
    const auto give_up = [&](std::uint32_t& count, shm::end which) {
        if (--count != 0) return false;
        // crash: held by the dead one, or by nobody, which `letting_go` says; the keeper looks at both
        of_.record().holders.remove(which, of_.here().slot());
        TROUPE_STEP("port: end let go");
        return true;
    };
    base::published<shm::channel_id>& letting_go = of_.here().self().activity.letting_go;
    letting_go.set(of_.id());
    bool look = false;
    if (role & detail::sending_end) look = give_up(sending_, shm::end::sending) || look;
    if (role & detail::receiving_end) {
        if (receiving_ == 1) stop_reading();
        look = give_up(receiving_, shm::end::receiving) || look;
    }
    if (look) of_.here().keeper().look_at(of_.id());
    letting_go.set({});
    note_if_kept();
    if (!of_.is_kept()) of_.here().forget_if_idle(of_.id());
}

void port::note_if_kept() noexcept {
    of_.keep(sending_ != 0 || receiving_ != 0 || out_.target() || (lone_ != nullptr && lone_->reads()));
}

bool port::idle() const noexcept {
    const bool waited_for = out_.waited_for() || (in_ && in_->waited_for());
    const bool held = sending_ != 0 || receiving_ != 0 || (lone_ != nullptr && lone_->reads());
    return !held && !waited_for && !of_.in_use();
}

}  // namespace troupe::channel
