// What a value becomes after it was sent.
#pragma once

#include <troupe/detail/codec.hpp>

namespace troupe::test {

template <class T>
T after_travel(const T& value) {
    detail::outgoing message;
    detail::encode(value, message);
    T arrived{};
    detail::decode(detail::as_incoming(message), arrived);
    return arrived;
}

template <class T>
bool survives(const T& value) {
    return after_travel(value) == value;
}

}  // namespace troupe::test
