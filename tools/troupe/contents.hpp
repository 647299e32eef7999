// The content of a message that lies in a program's memory, as JSON: by the shape that the program has written down for
// its type. A struct is an object where the names of its fields are known, and otherwise a list.
#pragma once

#include <cstddef>
#include <span>

#include <nlohmann/json.hpp>

#include "inspect/type_names.hpp"

namespace troupe::tool {

// `flat`: the message is its value's own bytes; otherwise it is msgpack. What is not what the shape says, or not all
// there, is {"undecodable": "why", "bytes": "0a0b"}. Of very long values the rest is counted, and not shown.
nlohmann::ordered_json contents_of(const inspect::message_type& type, std::span<const std::byte> bytes, bool flat);

}  // namespace troupe::tool
