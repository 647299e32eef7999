#include "inspect/observation.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <thread>

#include "inspect/failure.hpp"
#include "inspect/orders.hpp"

namespace troupe::inspect {
namespace {

constexpr std::chrono::seconds ask_again_after(2);
constexpr std::chrono::milliseconds order_budget(2000);

// False when there is not so much.
bool copy(const observer& of, std::size_t offset, std::span<std::byte> into) {
    while (!into.empty()) {
        const ssize_t got = ::pread(of.view().memory().fd(), into.data(), into.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        into = into.subspan(static_cast<std::size_t>(got));
        offset += static_cast<std::size_t>(got);
    }
    return true;
}

std::uint32_t slots_of(const observer& of) {
    return std::min<std::uint32_t>(of.view().processes().reached(), shm::max_processes);
}

// Where a block of at least so many bytes stands in the file. Returns nullopt if the name is none of such a block.
std::optional<std::size_t> place_of(const observer& of, std::uint64_t name, std::size_t bytes) {
    const shm::block_id block{name};
    const shm::block_store& blocks = of.view().blocks();
    if (name == 0 || !blocks.valid(block) || blocks.bytes(block) < bytes) return std::nullopt;
    return of.view().memory().offset_of(blocks.at(block));
}

bool is_of(const shm::observed_block& head, std::uint16_t slot, shm::observed_content content) {
    return head.content.get() == content && head.slot.get() == slot;
}

double seconds(double ns) { return ns / 1e9; }

}  // namespace

// --- asking --------------------------------------------------------------------------------------------------------

observing::observing(const observer& of, std::uint32_t what) : of_(of), what_(what) { ask(); }

void observing::keep_up() {
    if (std::chrono::steady_clock::now() - asked_at_ >= ask_again_after) ask();
}

void observing::ask() {
    order wanted{};
    wanted.kind = order_kind::observe;
    wanted.what = what_;
    const order_reply said = send_order(of_, wanted, order_budget);
    if (said.result != order_result::done) {
        throw failure("the keeper of program " + std::to_string(of_.program().pid) +
                      " refuses to be observed; is this the troupe of the program's version?");
    }
    asked_at_ = std::chrono::steady_clock::now();
}

// --- a trace -------------------------------------------------------------------------------------------------------

trace_reader::trace_reader(const observer& of) : of_(of) {
    std::vector<traced_row> none;
    for (std::uint32_t i = 0; i < slots_of(of_); ++i) read_slot(static_cast<std::uint16_t>(i), wanted::nothing, none);
}

std::vector<traced_row> trace_reader::read() {
    std::vector<traced_row> found;
    for (std::uint32_t i = 0; i < slots_of(of_); ++i) read_slot(static_cast<std::uint16_t>(i), wanted::events, found);
    return found;
}

void trace_reader::read_slot(std::uint16_t slot, wanted what, std::vector<traced_row>& into) {
    const auto copy_head = [this](std::uint64_t from, shm::trace_head& into) {
        return copy(of_, from, std::as_writable_bytes(std::span(&into, 1)));
    };
    const std::uint64_t name = of_.view().process(slot).told.observed.trace.get();
    const auto place = place_of(of_, name, shm::trace_bytes);
    if (!place) return;
    shm::trace_head first;
    if (!copy_head(*place, first) || !is_of(first.head, slot, shm::observed_content::trace)) return;
    const std::uint64_t count = first.count();

    const std::uint32_t began_in = first.head.began_in.get();
    reached& mine = reached_[slot];
    if (mine.block != name || mine.began_in != began_in || count < mine.next) mine = {name, began_in, 0};
    if (what == wanted::nothing) mine.next = count;
    if (count == mine.next) return;

    constexpr std::uint64_t capacity = shm::trace_block::capacity;
    const std::uint64_t from = std::max(mine.next, count > capacity ? count - capacity : 0);
    std::vector<shm::trace_entry> copied(static_cast<std::size_t>(count - from));
    const auto whole = std::as_writable_bytes(std::span(copied));
    const std::size_t until_end = static_cast<std::size_t>(capacity - from % capacity) * sizeof(shm::trace_entry);
    const std::size_t before_turn = std::min(whole.size(), until_end);
    shm::trace_head second;
    if (!copy(of_, *place + shm::trace_block::offset_of(from), whole.first(before_turn)) ||
        !copy(of_, *place + shm::trace_block::offset_of(0), whole.subspan(before_turn)) || !copy_head(*place, second)) {
        return;
    }
    const shm::observed_block& head = second.head;
    if (!is_of(head, slot, shm::observed_content::trace) || head.began_in.get() != began_in) return;
    // One that is being written now stands where the event stood that is `capacity` older.
    const std::uint64_t then = second.count();
    const std::uint64_t good_from = std::max(from, then >= capacity ? then - capacity + 1 : 0);
    if (good_from > mine.next) lost_[slot] += std::min(good_from, count) - mine.next;
    for (std::uint64_t number = good_from; number < count; ++number) {
        const shm::traced_event one = copied[static_cast<std::size_t>(number - from)].get();
        if (one.what.kind == shm::event_kind::none || one.what.kind > shm::last_event_kind) continue;
        into.push_back({slot, one});
    }
    mine.next = count;
}

std::vector<std::uint16_t> trace_reader::without_trace() const {
    std::vector<std::uint16_t> found;
    for (std::uint32_t i = 0; i < slots_of(of_); ++i) {
        const shm::process_slot& process = of_.view().process(static_cast<std::uint16_t>(i));
        const bool lives = process.present().state == shm::process_state::running;
        if (lives && process.told.observed.trace.get() == 0) found.push_back(static_cast<std::uint16_t>(i));
    }
    return found;
}

// --- latencies -----------------------------------------------------------------------------------------------------

void latency_reader::add(const shm::time_histogram& from, counts& to) {
    to.of_bucket.resize(shm::time_histogram::buckets);
    for (std::size_t i = 0; i < shm::time_histogram::buckets; ++i) to.of_bucket[i] += from.count(i);
    to.sum += from.sum();
    to.longest = std::max(to.longest, from.longest());
}

void latency_reader::read_slot(std::uint16_t slot, by_type& into) const {
    const std::uint64_t name = of_.view().process(slot).told.observed.timing.get();
    const auto place = place_of(of_, name, shm::timing_bytes);
    if (!place) return;
    struct whole {
        alignas(shm::timing_block) std::array<std::byte, sizeof(shm::timing_block)> bytes;
    };
    const auto copied = std::make_unique<whole>();
    if (!copy(of_, *place, copied->bytes)) return;
    const auto& block = *reinterpret_cast<const shm::timing_block*>(copied->bytes.data());
    if (!is_of(block.head, slot, shm::observed_content::timing)) return;
    for (std::size_t i = 0; i < block.rows.size(); ++i) {
        const bool is_rest = i == shm::timing_block::types;
        const std::uint64_t type = block.rows[i].type.get();
        if (!is_rest && type == 0) break;
        pair& to = into[is_rest ? 0 : type];
        add(block.rows[i].handling, to.handling);
        add(block.rows[i].queueing, to.queueing);
    }
}

latency_quantiles latency_reader::since(const counts& before, const counts& now) {
    std::vector<std::uint64_t> fresh = now.of_bucket;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < fresh.size(); ++i) {
        const std::uint64_t old = i < before.of_bucket.size() ? before.of_bucket[i] : 0;
        fresh[i] -= std::min(old, fresh[i]);
        count += fresh[i];
    }
    latency_quantiles it;
    it.count = count;
    if (count == 0) return it;
    const auto quantile = [&](double share) {
        return seconds(std::min(shm::quantile_of(fresh, share), static_cast<double>(now.longest)));
    };
    const std::uint64_t sum = now.sum - std::min(now.sum, before.sum);
    it.mean = seconds(static_cast<double>(sum) / static_cast<double>(count));
    it.half = quantile(0.5);
    it.nine_in_ten = quantile(0.9);
    it.ninety_nine = quantile(0.99);
    it.longest = seconds(static_cast<double>(now.longest));
    return it;
}

std::vector<latency_row> latency_reader::read() {
    std::vector<latency_row> rows;
    std::map<std::uint16_t, by_type> now;
    for (std::uint32_t i = 0; i < slots_of(of_); ++i) {
        by_type found;
        read_slot(static_cast<std::uint16_t>(i), found);
        if (!found.empty()) now.emplace(static_cast<std::uint16_t>(i), std::move(found));
    }
    by_type all, old;
    const auto sum_up = [](const counts& from, counts& to) {
        to.of_bucket.resize(shm::time_histogram::buckets);
        for (std::size_t i = 0; i < from.of_bucket.size(); ++i) to.of_bucket[i] += from.of_bucket[i];
        to.sum += from.sum;
        to.longest = std::max(to.longest, from.longest);
    };
    for (const auto& [slot, types] : now) {
        for (const auto& [type, counted] : types) {
            sum_up(counted.handling, all[type].handling);
            sum_up(counted.queueing, all[type].queueing);
            const auto known = before_.find(slot);
            if (known == before_.end() || !known->second.contains(type)) continue;
            sum_up(known->second[type].handling, old[type].handling);
            sum_up(known->second[type].queueing, old[type].queueing);
        }
    }
    for (const auto& [type, counted] : all) {
        latency_row row;
        row.type = type == 0 ? "other types" : of_.types().name_of(static_cast<std::uint32_t>(type));
        row.handling = since(old[type].handling, counted.handling);
        row.queueing = since(old[type].queueing, counted.queueing);
        if (row.handling.count + row.queueing.count != 0) rows.push_back(std::move(row));
    }
    before_ = std::move(now);
    std::sort(rows.begin(), rows.end(), [](const latency_row& a, const latency_row& b) {
        return std::max(a.handling.count, a.queueing.count) > std::max(b.handling.count, b.queueing.count);
    });
    return rows;
}

std::vector<latency_row> latencies(const observer& of, std::chrono::milliseconds over) {
    observing wish(of, shm::observe_timing);
    latency_reader reader(of);
    reader.read();  // what was counted before, for somebody else
    const auto until = std::chrono::steady_clock::now() + over;
    for (;;) {
        const auto left = until - std::chrono::steady_clock::now();
        if (left <= left.zero() || of.ended()) break;
        std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, std::chrono::milliseconds(100)));
        wish.keep_up();
    }
    return reader.read();
}

}  // namespace troupe::inspect
