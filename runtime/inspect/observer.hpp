// Reads one program, which needs not take part in it: it may hang, be stopped, or stand in a debugger. Nothing of the
// program is changed, and nothing is locked.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "inspect/channels.hpp"
#include "inspect/host_process.hpp"
#include "inspect/programs.hpp"
#include "inspect/snapshot.hpp"
#include "inspect/type_names.hpp"
#include "shm/program_view.hpp"

namespace troupe::inspect {

class observer {
public:
    // Throws failure where there is no right to look at it, or where it was built with another layout.
    explicit observer(program_found program);

    struct wanted {
        bool channels = false;
        bool cells = false;
        bool lists = false;  // names, topics and groups
        bool pools = false;
        bool graph = true;
    };
    // Throws failure if the program ends meanwhile. Shares of CPU, and rates, are over the time since the look before.
    snapshot look(const wanted& what);

    // In the order of the ring. Throws failure if there is no such channel any more.
    std::vector<message_row> messages(std::uint64_t channel, bool contents);
    // Of a message whose content was asked for, wherever it lies; empty if it was freed meanwhile.
    std::vector<std::byte> content_of(const message_row& message) const;
    std::vector<message_count> by_type(const std::vector<message_row>& messages) const {
        return count_by_type(messages);
    }
    std::vector<sender_count> by_sender(const std::vector<message_row>& messages) const {
        return count_by_sender(messages);
    }
    // Of a slot, oldest first; at most so many.
    std::vector<event_row> last_events(std::uint16_t slot, std::size_t most);

    bool ended() const { return process_.has_ended(); }
    const program_found& program() const noexcept { return program_; }
    const shm::program_view& view() const noexcept { return *view_; }
    const type_names& types() const noexcept { return *types_; }

private:
    struct sample {
        double at = 0;
        std::uint64_t cpu_time = 0;
        std::uint64_t handled = 0;
    };

    void read_types();
    void throw_if_ended() const;
    actor_reader reader() const { return {*view_, *types_, pids_}; }
    program_row about_program() const;
    void compare_with_last(std::vector<actor_seen>& actors);

    program_found program_;
    process_watch process_;
    pid_map pids_;
    std::unique_ptr<shm::program_view> view_;
    std::unique_ptr<type_names> types_;
    std::uint32_t types_length_ = 0;
    std::map<std::pair<std::uint64_t, std::int32_t>, sample> last_;  // by actor and process
    counts_by_channel counts_;
};

}  // namespace troupe::inspect
