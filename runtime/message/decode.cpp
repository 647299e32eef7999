#include "message/reader.hpp"

#include <troupe/error.hpp>

#include <string>

namespace troupe::detail {

// A reader keeps its stacks from message to message. While it is busy, a constructor or a comparison of the user's may
// decode a message of its own: that one gets a reader for itself.
void decode_shape(const shape& what, std::string_view name, const incoming& in, void* into) {
    static thread_local reader kept;
    if (!kept.busy()) return kept.read(what, name, in, into);
    reader other;
    other.read(what, name, in, into);
}

void throw_wrong_format(std::string_view name) {
    throw corrupt(
        std::string("corrupt: a message of type ").append(name).append(" came in the format of another type"));
}

void throw_wrong_size(std::string_view name, std::size_t expected, std::size_t found) {
    throw corrupt(std::string("corrupt: a message of type ").append(name) + " has " + std::to_string(found) +
                  " bytes, not the " + std::to_string(expected) + " that the type has");
}

}  // namespace troupe::detail
