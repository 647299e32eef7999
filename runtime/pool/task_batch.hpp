// A batch of tasks of one function, as it lies in a lent parcel (mail/parcel.hpp).
//
//   head      two lines of cache: the second is the one that its home looks at while a worker works in it
//   ends      where each input ends, 32 bits each, counted from the first byte of the inputs
//   inputs
//   results   a task_result for each task
//   room      for the results that fit
//
// Its home packs it. Whoever has received it works in it: begins a task, does it, and stores its result. Two words tell
// both sides all there is to know, at every instruction:
//
//   turn = {begun, end}  the tasks below `begun` have been begun. The worker begins the next one by a swap that raises
//                        it, as long as it is below `end`; the home takes back what is not begun by one that lowers
//                        `end`.
//   done                 the tasks below it have their results.
//
// So the task in hand is the one with begun = done + 1. When the worker has died, that task died with it, and what is
// between `begun` and `end` was never begun.
//
// `done` shares its line with the inputs and results of a small batch, so that one task costs the transfer of few
// lines: what the worker writes before it begins is on the first line, and the home does not look there.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/byte_buffer.hpp>

#include "base/published.hpp"
#include "base/step.hpp"

namespace troupe::pools {

enum class result_kind : std::uint32_t { none, value, exception };

struct task_result {
    result_kind kind = result_kind::none;
    std::uint32_t bytes = 0;
    std::uint32_t at = 0;      // in the batch; of what lies beside it, the place of its buffer in the parcel's list
    std::uint32_t beside = 0;  // 1: in a buffer
};

class task_batch {
    static constexpr std::size_t line = 64;  // bytes of a line of cache

public:
    struct contents {
        std::uint64_t function;
        bool flat_input;
        bool carries_handles;
        std::uint32_t result_bytes;  // of a flat result
    };

    task_batch() noexcept = default;
    explicit task_batch(std::span<std::byte> bytes) noexcept : bytes_(bytes) {}

    static std::size_t bytes_for(std::size_t count, std::size_t inputs, std::size_t room) noexcept {
        return room_after(count, inputs) + room;
    }
    // Whether the bytes can be a batch: they come from another process.
    bool credible() const noexcept {
        const head& it = top();
        return bytes_.size() > head_bytes && it.count != 0 && it.count <= bytes_.size() / sizeof(std::uint32_t) &&
               it.inputs <= bytes_.size() && room_after(it.count, it.inputs) <= bytes_.size();
    }

    // --- by its home, before it is lent
    void lay_out(const contents& what, std::span<const std::uint32_t> ends,
                 std::span<const std::byte> inputs) noexcept {
        head& it = top();
        it.what = what;
        it.count = static_cast<std::uint32_t>(ends.size());
        it.inputs = static_cast<std::uint32_t>(inputs.size());
        std::memcpy(bytes_.data() + head_bytes, ends.data(), ends.size_bytes());
        if (!inputs.empty()) std::memcpy(bytes_.data() + inputs_at(it.count), inputs.data(), inputs.size());
        resume(0, it.count);
    }
    // What is lent next are these tasks of it.
    void resume(std::uint32_t first, std::uint32_t end) noexcept {
        head& it = top();
        it.worker.set({});
        it.spent.set(0);
        it.done.store(first, std::memory_order_relaxed);  // relaxed: published by the record that names the parcel
        it.turn.store(pack(first, end), std::memory_order_relaxed);  // relaxed: as above
        it.room_used = 0;
    }
    // What is not begun is its home's. Returns where it begins and ends.
    struct range {
        std::uint32_t first = 0, end = 0;
    };
    range take_back() noexcept {
        std::atomic<std::uint64_t>& turn = top().turn;
        std::uint64_t seen = turn.load(std::memory_order_relaxed);  // relaxed: the swap decides
        while (end_in(seen) > begun_in(seen)) {
            // relaxed, both: nothing else is published by it
            if (turn.compare_exchange_weak(seen, pack(begun_in(seen), begun_in(seen)), std::memory_order_relaxed)) {
                return {begun_in(seen), end_in(seen)};
            }
        }
        return {};
    }

    // --- by whoever works in it
    void note_worker(detail::actor_id worker) noexcept { top().worker.set(worker); }
    // Returns the task that is begun; nothing if none is left.
    std::optional<std::uint32_t> begin_next() noexcept {
        std::atomic<std::uint64_t>& turn = top().turn;
        std::uint64_t seen = turn.load(std::memory_order_relaxed);  // relaxed: the swap decides
        while (begun_in(seen) < end_in(seen)) {
            // crash: before, nothing is in hand; after, this task is
            // relaxed, both: the end of the process publishes it, or `done`
            if (turn.compare_exchange_weak(seen, pack(begun_in(seen) + 1, end_in(seen)), std::memory_order_relaxed)) {
                TROUPE_STEP("batch: task begun");
                return begun_in(seen);
            }
        }
        return std::nullopt;
    }
    // Room for a result; none if it does not fit.
    std::byte* claim_room(std::size_t bytes, std::uint32_t& at) noexcept {
        head& it = top();
        const std::size_t from = room_after(it.count, it.inputs) + it.room_used;
        if (from + bytes > bytes_.size()) return nullptr;
        at = static_cast<std::uint32_t>(from);
        it.room_used += static_cast<std::uint32_t>((bytes + 7) / 8 * 8);
        return bytes_.data() + from;
    }
    void finish(std::uint32_t task, const task_result& result, std::uint64_t spent) noexcept {
        std::memcpy(bytes_.data() + results_at() + task * sizeof result, &result, sizeof result);
        top().spent.set(spent);
        TROUPE_STEP("batch: result written");
        // crash: before, the task died with its worker; after, it is done
        top().done.store(task + 1, std::memory_order_release);  // sync: batch - publishes the result
        TROUPE_STEP("batch: task done");
    }

    // --- by both
    std::size_t bytes() const noexcept { return bytes_.size(); }
    const contents& what() const noexcept { return top().what; }
    std::uint32_t count() const noexcept { return top().count; }
    std::span<const std::byte> input(std::uint32_t task) const noexcept {
        std::uint32_t ends[2] = {};
        const std::byte* const table = bytes_.data() + head_bytes;
        if (task > 0) std::memcpy(&ends[0], table + (task - 1) * sizeof ends[0], sizeof ends[0]);
        std::memcpy(&ends[1], table + task * sizeof ends[0], sizeof ends[0]);
        if (ends[0] > ends[1] || ends[1] > top().inputs) return {};
        return bytes_.subspan(inputs_at(top().count) + ends[0], ends[1] - ends[0]);
    }

    // --- by its home, at any time
    detail::actor_id worker() const noexcept { return top().worker.get(); }
    std::uint32_t begun() const noexcept {
        return begun_in(top().turn.load(std::memory_order_relaxed));  // relaxed: published by the way home
    }
    std::uint32_t end() const noexcept {
        return end_in(top().turn.load(std::memory_order_relaxed));  // relaxed: published by the way home
    }
    std::uint32_t done() const noexcept {
        return top().done.load(std::memory_order_acquire);  // sync: batch - observes the results
    }
    std::uint64_t spent() const noexcept { return top().spent.get(); }  // ns, for the tasks that are done
    task_result result(std::uint32_t task) const noexcept {
        task_result found;
        std::memcpy(&found, bytes_.data() + results_at() + task * sizeof found, sizeof found);
        return found;
    }
    // Of a result that lies in the batch; nothing if it says nonsense.
    std::optional<std::span<const std::byte>> bytes_of(const task_result& result) const noexcept {
        if (result.at > bytes_.size() || result.bytes > bytes_.size() - result.at) return std::nullopt;
        return bytes_.subspan(result.at, result.bytes);
    }

private:
    struct head {
        std::atomic<std::uint64_t> turn;
        base::published<detail::actor_id> worker;
        contents what;
        std::uint32_t count;
        std::uint32_t inputs;  // bytes
        alignas(line) std::atomic<std::uint32_t> done;
        std::uint32_t room_used;
        base::published<std::uint64_t> spent;
    };
    // Without what only fills its last line.
    static constexpr std::size_t head_bytes = line + 2 * sizeof(std::uint64_t);

    static constexpr std::uint64_t pack(std::uint32_t begun, std::uint32_t end) noexcept {
        return std::uint64_t{begun} << 32 | end;
    }
    static constexpr std::uint32_t begun_in(std::uint64_t turn) noexcept {
        return static_cast<std::uint32_t>(turn >> 32);
    }
    static constexpr std::uint32_t end_in(std::uint64_t turn) noexcept { return static_cast<std::uint32_t>(turn); }
    static constexpr std::size_t aligned(std::size_t at) noexcept { return (at + 7) / 8 * 8; }
    static constexpr std::size_t inputs_at(std::size_t count) noexcept {
        return aligned(head_bytes + count * sizeof(std::uint32_t));
    }
    static constexpr std::size_t room_after(std::size_t count, std::size_t inputs) noexcept {
        return aligned(inputs_at(count) + inputs) + count * sizeof(task_result);
    }
    std::size_t results_at() const noexcept { return aligned(inputs_at(top().count) + top().inputs); }
    head& top() const noexcept { return *reinterpret_cast<head*>(bytes_.data()); }

    std::span<std::byte> bytes_;
};

}  // namespace troupe::pools
