#include "channel/own_observation.hpp"

#include <bit>

#include "base/clock.hpp"
#include "base/step.hpp"

namespace troupe::channel {
namespace {

std::uint64_t now_ns() noexcept {
    return static_cast<std::uint64_t>(base::steady_clock::now().time_since_epoch().count());
}

std::uint32_t low_us(std::uint64_t ns) noexcept { return static_cast<std::uint32_t>(ns / 1000); }

// How many bits the size takes.
std::uint8_t size_class(std::size_t bytes) noexcept { return static_cast<std::uint8_t>(std::bit_width(bytes)); }

// The block that was named, if it is what it is taken for.
template <class Block>
Block* opened(shm::program_memory& memory, std::uint64_t name, shm::observed_content content) noexcept {
    const shm::block_id block{name};
    if (!memory.blocks().valid(block) || memory.blocks().bytes(block) < sizeof(Block)) return nullptr;
    auto* const it = reinterpret_cast<Block*>(memory.blocks().at(block));
    return it->head.content.get() == content ? it : nullptr;
}

}  // namespace

own_observation::own_observation(shm::program_memory& memory, shm::process_slot& self) noexcept
    : memory_(memory), self_(self) {}

// crash: recording_in stays as it is; the keeper clears it
void own_observation::follow(shm::observation::value now) noexcept {
    seen_ = now.number;
    shm::through_with_blocks();
    self_.told.doing.recording_in.set(now.what != 0 ? now.number : 0);
    TROUPE_STEP("observation: says what it follows");
    shm::following();
    follows_ = now.what != 0;
    timing_ = nullptr;
    trace_ = nullptr;
    if (!follows_) return;
    const shm::observation_blocks& named = self_.told.observed;
    if ((now.what & shm::observe_timing) != 0) {
        timing_ = opened<shm::timing_block>(memory_, named.timing.get(), shm::observed_content::timing);
    }
    if ((now.what & shm::observe_trace) != 0) {
        trace_ = opened<shm::trace_block>(memory_, named.trace.get(), shm::observed_content::trace);
    }
    TROUPE_STEP("observation: has its blocks");
    if (trace_ != nullptr) note_birth();
}

// It looks anew when it is awake.
void own_observation::leave() noexcept {
    timing_ = nullptr;
    trace_ = nullptr;
    follows_ = false;
    seen_ = 0;
    shm::through_with_blocks();
    self_.told.doing.recording_in.set(0);
    TROUPE_STEP("observation: left");
}

// Of a process that began while it was traced.
void own_observation::note_birth() noexcept {
    const std::uint32_t incarnation = self_.incarnation.known();
    if (trace_->head.incarnation.get() == incarnation) return;
    shm::event began;
    began.kind = shm::event_kind::began;
    began.position = self_.supervision.restarts.get();
    // crash: between the two it is said once more, by the keeper
    trace_->note({began, 0, now_ns()});
    trace_->head.incarnation.set(incarnation);
}

void own_observation::note_event(const shm::event& one) noexcept {
    using enum shm::event_kind;
    if (one.kind == began || one.kind == handling || one.kind == handled) return;
    trace_->note({one, 0, now_ns()});
}

void own_observation::note_record(shm::event_kind kind, const detail::message_frame& frame, shm::channel_id channel,
                                  std::uint64_t position, std::size_t bytes) noexcept {
    shm::traced_event it;
    it.what.kind = kind;
    it.what.size = size_class(bytes);
    it.what.peer = channel.index();
    it.what.type = frame.type;
    it.what.position = static_cast<std::uint32_t>(position);
    it.other = static_cast<std::uint32_t>(channel.value);
    it.ns = now_ns();
    trace_->note(it);
}

void own_observation::note_queued(const detail::message_frame& frame) noexcept {
    if ((frame.flags & detail::timed_in_us) == 0) return;
    // The difference is right for what waits less than half an hour.
    const std::uint32_t waited = low_us(now_ns()) - frame.request;
    if (static_cast<std::int32_t>(waited) < 0) return;
    timing_->row_of(frame.type).queueing.add(std::uint64_t{waited} * 1000);
}

void own_observation::note_begun(const void* handler, const detail::letter& message) noexcept {
    const std::uint64_t now = now_ns();
    const std::uint32_t type = message.frame.type;
    if (++handlers_ == 0) ++handlers_;
    for (open_handler& one : open_) {
        if (one.handler != nullptr) continue;
        one = {handler, now, type, handlers_};
        any_open_ = true;
        break;
    }
    if (trace_ == nullptr) return;
    shm::traced_event it;
    it.what.kind = shm::event_kind::handling;
    it.what.size = size_class(message.content.bytes.size());
    if (message.own == nullptr) it.what.peer = shm::owner_id{message.frame.writer}.slot();
    it.what.type = type;
    it.what.position = static_cast<std::uint32_t>(message.position);
    it.other = handlers_;
    it.ns = now;
    trace_->note(it);
}

void own_observation::note_ended(const void* handler) noexcept {
    const std::uint64_t now = now_ns();
    open_handler ended;
    bool any_open = false;
    for (open_handler& one : open_) {
        if (one.handler == handler) {
            ended = one;
            one.handler = nullptr;
        }
        any_open = any_open || one.handler != nullptr;
    }
    any_open_ = any_open;
    if (timing_ != nullptr && ended.handler != nullptr) {
        timing_->row_of(ended.type).handling.add(now - ended.began);
    }
    if (trace_ == nullptr) return;
    shm::traced_event it;
    it.what.kind = shm::event_kind::handled;
    it.what.type = ended.type;
    it.other = ended.number;
    it.ns = now;
    trace_->note(it);
}

void own_observation::stamp_finely(detail::message_frame& frame) noexcept {
    frame.request = low_us(now_ns());
    frame.flags = static_cast<std::uint8_t>((frame.flags & ~detail::timed) | detail::timed_in_us);
}

}  // namespace troupe::channel
