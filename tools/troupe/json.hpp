// What `--json` prints: one object, whose keys are only ever added to. Times are seconds of the monotonic clock, and
// what ends in `_seconds` is an age; what is not known, or is not there, is null.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "inspect/snapshot.hpp"

namespace troupe::tool {

using json = nlohmann::ordered_json;

inline constexpr int json_schema = 1;

enum class fullness { actors, everything };

// {"schema": 1}, to which a command adds its own; with the program where that is given.
json json_object();
json json_object(const inspect::snapshot& in);
// Of `ps`, of `ps --full`, and of the page.
json to_json(const inspect::snapshot& in, fullness what);

json to_json(const inspect::program_row& one);
json to_json(const inspect::actor_row& one);
json to_json(const inspect::source_place& one);
json to_json(const inspect::waiting_row& one);
json to_json(const inspect::handling_row& one);
json to_json(const inspect::mailbox_row& one, double now);
json to_json(const inspect::message_count& one, double now);
json to_json(const inspect::sender_count& one);
json to_json(const inspect::message_row& one);  // without its content
json to_json(const inspect::channel_row& one, const inspect::snapshot& in, double now);
json to_json(const inspect::cell_row& one, const inspect::snapshot& in, double now);
json to_json(const inspect::name_row& one, const inspect::snapshot& in);
json to_json(const inspect::circle_row& one, const inspect::snapshot& in);
json to_json(const inspect::task_row& one);
json to_json(const inspect::pool_row& one, const inspect::snapshot& in);
json to_json(const inspect::wait_edge& one, const inspect::snapshot& in);
json to_json(const inspect::wait_cycle& one, const inspect::snapshot& in);
json to_json(const inspect::frame_row& one);
json to_json(const inspect::event_row& one);
json to_json(const inspect::end_row& one);

template <class Row, class... More>
json to_json(const std::vector<Row>& rows, const More&... more) {
    json all = json::array();
    for (const Row& row : rows) all.push_back(to_json(row, more...));
    return all;
}

// [{"id": 4096, "name": "program"}]
json actors_json(const std::vector<std::uint64_t>& ids, const inspect::snapshot& in);

const char* to_string(inspect::actor_state state);

// To stdout, with its line end.
void print(const json& object);

}  // namespace troupe::tool
