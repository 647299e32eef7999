// The message types of this process, in a list that static initialisers make. The newest stands first.
#include <troupe/detail/message_note.hpp>

namespace troupe::detail {
namespace {

constinit message_note* first_note = nullptr;

}  // namespace

message_note::message_note(std::uint32_t number, std::string_view name, writer write) noexcept
    : name_(name), write_(write), next_(first_note), number_(number) {
    first_note = this;
}

message_note::~message_note() {
    message_note** link = &first_note;
    while (*link != nullptr && *link != this) link = &(*link)->next_;
    if (*link != nullptr) *link = next_;
}

std::string message_note::shape() const {
    type_text text;
    write_(text);
    return text.take();
}

const message_note* message_note::first() noexcept { return first_note; }

}  // namespace troupe::detail
