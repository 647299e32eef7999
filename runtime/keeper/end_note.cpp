#include "keeper/end_note.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>

#include "base/clock.hpp"
#include "base/post_mortem.hpp"

namespace troupe::keepers {
namespace {

template <std::size_t N>
std::string_view text_of(const char (&dead)[N]) noexcept {
    return {dead, strnlen(dead, N)};
}

// The paths of the modules that the frames name, each once.
class module_paths {
public:
    module_paths(const base::post_mortem& page, shm::end_record& into) noexcept : page_(page), into_(into) {}

    // Where it begins in the record; base::no_module where there is none, or no room for it.
    std::uint32_t copy(std::uint16_t from) noexcept {
        if (from >= page_.modules.size()) return base::no_module;
        const auto* const known = std::find(from_.begin(), from_.begin() + count_, from);
        if (known != from_.begin() + count_) return to_[static_cast<std::size_t>(known - from_.begin())];
        const char* const path = page_.modules.data() + from;
        const std::size_t length = strnlen(path, page_.modules.size() - from);
        if (length >= into_.modules.size() - used_) return base::no_module;
        std::memcpy(into_.modules.data() + used_, path, length);
        into_.modules[used_ + length] = '\0';
        from_[count_] = from;
        to_[count_++] = static_cast<std::uint32_t>(used_);
        used_ += length + 1;
        return to_[count_ - 1];
    }

private:
    const base::post_mortem& page_;
    shm::end_record& into_;
    std::array<std::uint16_t, base::most_frames> from_;
    std::array<std::uint32_t, base::most_frames> to_;
    std::size_t count_ = 0;
    std::size_t used_ = 0;
};

void copy_crash(const base::post_mortem& page, bool is_its_own, shm::end_record& into) noexcept {
    into.crash_signal.set(is_its_own ? page.signal.get() : 0);
    into.crash_code.set(is_its_own ? page.signal_code : 0);
    into.fault_address.set(is_its_own ? page.fault_address : 0);
    into.stack_overflow.set(is_its_own ? page.stack_overflow.get() : 0);
    into.wrote_to_frozen.set(is_its_own ? page.wrote_to_frozen.get() : 0);
    const std::uint32_t count = is_its_own ? std::min<std::uint32_t>(page.frame_count.get(), base::most_frames) : 0;
    module_paths modules(page, into);
    for (std::uint32_t i = 0; i < count; ++i) {
        into.frames[i].where.set(page.frames[i].where);
        into.frames[i].module.set(modules.copy(page.frames[i].module));
    }
    into.frame_count.set(count);
}

// The last events of the dead process: those of the slot's processes before it end with an event of the keeper's.
void copy_events(const shm::recorder& last, shm::end_record& into) noexcept {
    const std::uint64_t end = last.count();
    std::uint64_t first = end;
    while (first > 0 && end - first < shm::end_record::most_events) {
        if (last.at(first - 1).kind == shm::event_kind::ended) break;
        --first;
    }
    for (std::uint64_t i = first; i < end; ++i) {
        const shm::event one = last.at(i);
        into.events[i - first].first.set(one.first_word());
        into.events[i - first].second.set(one.second_word());
    }
    into.event_count.set(static_cast<std::uint32_t>(end - first));
}

void copy_message(const shm::process_slot& process, shm::end_record& into) noexcept {
    const std::uint32_t type = process.ending.message_type.get();
    into.message_type.set(type);
    into.deliveries.set(process.ending.deliveries.get());
    into.from.set(type != 0 ? detail::actor_id{process.told.doing.handling_of.get()} : detail::actor_id{});
}

void copy_end(const shm::process_slot& process, const base::post_mortem& page, detail::actor_id actor,
              shm::end_record& into) noexcept {
    const shm::process_end& end = process.ending;
    const std::uint32_t incarnation = end.incarnation.get();
    const exit_status status = shm::unpack_end(end.word.get(), actor).value_or(exit_status::from_nothing());
    const bool threw = status.exited() && status.code() == 1 && end.exception_of.get() == incarnation;
    const std::string_view exception = threw ? text_of(end.exception_type) : std::string_view();
    into.end.set(end.word.get());
    into.pid.set(end.pid.get());
    into.incarnation.set(end.restarts.get());  // the first is 0
    into.restarts.set(end.restarts.get());
    into.hung.set(end.hung.get() != 0 && status.signal() == SIGKILL ? 1 : 0);
    into.limit.set(static_cast<std::uint32_t>(base::limit_of(status, exception, page, incarnation)));
    into.peak_memory.set(page.peak_memory.get());
    into.cpu_time.set(page.cpu_time.get());
    shm::store_text(into.exception_type, exception);
    shm::store_text(into.exception_text, exception.empty() ? std::string_view() : text_of(end.exception_text));
    copy_crash(page, base::tells_of(page, status, incarnation), into);
}

}  // namespace

void note_end(shm::program_memory& memory, detail::actor_id actor, std::uint32_t lost) noexcept {
    using std::chrono::floor, std::chrono::milliseconds, std::chrono::nanoseconds;
    shm::process_slot& process = memory.process(actor.slot());
    const auto ms =
        static_cast<std::uint64_t>(floor<milliseconds>(base::steady_clock::now().time_since_epoch()).count());
    const std::uint64_t number = memory.header().ends.get() + 1;
    if (shm::end_record* const into = memory.log_of_ends().place_for(number)) {
        into->number.begin();
        into->actor.set(actor);
        into->at.set(nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
        into->ms.set(ms);
        into->entry.set(process.who.entry.get());
        into->lost.set(lost);
        shm::store_text(into->name, text_of(process.who.name));
        copy_end(process, memory.processes().post_mortem(actor.slot()), actor, *into);
        copy_message(process, *into);
        copy_events(process.told.last, *into);
        into->number.set(number);
    }
    memory.header().ends.set(number);
    process.told.last.note({.kind = shm::event_kind::ended,
                            .position = process.ending.restarts.get(),
                            .ms = static_cast<std::uint32_t>(ms)});
}

}  // namespace troupe::keepers
