// The channels of a program: mailboxes, queues, the directions of pipes, and what lies in them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "inspect/actors.hpp"
#include "inspect/ring_walk.hpp"
#include "inspect/snapshot.hpp"
#include "inspect/type_names.hpp"
#include "shm/program_view.hpp"

namespace troupe::inspect {

// Where a channel's counts stood, for the rates between two looks.
struct channel_counts {
    double at = 0;
    std::uint32_t claimed = 0, passed = 0;           // messages, going round at 2^18
    std::uint64_t tail = 0, head = 0, received = 0;  // granules; items of a queue
};
using counts_by_channel = std::map<std::uint64_t, channel_counts>;

class channel_reader {
public:
    channel_reader(const shm::program_view& view, const type_names& types, const actor_index& actors)
        : view_(view), types_(types), actors_(actors) {}

    // Nothing where it has none, or that is being given up.
    std::optional<mailbox_row> mailbox_of(std::uint16_t slot, std::vector<std::string>& damaged) const;
    // `counts`: those of the look before, and then of this one.
    std::vector<channel_row> read_all(counts_by_channel& counts, std::vector<std::string>& damaged) const;
    // Throws failure if there is no such channel any more, or if its ring is damaged.
    std::vector<message_row> messages(std::uint64_t id, bool contents) const;
    // The actor whose mailbox it is; 0: it is no mailbox.
    std::uint64_t reader_of(std::uint64_t id) const;
    // Of an actor that sleeps: a reply lies there that it has not yet seen.
    bool has_unread_reply(std::uint16_t slot) const;

private:
    struct depth {
        std::uint64_t messages = 0, bytes = 0;
        std::optional<double> oldest;
        bool at_most = false, damaged = false;
    };
    struct open_channel {
        const shm::channel_record* record = nullptr;
        shm::channel_id id;
        std::optional<shm::ring> ring;
    };
    std::optional<open_channel> find(std::uint32_t index) const;
    depth measure(const open_channel& channel) const;
    std::optional<double> sent_at(const ring_message& message) const;
    channel_row row_of(const open_channel& channel, std::vector<std::string>& damaged) const;
    std::vector<std::uint64_t> actors_in(const shm::wait_set& slots) const;
    message_row row_of(const ring_message& message, bool contents) const;

    const shm::program_view& view_;
    const type_names& types_;
    const actor_index& actors_;
};

// Largest first.
std::vector<message_count> count_by_type(const std::vector<message_row>& messages);
std::vector<sender_count> count_by_sender(const std::vector<message_row>& messages);

}  // namespace troupe::inspect
