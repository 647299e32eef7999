// A note of each message type that the program has a use for: its number, and what somebody outside of the program
// needs to know of it. `run` writes all of them into shared memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <troupe/detail/travels.hpp>
#include <troupe/detail/type_id.hpp>
#include <troupe/detail/type_text.hpp>

namespace troupe::detail {

// Made by static initialisers alone, of the executable and of the libraries that it loads; a library that is unloaded
// takes its own along. Several libraries may each have a note of one type.
class message_note {
public:
    using writer = void (*)(type_text& to);

    message_note(std::uint32_t number, std::string_view name, writer write) noexcept;
    ~message_note();
    message_note(const message_note&) = delete;
    message_note& operator=(const message_note&) = delete;

    std::uint32_t number() const noexcept { return number_; }
    std::string_view name() const noexcept { return name_; }
    std::string shape() const;  // see type_text
    static const message_note* first() noexcept;
    const message_note* next() const noexcept { return next_; }

private:
    std::string_view name_;
    writer write_;
    message_note* next_;
    std::uint32_t number_;
};

// What a message is called outside of the program. Specialised for those of the library that have no name of their own.
template <class M>
inline constexpr std::string_view message_title = type_name<M>();

template <class M>
struct [[gnu::visibility("hidden")]] known_message {
    static inline const message_note entry{type_id<M>(), message_title<M>, &write_type<M>};
};

// The number of a type that is sent, and a note of it before main begins.
template <class M>
std::uint32_t noted_type() noexcept {
    if constexpr (travels<M>) static_cast<void>(&known_message<M>::entry);
    return type_id<M>();
}

}  // namespace troupe::detail
