// How a pool learns what became of the batches that are out.
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include <troupe/detail/decoded.hpp>
#include <troupe/error.hpp>

#include "channel/port.hpp"
#include "loop/event_loop.hpp"
#include "loop/wait_notes.hpp"
#include "mail/parcel.hpp"
#include "pool/pool_core.hpp"
#include "shm/ring_layout.hpp"

namespace troupe::detail {
namespace {

constexpr std::chrono::nanoseconds first_look = std::chrono::milliseconds(2);
constexpr std::chrono::nanoseconds longest_look = std::chrono::milliseconds(64);

}  // namespace

// --- as a source ---------------------------------------------------------------------------------------------------

bool pool_core::has_results(const handed& batch) const noexcept {
    return batch.job && !batch.job->sort().carries_handles && std::min(batch.inside.done(), batch.end) > batch.settled;
}

bool pool_core::is_home(const handed& batch) const noexcept {
    return mail::is_handed_back(here_.memory(), batch.block, here_.participant().owner());
}

// While this process spins. A batch whose results are here is noticed to be home at the next turn, and one whose worker
// has died when this process is about to sleep: so the word that the workers swap is not looked at all the time.
bool pool_core::glance() {
    return std::any_of(out_.begin(), out_.end(), [this](const handed& one) {
        if (!one.job || one.job->sort().carries_handles) return is_home(one);
        return has_results(one);
    });
}

loop::parking pool_core::park() {
    const bool news =
        std::any_of(out_.begin(), out_.end(), [this](const handed& one) { return has_results(one) || is_home(one); });
    return news ? loop::parking::ready : loop::parking::parked;
}

// A job with several batches is out several times, and told once. Of those that wait for a worker, the first are told.
void pool_core::describe(loop::wait_notes& into) const noexcept {
    const base::waited_for what{.kind = base::waiting_kind::task};
    const pool_job* last = nullptr;
    const auto tell = [&](const pool_job* job) {
        if (job == nullptr || job == last || job->told() == nullptr) return true;
        last = job;
        return into.add(*job->told(), what);
    };
    for (const pool_wait* one = waiting_.first(); one != nullptr; one = one->next_waiting) {
        if (one->is_users() && !into.add(*one, what)) return;
    }
    for (const room_turn* one = room_turns_.first(); one != nullptr; one = one->next_waiting) {
        if (!into.add(*one, what)) return;
    }
    for (const handed& one : out_) {
        if (!tell(one.job.get())) return;
    }
    const std::size_t some = std::min(jobs_.size(), loop::wait_notes::most);
    for (std::size_t i = 0; i < some; ++i) {
        if (!tell(jobs_[i].get())) return;
    }
}

bool pool_core::poll() {
    const bool found = look_at_all();
    if (found && stage_ >= stage::ending) changed();  // it may have been the last
    return found;
}

bool pool_core::take_all_results() {
    bool found = false;
    for (std::size_t i = 0; i < out_.size(); ++i) {
        if (!has_results(out_[i])) continue;
        take_results(i);
        found = true;
    }
    return found;
}

// Results first: whoever waits for one gives in the next task, and that a batch has come home is noticed while that
// task is worked on.
bool pool_core::look_at_all() {
    if (working_) return false;
    working_ = true;
    bool found = take_all_results();
    const bool has_time = !found;
    for (std::size_t i = 0; has_time && i < out_.size();) {
        if (!is_home(out_[i])) {
            ++i;
            continue;
        }
        came_home(i);
        found = true;
    }
    working_ = false;
    if (!found) return false;
    look_after_ = first_look;
    work();
    return true;
}

void pool_core::look_again() noexcept {
    look_after_ = std::clamp(look_after_, first_look, longest_look);
    look_.deadline = deadline_after(look_after_);
    look_after_ *= 2;
    arm(look_);
}

void pool_core::look_now() noexcept {
    look_at_all();
    find_dropped();
    if (stage_ < stage::ending) {
        take_back_for_idle();
    } else {
        changed();  // a worker that was killed while it began may have had one
    }
    work();
    if (!out_.empty() && !look_.armed()) look_again();
}

// A record that is finished names what its reader has received. What nobody has by then was in a record that could not
// be opened.
void pool_core::find_dropped() {
    const std::uint64_t head = out_.empty() ? 0 : queue_.get()->of().ring().head_position();
    for (std::size_t i = 0; i < out_.size();) {
        const shm::owner_id here = here_.participant().owner();
        if (out_[i].inside.worker() || shm::distance(head, out_[i].up_to) > 0 ||
            !mail::receive_parcel(here_.memory(), out_[i].block, here, here)) {
            ++i;
            continue;
        }
        came_home(i);
    }
}

// --- a batch -------------------------------------------------------------------------------------------------------

// Of those that are done. Returns true if the one task in it has failed and is to be given to a worker again, when the
// batch is home.
bool pool_core::take_results(std::size_t place) {
    if (!out_[place].job) return false;
    const std::uint32_t done = std::min<std::uint32_t>(out_[place].inside.done(), out_[place].end);
    const std::uint32_t before = out_[place].settled;
    for (std::uint32_t task = before; task < done; ++task) {
        if (settle(out_[place], task)) {
            ++out_[place].tasks[task].attempts;
            if (out_[place].job->sort().carries_handles) return true;
            const handed from = out_[place];  // others may be moved by this, and so may this one
            hand_part(from, task, task + 1);
        }
        out_[place].settled = task + 1;
    }
    measure(out_[place], done - before);
    return false;
}

// Tells the job. Returns true if the task has failed and is to be given to a worker again.
bool pool_core::settle(handed& batch, std::uint32_t task) {
    const std::size_t index = batch.tasks[task].index;
    try {
        if (!batch.inside.credible() || batch.inside.count() != batch.tasks.size()) {
            throw corrupt("a batch of tasks is damaged");
        }
        const pools::task_result result = batch.inside.result(task);
        const incoming content = content_of(batch, result);
        if (result.kind == pools::result_kind::value) {
            batch.job->deliver(index, content);
            task_over(*batch.job, pools::outcome_kind::done);
            return false;
        }
        auto [type, text] = decoded<std::pair<std::string, std::string>>(content);
        throw remote_error(std::move(type), std::move(text));
    } catch (const error&) {
        std::exception_ptr why = std::current_exception();
        const unsigned attempts = batch.tasks[task].attempts + 1;
        if (is_whole(batch) && batch.job->is_given_again(why, false, attempts, options_.attempts)) return true;
        batch.job->lose(index, why);
        task_over(*batch.job, pools::outcome_kind::failed);
        return false;
    }
}

// Throws corrupt.
incoming pool_core::content_of(const handed& batch, const pools::task_result& result) const {
    const bool is_value = result.kind == pools::result_kind::value;
    const task_sort& sort = batch.job->sort();
    incoming content;
    content.flat = is_value && sort.result_bytes != 0;
    const auto listed = mail::look_into_parcel(here_.memory(), batch.block);
    if (!listed || result.kind == pools::result_kind::none) throw corrupt("a task came back without its result");
    if (result.beside != 0 && result.at >= listed->handles.size()) throw corrupt("the result of a task is damaged");
    if (sort.carries_handles && is_value) {
        content.handles = listed->handles.first(listed->handles.size() - (result.beside != 0 ? 1 : 0));
    }
    if (result.beside == 0) {
        const auto bytes = batch.inside.bytes_of(result);
        if (!bytes) throw corrupt("the result of a task is damaged");
        content.bytes = *bytes;
        return content;
    }
    const shm::block_id buffer = mail::buffer_of(here_.memory(), listed->handles[result.at]);
    if (!buffer) throw corrupt("the result of a task is gone");
    const auto bytes = mail::buffer_bytes(here_.memory(), buffer);
    if (bytes.size() < result.bytes) throw corrupt("the result of a task is damaged");
    content.bytes = bytes.first(result.bytes);
    return content;
}

// Its worker is through with it, or has died with it.
void pool_core::came_home(std::size_t place) {
    const bool again = take_results(place);
    std::swap(out_[place], out_.back());
    handed batch = std::move(out_.back());
    out_.pop_back();
    mail::take_back_parcel(here_.memory(), batch.block, here_.participant().owner());
    pools::task_batch& inside = batch.inside;
    if (!again && batch.job && batch.settled < batch.end && inside.begun() > batch.settled) {
        if (is_lost(batch, batch.settled)) {
            ++batch.tasks[batch.settled].attempts;
        } else {
            ++batch.settled;
        }
    }
    if (batch.job && batch.job->dropped()) {
        for (; batch.settled < batch.end; ++batch.settled) task_over(*batch.job, pools::outcome_kind::dropped);
    }
    if (batch.is_settled()) {
        if (!keep_spare(batch)) discard(batch.block);
        return;
    }
    if (!batch.job->sort().carries_handles) {
        static_cast<void>(mail::empty_parcel(here_.memory(), batch.block));  // results that are told by now
    }
    inside.resume(batch.settled, batch.end);
    batch.spent = 0;
    batch.lent_again = true;
    lend(std::move(batch));
}

// Nothing of its input was taken out of it.
bool pool_core::is_whole(const handed& batch) const {
    const auto content = mail::look_into_parcel(here_.memory(), batch.block);
    return content && content->handles.size() >= batch.handles && !mail::lacks_a_buffer(here_.memory(), *content);
}

// The task was in hand when its worker died. Returns true if it is to be given to another.
bool pool_core::is_lost(handed& batch, std::uint32_t task) {
    const shm::program_memory& memory = here_.memory();
    const actor_id worker = batch.inside.worker();
    exit_status status = memory.ends().of(worker).value_or(exit_status::from_nothing());
    auto why =
        std::make_exception_ptr(actor_died(memory.processes().described_as_ended(worker), std::move(status), ""));
    const unsigned attempts = batch.tasks[task].attempts + 1;
    if (is_whole(batch) && batch.job->is_given_again(why, true, attempts, options_.attempts)) return true;
    batch.job->lose(batch.tasks[task].index, why);
    task_over(*batch.job, pools::outcome_kind::failed);
    return false;
}

void pool_core::task_over(const pool_job& job, pools::outcome_kind how) noexcept {
    --under_way_;
    if (job.is_single()) --singles_;
    ++done_;
    counts_.count_over(job, how);
    room_came();
    if (under_way_ == 0) changed();
}

// A moving average, which follows a change within a few batches.
void pool_core::measure(handed& batch, std::uint32_t newly_done) noexcept {
    if (newly_done == 0) return;
    const std::uint64_t spent = batch.inside.spent();
    const auto length = static_cast<std::int64_t>((spent - std::min(spent, batch.spent)) / newly_done);
    batch.spent = spent;
    std::int64_t& known = batch.job->task_length;
    known = known < 0 ? length : (known * 3 + length) / 4;
}

void pool_core::discard(shm::block_id block) noexcept {
    mail::discard_parcel(here_.memory(), block,
                         [this](shm::channel_id held) { here_.participant().keeper().look_at(held); });
}

}  // namespace troupe::detail
