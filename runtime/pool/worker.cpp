// What a worker's process does: it takes batches from its pool's queue, and hands each home when it is through with it.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include <troupe/detail/end_hold.hpp>
#include <troupe/detail/pool_task.hpp>
#include <troupe/detail/receive_wait.hpp>
#include <troupe/error.hpp>

#include "actor/own_process.hpp"
#include "base/clock.hpp"
#include "base/type_name.hpp"
#include "channel/port.hpp"
#include "mail/parcel.hpp"
#include "pool/task_batch.hpp"
#include "pool/worker_terms.hpp"
#include "process/standard_streams.hpp"

namespace troupe::pools {
namespace {

// Its home looks at shorter ones by itself.
constexpr std::uint64_t worth_a_ring = 50'000;  // ns

constexpr std::size_t shortest_text = 512;  // bytes of an exception, where room is short

std::uint64_t now() noexcept {
    return static_cast<std::uint64_t>(base::steady_clock::now().time_since_epoch().count());
}

// Bytes of this process's own memory.
std::size_t own_memory() noexcept {
    std::FILE* const file = std::fopen("/proc/self/statm", "re");
    if (file == nullptr) return 0;
    unsigned long all = 0, resident = 0, shared = 0;
    const bool read = std::fscanf(file, "%lu %lu %lu", &all, &resident, &shared) == 3;
    std::fclose(file);
    return read ? (resident - shared) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) : 0;
}

class batch_in_hand final : public detail::tasks_in_hand {
public:
    batch_in_hand(actors::own_process& here, shm::block_id block, const worker_terms& terms, std::uint64_t tasks_left)
        : here_(here),
          block_(block),
          batch_(mail::bytes_of_lent_parcel(here.memory(), block)),
          home_(mail::home_of(here.memory(), block).slot()),
          timed_(terms.is_timed != 0),
          tasks_left_(tasks_left),
          began_(now()),
          task_began_(began_) {
        if (!is_credible()) return;
        batch_.note_worker(here.participant().actor());
        here.participant().self().told.doing.task.set(function());
    }

    bool is_credible() const noexcept { return batch_.credible(); }
    std::uint64_t function() const noexcept { return batch_.what().function; }
    std::uint64_t tasks_left() const noexcept { return tasks_left_; }

    bool begin_next() override {
        if (tasks_left_ == 0 || listed_ == mail::most_handles) return false;
        const auto next = batch_.begin_next();
        if (!next) return false;
        task_ = *next;
        --tasks_left_;
        if (timed_) {
            here_.participant().self().handling.type.set(type_in_hand);
            here_.participant().self().handling.clock.begin(task_began_);
        }
        return true;
    }

    detail::incoming arguments() override {
        detail::incoming input{batch_.input(task_), {}, batch_.what().flat_input};
        if (!batch_.what().carries_handles) return input;
        if (const auto content = mail::look_into_parcel(here_.memory(), block_)) input.handles = content->handles;
        return input;
    }

    void succeed(const void* value, std::size_t bytes) override {
        std::uint32_t at = 0;
        if (std::byte* const room = batch_.claim_room(bytes, at)) {
            if (bytes != 0) std::memcpy(room, value, bytes);
            return finish({result_kind::value, static_cast<std::uint32_t>(bytes), at});
        }
        const task_result result = beside(result_kind::value, {static_cast<const std::byte*>(value), bytes}, 0);
        list_beside();
        finish(result);
    }

    void succeed(detail::outgoing& value) override {
        if (value.handles.size() > mail::most_handles) {
            throw too_large("the result of a task carries " + std::to_string(value.handles.size()) +
                            " handles, and 64 is the most; return them from several tasks");
        }
        if (batch_.what().carries_handles) drop_input();
        std::uint32_t at = 0;
        task_result result{result_kind::value, static_cast<std::uint32_t>(value.bytes.size())};
        if (std::byte* const room = batch_.claim_room(value.bytes.size(), at)) {
            if (!value.bytes.empty()) std::memcpy(room, value.bytes.data(), value.bytes.size());
            result.at = at;
        } else {
            if (value.handles.size() == mail::most_handles) {
                throw too_large("the result of a task carries 64 handles, and is too large to be told beside them");
            }
            result = beside(result_kind::value, value.bytes, value.handles.size());
        }
        if (!value.handles.empty()) {
            if (result.beside != 0) value.handles.push_back(beside_);
            mail::list_in_lent_parcel(here_.memory(), block_, value.handles);
            // The buffers are the parcel's; the ends were held by the message, and by what was decoded from it.
            std::erase_if(value.handles,
                          [](const detail::handle_ref& one) { return (one.role & detail::buffer_role) != 0; });
        } else if (result.beside != 0) {
            list_beside();
        }
        finish(result);
    }

    void refuse() override {
        base::caught caught = base::current_exception_description();
        if (batch_.what().carries_handles) {
            // It must fit: beside the batch it would be listed among the handles of the input, which another worker may
            // need.
            caught.type.resize(std::min(caught.type.size(), shortest_text));
            caught.text.resize(std::min(caught.text.size(), shortest_text));
        }
        const auto encoded = detail::encoded(std::pair(caught.type, caught.text));
        std::uint32_t at = 0;
        const auto bytes = static_cast<std::uint32_t>(encoded->bytes.size());
        if (std::byte* const room = batch_.claim_room(bytes, at)) {
            std::memcpy(room, encoded->bytes.data(), bytes);
            return finish({result_kind::exception, bytes, at});
        }
        const task_result result = beside(result_kind::exception, encoded->bytes, 0);
        list_beside();
        finish(result);
    }

    // What is done is its home's; what is not begun too. A home that was rung for the last result is not rung again.
    void go_home() {
        const bool told = rang_ && is_credible() && batch_.begun() == batch_.end();
        here_.participant().self().handling.clock.end();
        here_.participant().self().handling.type.set(0);
        here_.participant().self().told.doing.task.set(0);
        if (mail::hand_back_parcel(here_.memory(), block_, here_.participant().owner()) == mail::hand_back::handed) {
            if (!told) here_.participant().notify(home_);
            // Whoever gives in one task after the other has the next one soon: the queue is looked at without a pause.
            here_.participant().traffic().note_sent();
        } else {
            mail::discard_parcel(here_.memory(), block_,
                                 [this](shm::channel_id held) { here_.participant().keeper().look_at(held); });
        }
    }

private:
    // What the input held is not needed any more.
    void drop_input() {
        const mail::ends_let_go held = mail::empty_parcel(here_.memory(), block_);
        for (std::uint32_t i = 0; i < held.count; ++i) {
            here_.participant().keeper().look_at(shm::channel_id{held.channels[i]});
        }
    }

    task_result beside(result_kind kind, std::span<const std::byte> bytes, std::size_t place) {
        const shm::block_id buffer = channel::or_make_room(here_.participant(), [&] {
            return mail::take_buffer(here_.memory(), here_.participant().owner(), bytes.size());
        });
        std::memcpy(mail::buffer_bytes(here_.memory(), buffer).data(), bytes.data(), bytes.size());
        beside_ = mail::refer_to_buffer(here_.memory(), buffer);
        const auto at = static_cast<std::uint32_t>(batch_.what().carries_handles ? place : listed_);
        return {kind, static_cast<std::uint32_t>(bytes.size()), at, 1};
    }
    void list_beside() {
        mail::list_one_more(here_.memory(), block_, beside_);
        ++listed_;
    }

    void finish(const task_result& result) {
        process::flush_standard_streams();
        const std::uint64_t then = now();
        batch_.finish(task_, result, then - began_);
        rang_ = then - std::exchange(task_began_, then) >= worth_a_ring && !batch_.what().carries_handles;
        if (rang_) here_.participant().notify(home_);
    }

    actors::own_process& here_;
    shm::block_id block_;
    task_batch batch_;
    std::uint16_t home_;
    bool timed_;
    std::uint64_t tasks_left_;
    std::uint64_t began_;
    std::uint64_t task_began_;
    std::uint32_t task_ = 0;
    std::uint32_t listed_ = 0;  // results beside the batch
    bool rang_ = false;         // for the result of the last task
    detail::handle_ref beside_;
};

class next_batch final : public detail::receive_wait {
public:
    using receive_wait::receive_wait;
    bool await_resume() {
        throw_if_failed();
        return has_letter();
    }
    // The block is this process's, and in no record any more.
    shm::block_id take() {
        const shm::block_id block{std::exchange(in_hand().block, 0)};
        finish();
        return block;
    }
};

// The tasks of a function that is not here fail with the reason.
void refuse(batch_in_hand& hand) {
    while (hand.begin_next()) {
        try {
            throw misuse(
                "the function of this task is not in the worker's executable: a function of a library that is loaded "
                "while the program runs is called with troupe::call");
        } catch (...) {
            hand.refuse();
        }
    }
}

// Returns what is left of the tasks that this worker may do. A plain function is called outside of the loop, as an
// actor's is, so that it may wait by `sync_wait`.
std::uint64_t work_on(shm::block_id block, const worker_terms& terms, std::uint64_t tasks_left) {
    batch_in_hand hand(actors::own_process::here(), block, terms, tasks_left);
    if (hand.is_credible()) {
        const detail::registration* const function = detail::registration::find(hand.function());
        if (function != nullptr) {
            function->call()(hand);
            if (hand.rest.promise() != nullptr) detail::run_to_end(detail::then_zero(std::move(hand.rest)));
        } else {
            refuse(hand);
        }
    }
    hand.go_home();
    return hand.tasks_left();
}

task<int> take_next(const detail::end_hold* queue, shm::block_id* block) {
    next_batch next(queue->receiving("the pool's queue"));
    if (!co_await next) co_return 0;
    *block = next.take();
    co_return 1;
}

int work(const detail::end_hold& queue, const worker_terms& terms) {
    std::uint64_t tasks_left = terms.tasks_per_worker != 0 ? terms.tasks_per_worker : ~std::uint64_t{0};
    for (;;) {
        shm::block_id block;
        if (detail::run_to_end(take_next(&queue, &block)) == 0) return 0;
        if (block) tasks_left = work_on(block, terms, tasks_left);
        if (tasks_left == 0 || (terms.worker_memory != 0 && own_memory() > terms.worker_memory)) return 0;
    }
}

class preparing final : public detail::call_in_hand {
public:
    explicit preparing(const detail::incoming& arguments) noexcept : arguments_(arguments) {}
    detail::incoming arguments() override { return arguments_; }

private:
    detail::incoming arguments_;
};

void prepare(std::uint64_t function, const detail::incoming& arguments) {
    const detail::registration* const found = detail::registration::find(function);
    if (found == nullptr) throw misuse("pool_options::prepare names a function that is not in this executable");
    preparing now(arguments);
    found->call()(now);
    if (now.rest.promise() != nullptr) detail::run_to_end(detail::then_zero(std::move(now.rest)));
}

}  // namespace
}  // namespace troupe::pools

namespace troupe::detail {

std::string_view name_in_hand(std::uint32_t type) {
    return type == pools::type_in_hand ? std::string_view("a task") : std::string_view();
}

int work_for_pool(birth& born) {
    const incoming told = born.arguments();
    pools::worker_terms terms;
    if (told.bytes.size() < sizeof terms || told.handles.empty()) throw corrupt("the terms of this worker are damaged");
    const std::size_t before = told.bytes.size() - sizeof terms;
    std::memcpy(&terms, told.bytes.data() + before, sizeof terms);
    const end_hold queue = end_hold::adopt(told.handles.back(), both_ends);
    if (terms.prepare != 0) {
        const auto handles = told.handles.first(told.handles.size() - 1);
        pools::prepare(terms.prepare, {told.bytes.first(before), handles, terms.prepare_is_flat != 0});
    }
    born.begin();
    return pools::work(queue, terms);
}

}  // namespace troupe::detail
