// The messages in a channel, one by one, as they lie there: those of a batch singly, those in parcels by their labels.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mail/parcel.hpp"
#include "shm/program_view.hpp"
#include "shm/ring_survey.hpp"

namespace troupe::inspect {

struct ring_message {
    std::uint64_t position = 0;  // of its record
    bool in_flight = false;      // claimed, and not yet written; then nothing below is known but the writer
    shm::owner_id writer;
    std::uint32_t type = 0;
    std::uint64_t bytes = 0;
    bool flat = false;
    bool request = false;
    std::uint32_t number = 0;                 // of a request
    std::optional<std::uint32_t> sent_ms;     // the low bits, of what is no request
    std::span<const std::byte> content;       // good until the next message; of what lies beside the ring there is none
    std::optional<mail::parcel_label> label;  // of that
};

struct walked {
    std::uint64_t torn = 0;  // claimed by writers that have died, and never written
    bool damaged = false;
};

// Calls visit for each message that is meant for the channel as it is now and is not yet received, oldest first.
walked walk_messages(const shm::program_view& view, const shm::channel_record& channel, const shm::ring& ring,
                     const std::function<void(const ring_message&)>& visit);

// The bytes of a parcel; nothing if it was freed or used again meanwhile. Read from the file, so that no page is made.
std::optional<std::vector<std::byte>> read_parcel(const shm::program_view& view, const mail::parcel_label& label);

// Whether that process can still write. Of input: any number is good.
bool can_write(const shm::program_view& view, shm::owner_id owner) noexcept;

}  // namespace troupe::inspect
