// What a message type is made of, as read from the catalogue (<troupe/detail/type_text.hpp> has the signs): a tree, in
// which each part knows how many bytes it has where it travels as these. The text comes from another program's memory,
// and may be anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::inspect {

enum class shape_kind : std::uint8_t {
    boolean,
    signed_integer,
    unsigned_integer,
    real,
    character,
    opaque,  // so many bytes
    text,
    record,    // `parts`, and perhaps `names`
    list,      // of parts[0]
    array,     // `count` of parts[0]
    map,       // from parts[0] to parts[1]
    optional,  // parts[0]
    variant,   // one of `parts`
    single,    // a list of one, parts[0]
    actor,     // its id
    handle,    // names[0] is what it is called
    packed,    // of its own
    unknown,
};

struct shape_node {
    shape_kind kind = shape_kind::unknown;
    bool backwards = false;             // of a record: its last part stands first among its bytes
    std::uint64_t count = 0;            // of an array, its elements
    std::optional<std::uint64_t> flat;  // how many bytes it has as its bytes; nothing: it never travels so
    std::vector<std::uint32_t> parts;   // their places in the tree
    std::vector<std::string> names;     // of a record's fields: as many as it has parts, or none
};

// The tree, in no particular order but that its root stands first.
class type_shape {
public:
    // Of a text that is damaged, or longer than such texts are, the shape is unknown.
    explicit type_shape(std::string_view text);

    const shape_node& root() const noexcept { return nodes_.front(); }
    const shape_node& part(const shape_node& of, std::size_t which) const noexcept { return nodes_[of.parts[which]]; }

private:
    std::vector<shape_node> nodes_;
};

}  // namespace troupe::inspect
