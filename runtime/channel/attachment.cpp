#include "channel/attachment.hpp"

#include "base/step.hpp"

namespace troupe::channel {

const char* noun(shm::channel_kind kind) {
    switch (kind) {
    case shm::channel_kind::queue: return "queue";
    case shm::channel_kind::pipe: return "pipe";
    case shm::channel_kind::log: return "log";
    case shm::channel_kind::mailbox:
    case shm::channel_kind::replies: break;
    }
    return "mailbox";
}

attachment::attachment(participant& here, shm::channel_id id, shm::channel_record& record)
    : here_(here),
      id_(id),
      record_(&record),
      kind_(record.kind.get()),
      ring_(here.memory().channels().ring_of(record)) {}

void attachment::announce_first() noexcept {
    announced_ = true;
    here_.self().wrote_to.add(id_.index());
}

void attachment::notify_reader() noexcept {
    switch (kind_) {
    case shm::channel_kind::pipe: here_.notify_all(record_->holders.readers()); return;
    case shm::channel_kind::mailbox:
    case shm::channel_kind::replies:
        here_.notify(static_cast<std::uint16_t>(record_->reader.get()));  // a restarted actor keeps its slot
        return;
    case shm::channel_kind::log: return;  // nobody attaches to it so: see actor/line_writer
    case shm::channel_kind::queue: break;
    }
    if (ring_.closed()) {
        here_.notify_all(ring_.waiting_readers());
    } else if (const auto next = ring_.waiting_readers().next_after(last_notified_)) {
        last_notified_ = *next;
        here_.notify(static_cast<std::uint16_t>(*next));
    }
}

void attachment::close() noexcept {
    ring_.close();
    TROUPE_STEP("channel: closed");
    if (kind_ == shm::channel_kind::mailbox || kind_ == shm::channel_kind::replies) {
        notify_reader();
    } else {
        here_.notify_all(record_->holders.readers());
    }
    notify_writers();
}

}  // namespace troupe::channel
