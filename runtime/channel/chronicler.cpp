#include "channel/chronicler.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "base/clock.hpp"
#include "base/step.hpp"
#include "channel/user_place.hpp"
#include "loop/event_loop.hpp"
#include "loop/wait_notes.hpp"

namespace troupe::channel {

static_assert(loop::wait_notes::most == shm::waiting_list::most);

void chronicler::begin(std::uint32_t incarnation) noexcept {
    detail::ready.begin_turn(std::max(detail::ready.turn(), base::in_ms(base::coarse_now())));
    turn_began(detail::ready.turn());
    note({.kind = shm::event_kind::began, .position = incarnation});
}

bool chronicler::is_written(const loop::wait_notes& waits) const noexcept {
    const auto all = waits.all();
    return all.size() == written_.count && waits.more() == (written_.more != 0) &&
           std::equal(all.begin(), all.end(), written_.entries.begin());
}

void chronicler::about_to_sleep(const loop::event_loop& loop) noexcept {
    loop::wait_notes waits;
    loop.describe(waits);
    const std::uint64_t now = detail::ready.turn();
    std::source_location place;
    if (waits.first_waiter() != nullptr) place = user_place(*waits.first_waiter());
    if (is_written(waits) && place.file_name() == written_file_ && place.line() == written_line_) {
        page_.doing.asleep_at.set(now);
    } else {
        page_.waiting.begin();
        TROUPE_STEP("chronicler: list begun");
        write(waits, now);
        write_place(place);
        page_.waiting.end();
        TROUPE_STEP("chronicler: list written");
    }
    note({.kind = shm::event_kind::slept});
}

void chronicler::write(const loop::wait_notes& waits, std::uint64_t asleep_at) noexcept {
    written_.count = 0;
    written_.more = waits.more() ? 1 : 0;
    for (const base::waited_for& one : waits.all()) {
        page_.waiting.add(one);
        written_.entries[written_.count++] = one;
    }
    if (waits.more()) page_.waiting.add({});  // there is no room for it, and it is counted
    page_.doing.asleep_at.set(asleep_at);
}

void chronicler::write_place(const std::source_location& place) noexcept {
    if (place.file_name() == written_file_ && place.line() == written_line_) return;
    written_file_ = place.file_name();
    written_line_ = place.line();
    if (written_line_ == 0) return shm::store_text(page_.where.text, "");
    constexpr std::size_t longest = sizeof page_.where.text - 1;
    std::array<char, longest> text;
    std::array<char, 12> number;
    number[0] = ':';
    const auto end = std::to_chars(number.data() + 1, number.data() + number.size(), written_line_).ptr;
    const std::string_view line(number.data(), static_cast<std::size_t>(end - number.data()));
    std::string_view file(written_file_);
    file.remove_prefix(file.size() - std::min(file.size(), longest - line.size()));
    std::memcpy(text.data(), file.data(), file.size());
    std::memcpy(text.data() + file.size(), line.data(), line.size());
    shm::store_text(page_.where.text, {text.data(), file.size() + line.size()});
}

void chronicler::awake() noexcept {
    page_.doing.asleep_at.set(0);
    note({.kind = shm::event_kind::woke});
}

}  // namespace troupe::channel
