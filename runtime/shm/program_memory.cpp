#include "shm/program_memory.hpp"

#include <sys/sysinfo.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <string>

#include <troupe/error.hpp>

#include "base/check.hpp"
#include "base/step.hpp"
#include "shm/shared_text.hpp"

namespace troupe::shm {
namespace {

constexpr std::uint64_t magic_word = 0x65707561'6f727400u | layout_version;
// An entry of the exit log: serial:40 | valid:1 | lost:1 | core:1 | signal:7 | code:8.
std::uint64_t pack_exit(std::uint64_t serial, const exit_status& s) {
    return serial << 24 | 1u << 17 | std::uint64_t{s.lost()} << 16 | std::uint64_t{s.core_dumped()} << 15 |
           static_cast<std::uint64_t>(s.signal() & 0x7f) << 8 | (s.exited() ? static_cast<std::uint64_t>(s.code()) : 0);
}

std::optional<exit_status> unpack_exit(std::uint64_t word, std::uint64_t serial) {
    if ((word >> 17 & 1) == 0 || word >> 24 != (serial & life::serial_bits)) return std::nullopt;
    if (word >> 16 & 1) return exit_status::from_nothing();
    if (const int signal = static_cast<int>(word >> 8 & 0x7f)) {
        return exit_status::from_signal(signal, (word >> 15 & 1) != 0);
    }
    return exit_status::from_exit(static_cast<int>(word & 0xff));
}

bool owner_is_dead(const void* memory, owner_id owner) noexcept {
    const auto& table = *static_cast<const program_memory*>(memory);
    const process_slot& slot = table.process(owner.slot());
    // The state first: if it is that of a later incarnation, the count that is read next is that one's too.
    const process_state state = slot.present().state;
    // sync: incarnation - observes the claim of the slot by a later process
    const std::uint32_t incarnation = slot.incarnation.load(std::memory_order_acquire);
    if (owner_id::make(owner.slot(), incarnation) != owner) return true;
    return state == process_state::dead || state == process_state::free || state == process_state::down;
}

}  // namespace

program_memory program_memory::create(std::size_t budget, unsigned halvings) {
    program_memory made;
    const segment_map map = lay_out(budget, halvings);
    made.segment_ = std::make_unique<segment>(segment::create(map.end));
    if (!made.segment_->back(map.header, page_bytes)) throw out_of_memory("no memory for the program's tables");
    made.place(map);
    program_header& h = made.header();
    h.magic = magic_word;
    h.version = layout_version;
    h.budget = budget;
    h.halvings = halvings;
    return made;
}

program_memory program_memory::attach(base::owned_fd fd) {
    program_memory made;
    made.segment_ = std::make_unique<segment>(segment::attach(std::move(fd), tables_bytes));
    // From the end: the windows before the tables are as long as the header says.
    made.tables_ = made.segment_->base() + made.segment_->bytes() - tables_bytes;
    const program_header& h = made.header();
    const segment_map map = h.magic == magic_word && h.version == layout_version
                                ? lay_out(h.budget, std::min(h.halvings, most_halvings))
                                : segment_map{};
    if (map.end != made.segment_->bytes()) {
        throw corrupt("this process was started by a program built with another version of troupe; rebuild both");
    }
    made.place(map);
    return made;
}

void program_memory::place(const segment_map& map) {
    layout = map;
    tables_ = segment_->base() + map.exit_log;
    blocks_ = std::make_unique<block_store>(*segment_, map, header().blocks_reached);
}

slice& program_memory::slice_at(std::size_t number) const {
    return reinterpret_cast<slice*>(tables_ + exit_log_bytes + page_bytes)[number % slices];
}

std::atomic<std::uint64_t>& program_memory::exit_entry(detail::actor_id actor) const {
    return reinterpret_cast<std::atomic<std::uint64_t>*>(tables_)[actor.serial() % exit_log_entries];
}

std::size_t program_memory::offset_of(const void* address) const {
    return static_cast<std::size_t>(static_cast<const std::byte*>(address) - segment_->base());
}

process_slot& program_memory::process(std::uint16_t slot) const {
    return slice_at(slot / processes_a_slice).processes[slot % processes_a_slice];
}

base::post_mortem& program_memory::post_mortem(std::uint16_t slot) const {
    return slice_at(slot / processes_a_slice).post_mortems[slot % processes_a_slice];
}

base::post_mortem* program_memory::keep_post_mortem(std::uint16_t slot) const noexcept {
    return static_cast<base::post_mortem*>(
        segment_->map_for_good(offset_of(&post_mortem(slot)), sizeof(base::post_mortem)));
}

channel_record& program_memory::channel(std::uint16_t index) const {
    return slice_at(index / channels_a_slice).channels[index % channels_a_slice];
}

// Slots are backed a slice at a time.
bool program_memory::reach(std::uint16_t slot) {
    program_header& h = header();
    // sync: slots - observes a backed slot
    std::uint32_t reached = h.slots_reached.load(std::memory_order_acquire);
    while (slot >= reached) {
        slice& next = slice_at(reached / processes_a_slice);
        const std::uint32_t last = std::min((reached / processes_a_slice + 1) * processes_a_slice, h.most_actors);
        const std::size_t processes = offset_of(next.processes), post_mortems = offset_of(next.post_mortems);
        if (!segment_->back(processes, sizeof next.processes) ||
            !segment_->back(post_mortems, sizeof next.post_mortems)) {
            return false;
        }
        segment_->touch(processes, sizeof next.processes);
        segment_->touch(post_mortems, sizeof next.post_mortems);
        // sync: slots - publishes a backed slot
        while (reached < last && !h.slots_reached.compare_exchange_weak(reached, last, std::memory_order_acq_rel)) {
        }
        reached = std::max(reached, last);
    }
    return true;
}

void program_memory::touch_process(std::uint16_t slot) const noexcept {
    segment_->touch(offset_of(&process(slot)), sizeof(process_slot));
}

// Slots are used in turn, so that one that was freed rests for a while, and how its actor ended can be told as long.
// Not all that there may be: the keeper looks at each that was ever used whenever an actor ends.
std::optional<std::uint16_t> program_memory::claim_process(std::uint16_t spawner) {
    program_header& h = header();
    std::uint32_t in_turn = h.slots_in_turn.load(std::memory_order_relaxed);  // relaxed: as below
    for (std::uint32_t tried = 0;; ++tried) {
        if (tried == in_turn) {  // all are taken: twice as many from now on
            if (in_turn == h.most_actors) return std::nullopt;
            h.next_slot.store(in_turn, std::memory_order_relaxed);  // relaxed: as below
            in_turn = std::min(2 * in_turn, h.most_actors);
            h.slots_in_turn.store(in_turn, std::memory_order_relaxed);  // relaxed: as below
            tried = 0;
        }
        // relaxed: where to look; the swap on the slot decides
        const auto slot = static_cast<std::uint16_t>(h.next_slot.fetch_add(1, std::memory_order_relaxed) % in_turn);
        if (!reach(slot)) return std::nullopt;
        process_slot& p = process(slot);
        const life now = p.present();
        if (now.state != process_state::free) continue;
        // relaxed: a number that nobody else gets
        const std::uint64_t serial = h.next_serial.fetch_add(1, std::memory_order_relaxed) + 1;
        std::uint64_t expected = now.pack();
        const life mine{serial & life::serial_bits, process_state::starting, spawner};
        process(spawner).has_spawned.store(1, std::memory_order_relaxed);  // relaxed: read when it is dead
        // crash: starting without a process; the keeper frees the slots of a spawner that died
        // sync: life - publishes the claim
        if (!p.life_word.compare_exchange_strong(expected, mine.pack(), std::memory_order_acq_rel)) continue;
        about_to_write();
        TROUPE_STEP("process: slot claimed");
        // relaxed, all below: published by the id, which is stored last
        p.pid.store(0, std::memory_order_relaxed);
        p.parent.store(0, std::memory_order_relaxed);
        p.mailbox.store(0, std::memory_order_relaxed);
        p.replies.store(0, std::memory_order_relaxed);
        p.arguments.store(0, std::memory_order_relaxed);
        p.requests.store(serial << request_bits, std::memory_order_relaxed);
        p.receiving.store(0, std::memory_order_relaxed);
        p.letting_go.store(0, std::memory_order_relaxed);
        p.begun.store(0, std::memory_order_relaxed);
        p.has_spawned.store(0, std::memory_order_relaxed);
        p.ending.store(0, std::memory_order_relaxed);
        p.revival.store(0, std::memory_order_relaxed);
        p.restarts.store(0, std::memory_order_relaxed);
        p.deliveries.store(1, std::memory_order_relaxed);
        p.handling_place.store(0, std::memory_order_relaxed);
        p.handling_deliveries.store(0, std::memory_order_relaxed);
        p.handling_type.store(0, std::memory_order_relaxed);
        p.handling_since.store(0, std::memory_order_relaxed);
        p.message_deadline.store(0, std::memory_order_relaxed);
        p.hung.store(0, std::memory_order_relaxed);
        store_text(p.name, "");
        store_text(p.exception_type, "");
        store_text(p.exception_text, "");
        store_text(p.failure, "");
        post_mortem(slot).clear();
        // sync: incarnation - publishes that older owners are gone
        p.incarnation.fetch_add(1, std::memory_order_acq_rel);
        // sync: id - publishes the claim of the slot
        p.id.store(detail::actor_id::make(serial, slot).value, std::memory_order_release);
        return slot;
    }
    return std::nullopt;
}

bool program_memory::restart_process(detail::actor_id actor) {
    process_slot& p = process(actor.slot());
    const life now = p.present();
    if (p.actor() != actor || !p.may_begin_again()) return false;
    // relaxed, all below: nobody else writes while it is down; published by the state
    // crash: down; the keeper ends what the dead supervisor had
    p.pid.store(0, std::memory_order_relaxed);
    p.replies.store(0, std::memory_order_relaxed);
    p.receiving.store(0, std::memory_order_relaxed);
    p.letting_go.store(0, std::memory_order_relaxed);
    p.begun.store(0, std::memory_order_relaxed);
    p.handling_type.store(0, std::memory_order_relaxed);
    p.handling_since.store(0, std::memory_order_relaxed);
    p.hung.store(0, std::memory_order_relaxed);
    store_text(p.failure, "");
    p.restarts.fetch_add(1, std::memory_order_relaxed);  // relaxed: as above
    // sync: incarnation - publishes that the last owner is gone
    p.incarnation.fetch_add(1, std::memory_order_acq_rel);
    TROUPE_STEP("process: incarnation counted");
    return p.move(now, process_state::starting);
}

void program_memory::claim_keeper() {
    if (!segment_->back(offset_of(&process(keeper_slot)), sizeof(process_slot))) {
        throw out_of_memory("no memory for the program's tables");
    }
    // sync: life - publishes that the keeper lives
    process(keeper_slot).life_word.store(life{0, process_state::running, 0}.pack(), std::memory_order_release);
}

std::uint32_t program_memory::slots_reached() const {
    return header().slots_reached.load(std::memory_order_acquire);  // sync: slots - observes a backed slot
}

std::uint64_t program_memory::deaths() const {
    // seq_cst: whoever has said that it watches, and sees no end here, is seen by the keeper when it tells of that end
    // sync: deaths - observes the end of an actor
    return header().deaths.load(std::memory_order_seq_cst);
}

bool program_memory::full() const {
    const program_header& h = header();
    const std::uint32_t reached = slots_reached();
    if (reached < h.most_actors) return false;
    for (std::uint32_t i = 0; i < reached; ++i) {
        if (process(static_cast<std::uint16_t>(i)).present().state == process_state::free) return false;
    }
    return true;
}

void program_memory::free_process(std::uint16_t slot) {
    process_slot& p = process(slot);
    p.watchers.for_each([&p](std::uint32_t one) { p.watchers.remove(one); });
    // relaxed: published by the state
    for (auto& word : p.wrote_to) word.store(0, std::memory_order_relaxed);
    // The next actor of the slot has no process when the slot is claimed, and its spawner may die right then.
    p.pid.store(0, std::memory_order_relaxed);  // relaxed: as above
    const life now = p.present();
    // sync: life - publishes that the slot is free
    p.life_word.store(now.with(process_state::free).pack(), std::memory_order_release);
}

owner_id program_memory::owner(std::uint16_t slot) const {
    // sync: incarnation - observes the claim of the slot
    return owner_id::make(slot, process(slot).incarnation.load(std::memory_order_acquire));
}

liveness program_memory::owners() const { return {&owner_is_dead, this}; }

void program_memory::record_exit(detail::actor_id actor, const exit_status& status) {
    std::atomic<std::uint64_t>& entry = exit_entry(actor);
    const bool logged = segment_->back(offset_of(&entry) / page_bytes * page_bytes, page_bytes);
    const std::uint64_t word = pack_exit(actor.serial() & life::serial_bits, status);
    process_slot& p = process(actor.slot());
    base::post_mortem& page = post_mortem(actor.slot());
    // relaxed, both: published by the state of the slot
    page.peak_memory.store(status.peak_memory(), std::memory_order_relaxed);
    page.cpu_time.store(static_cast<std::uint64_t>(status.cpu_time().count()), std::memory_order_relaxed);
    // relaxed, all: published by the ending
    p.ended.store(p.incarnation.load(std::memory_order_relaxed), std::memory_order_relaxed);
    p.ended_restarts.store(p.restarts.load(std::memory_order_relaxed), std::memory_order_relaxed);
    p.ended_hung.store(p.hung.load(std::memory_order_relaxed), std::memory_order_relaxed);
    // sync: pid - observes what the kernel wrote in clone
    p.ended_pid.store(p.pid.load(std::memory_order_acquire), std::memory_order_relaxed);  // relaxed: as above
    // relaxed, both: as above
    p.ended_type.store(p.handling_type.load(std::memory_order_relaxed), std::memory_order_relaxed);
    p.ended_deliveries.store(p.handling_deliveries.load(std::memory_order_relaxed), std::memory_order_relaxed);
    p.ending.store(word, std::memory_order_release);  // sync: end text - publishes the exception's type and text
    // sync: crashes - publishes the ending
    if (crashed(actor, status)) header().crashes.fetch_add(1, std::memory_order_release);
    if (!logged) return;  // no memory: once its slot is used again, nobody knows how it ended
    // sync: exit log - publishes how it ended
    entry.store(word, std::memory_order_release);
}

bool program_memory::crashed(detail::actor_id actor, const exit_status& status) const {
    const process_slot& p = process(actor.slot());
    // relaxed, both: its process is dead
    const std::uint32_t incarnation = p.incarnation.load(std::memory_order_relaxed);
    const bool hung = p.hung.load(std::memory_order_relaxed) != 0;
    if (status.signal() == SIGKILL)
        return hung || base::limit_reached_by(status, post_mortem(actor.slot()), incarnation);
    if (status.signaled()) return status.signal() != SIGTERM;
    return status.code() == 1 && p.exception_type[0] != '\0' && p.exception_of == incarnation;
}

std::uint64_t program_memory::crashes() const {
    return header().crashes.load(std::memory_order_acquire);  // sync: crashes - observes the endings
}

bool program_memory::alive(detail::actor_id actor) const {
    const auto state = process(actor.slot()).state_of(actor);
    return state == process_state::starting || state == process_state::cloning || state == process_state::running ||
           state == process_state::down;
}

exit_status program_memory::last_end(detail::actor_id actor) const {
    const process_slot& p = process(actor.slot());
    if (p.actor() == actor) {
        if (auto told = end_in_slot(actor)) return *std::move(told);
    }
    return status_of(actor).value_or(exit_status::from_nothing());
}

bool program_memory::ended_well(detail::actor_id actor) const noexcept {
    const process_slot& p = process(actor.slot());
    const std::uint64_t serial = actor.serial() & life::serial_bits;
    if (p.actor() == actor) {
        // sync: end text - observes how its last process ended
        if (const auto told = unpack_exit(p.ending.load(std::memory_order_acquire), serial)) return told->success();
    }
    // sync: exit log - observes how it ended
    const auto logged = unpack_exit(exit_entry(actor).load(std::memory_order_acquire), serial);
    return logged && logged->success();
}

std::optional<exit_status> program_memory::end_in_slot(detail::actor_id actor) const {
    const process_slot& p = process(actor.slot());
    // sync: end text - observes the exception's type and text
    const auto status = unpack_exit(p.ending.load(std::memory_order_acquire), actor.serial() & life::serial_bits);
    if (!status) return std::nullopt;
    exit_status told = *status;
    const std::uint32_t ended = p.ended.load(std::memory_order_relaxed);  // relaxed: published by the end
    const auto has_exception = [&] {
        return p.exception_of.load(std::memory_order_relaxed) == ended;  // relaxed: fenced below
    };
    if (status->exited() && status->code() == 1 && has_exception()) {
        std::string type = load_text(p.exception_type), text = load_text(p.exception_text);
        has_read();
        if (!type.empty() && has_exception()) told = exit_status::from_exception(std::move(type), std::move(text));
    }
    base::complete(told, post_mortem(actor.slot()), ended);
    detail::end_details& details = told.details();
    // relaxed, all: published by the end
    details.restarts = p.ended_restarts.load(std::memory_order_relaxed);
    details.hung = p.ended_hung.load(std::memory_order_relaxed) != 0 && told.signal() == SIGKILL;
    if (const std::uint32_t type = p.ended_type.load(std::memory_order_relaxed); type != 0 && !told.success()) {
        if (name_message_ != nullptr) {
            // relaxed: as above
            details.message_type = name_message_(p.entry.load(std::memory_order_relaxed), type);
        }
        // relaxed: as above
        details.deliveries = std::max(1u, p.ended_deliveries.load(std::memory_order_relaxed));
    }
    // Whoever claims the slot next changes the serial first, then the rest.
    has_read();
    return p.state_of(actor) ? told : *status;
}

std::optional<exit_status> program_memory::status_of(detail::actor_id actor) const {
    const process_slot& p = process(actor.slot());
    if (const auto state = p.state_of(actor)) {
        if (*state != process_state::dead && *state != process_state::free && *state != process_state::failed) {
            return std::nullopt;
        }
        if (auto told = end_in_slot(actor)) return told;
    }
    // relaxed: a bound for what can be asked
    if (actor.serial() == 0 || actor.serial() > header().next_serial.load(std::memory_order_relaxed)) {
        return exit_status::from_nothing();
    }
    // sync: exit log - observes how it ended
    return unpack_exit(exit_entry(actor).load(std::memory_order_acquire), actor.serial() & life::serial_bits)
        .value_or(exit_status::from_nothing());
}

exit_status program_memory::end_as_told(detail::actor_id actor, std::uint64_t ending) const {
    const auto told = unpack_exit(ending, actor.serial() & life::serial_bits);
    const auto last = end_in_slot(actor);
    if (!told) return last.value_or(exit_status::from_nothing());
    return last && last->code() == told->code() ? *last : *told;
}

std::string program_memory::name_of(detail::actor_id actor) const {
    const process_slot& p = process(actor.slot());
    if (p.actor() != actor) return {};
    std::string name = load_text(p.name);
    has_read();
    // Whoever claims the slot next changes the serial first, then the name, and last the actor's id.
    return p.state_of(actor) ? name : std::string();
}

std::string program_memory::described(detail::actor_id actor) const {
    // sync: pid - observes what the kernel wrote in clone
    return described(actor, process(actor.slot()).pid.load(std::memory_order_acquire));
}

std::string program_memory::described_as_ended(detail::actor_id actor) const {
    // relaxed: whoever asks has seen the end
    return described(actor, process(actor.slot()).ended_pid.load(std::memory_order_relaxed));
}

std::string program_memory::described(detail::actor_id actor, std::int32_t pid) const {
    const std::string name = name_of(actor);
    if (name.empty()) return "an actor";
    return "actor '" + name + '\'' + (pid != 0 ? " (pid " + std::to_string(pid) + ')' : std::string());
}

channel_id program_memory::claim_channel(channel_kind kind, unsigned granule_bits, std::uint16_t maker) {
    program_header& h = header();
    for (std::uint32_t index = 0; index < max_channels; ++index) {
        // sync: channels - observes a backed record
        std::uint32_t reached = h.channels_reached.load(std::memory_order_acquire);
        if (index >= reached) {
            const std::size_t from = offset_of(&channel(static_cast<std::uint16_t>(index)));
            if (!segment_->back(from / page_bytes * page_bytes, whole_pages(sizeof(channel_record)) + page_bytes)) {
                throw out_of_memory("no memory for the record of another mailbox, queue or pipe");
            }
            // sync: channels - publishes a backed record
            while (reached <= index &&
                   !h.channels_reached.compare_exchange_weak(reached, index + 1, std::memory_order_acq_rel)) {
            }
        }
        channel_record& c = channel(static_cast<std::uint16_t>(index));
        auto free_state = static_cast<std::uint32_t>(channel_state::free);
        // sync: channel state - observes that it was freed
        if (c.state.load(std::memory_order_acquire) != free_state) continue;
        const std::uint32_t making = static_cast<std::uint32_t>(channel_state::making) | std::uint32_t{maker} << 8;
        // crash: making, without a ring; the keeper frees what a dead maker left
        // sync: channel state - publishes the claim
        if (!c.state.compare_exchange_strong(free_state, making, std::memory_order_acq_rel)) continue;
        TROUPE_STEP("channel: claimed");
        block_id block;
        try {
            block = blocks_->take_ring(granule_bits, owner(maker));
        } catch (...) {
            // sync: channel state - publishes that it is free
            c.state.store(static_cast<std::uint32_t>(channel_state::free), std::memory_order_release);
            throw;
        }
        // crash: owned, and named by nobody; the keeper frees it
        // relaxed, all below: published by the id
        c.ring.store(block.value, std::memory_order_relaxed);
        c.kind.store(static_cast<std::uint32_t>(kind), std::memory_order_relaxed);
        c.granules.store(1u << granule_bits, std::memory_order_relaxed);
        c.reader.store(0xffff, std::memory_order_relaxed);
        c.capacity.store(0, std::memory_order_relaxed);
        c.bytes.store(0, std::memory_order_relaxed);
        c.got.store(0, std::memory_order_relaxed);
        c.done.store(0, std::memory_order_relaxed);
        c.draining.store(0, std::memory_order_relaxed);
        TROUPE_STEP("channel: has a ring");
        // crash: making, with a ring; the keeper frees both
        blocks_->send(block, owner(maker));
        TROUPE_STEP("channel: ring is its own");
        const std::uint32_t granules = 1u << granule_bits;
        const reader_mode mode = kind == channel_kind::queue ? reader_mode::many : reader_mode::one;
        auto used = ring::attach(blocks_->at(block), ring::bytes(granules));
        if (used && used->granules() == granules) {
            used->reopen(mode);
        } else {
            ring::format(blocks_->at(block), granules, mode);
        }
        const std::uint64_t generation = c.name().generation() + 1;
        const channel_id id = channel_id::make(generation, static_cast<std::uint16_t>(index));
        c.id.store(id.value, std::memory_order_release);  // sync: channel - publishes the record's fields
        return id;
    }
    throw out_of_memory("the program has " + std::to_string(max_channels) +
                        " mailboxes, queues and pipes, and that is the most there can be");
}

void program_memory::open_channel(channel_id id) {
    // sync: channel state - publishes that somebody holds it
    channel(id.index()).state.store(static_cast<std::uint32_t>(channel_state::open), std::memory_order_release);
}

void program_memory::free_channel(std::uint16_t index, ring_fate fate) {
    channel_record& c = channel(index);
    // relaxed: the keeper alone frees
    const block_id block{c.ring.exchange(0, std::memory_order_relaxed)};
    TROUPE_STEP("channel: ring taken off");
    // The generation moves on at once, so that references find out.
    const channel_id next = channel_id::make(c.name().generation() + 1, index);
    c.id.store(next.value, std::memory_order_release);  // sync: channel - publishes that the old name is void
    c.readers.for_each([&c](std::uint32_t one) { c.readers.remove(one); });
    c.writers.for_each([&c](std::uint32_t one) { c.writers.remove(one); });
    if (fate == ring_fate::used_again && blocks_->valid(block)) blocks_->release(block);
    // sync: channel state - publishes that it is free
    c.state.store(static_cast<std::uint32_t>(channel_state::free), std::memory_order_release);
}

ring program_memory::ring_of(const channel_record& record) const {
    if (const auto found = find_ring(record)) return *found;
    throw corrupt("the record or the ring of a channel is damaged");
}

std::optional<ring> program_memory::find_ring(const channel_record& record) const noexcept {
    // relaxed: the record's fields were observed through its id
    const block_id block{record.ring.load(std::memory_order_relaxed)};
    const std::uint32_t granules = record.granules.load(std::memory_order_relaxed);
    if (!blocks_->valid(block) || !ring::valid_granules(granules)) return std::nullopt;
    auto view = ring::attach(blocks_->at(block), ring::bytes(granules));
    // relaxed: as above
    const bool shared = record.kind.load(std::memory_order_relaxed) == static_cast<std::uint32_t>(channel_kind::queue);
    if (!view || view->granules() != granules || (view->mode() == reader_mode::many) != shared) return std::nullopt;
    return view;
}

}  // namespace troupe::shm
