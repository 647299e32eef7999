// From letters to values, and from values to what is sent.
#pragma once

#include <utility>

#include <troupe/detail/codec.hpp>
#include <troupe/detail/port.hpp>

namespace troupe::detail {

// While it is true, a handle that is default-constructed stays empty, because what it names is about to be decoded.
bool decoding() noexcept;
class decoding_scope {
public:
    decoding_scope() noexcept;
    ~decoding_scope();
    decoding_scope(const decoding_scope&) = delete;
    decoding_scope& operator=(const decoding_scope&) = delete;
};

template <class T>
T decoded(const incoming& content) {
    const decoding_scope scope;
    T value{};
    decode(content, value);
    return value;
}

template <class T>
parting encoded(const T& value) {
    parting message;
    encode(value, *message);
    return message;
}

[[noreturn]] void throw_wrong_type();

// The value of the letter in hand, which is finished whatever happens.
template <class T, class Wait>
T take_decoded(Wait& received) {
    struct finisher {
        Wait& wait;
        ~finisher() { wait.finish(); }
    } const at_the_end{received};
    if (received.in_hand().frame.type != type_id<T>()) throw_wrong_type();
    return decoded<T>(received.in_hand().content);
}

// False: full. Throws closed or actor_died.
bool try_put(port& to, message_frame frame, parting message);

}  // namespace troupe::detail
