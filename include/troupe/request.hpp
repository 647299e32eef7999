// A request as its handler gets it: the message, and the way to answer it.
#pragma once

#include <type_traits>
#include <utility>

#include <troupe/detail/decoded.hpp>
#include <troupe/detail/encoded_message.hpp>
#include <troupe/detail/handler.hpp>
#include <troupe/detail/reply_address.hpp>

namespace troupe {

// A request in hand: the message, and the way to answer it. Answer it once. If you drop it without an answer, the asker
// gets a remote_error that says so.
template <class M>
class request : public M {
public:
    request(M message, detail::reply_address from) : M(std::move(message)), from_(std::move(from)) {}

    template <class R = typename M::reply>
        requires(!std::is_void_v<R>)
    void reply(const R& value) {
        detail::encoded_message message = detail::encoded<typename M::reply>(value);
        from_.answer(*message);
    }
    void reply()
        requires std::is_void_v<typename M::reply>
    {
        detail::encoded_message message;
        from_.answer(*message);
    }

private:
    detail::reply_address from_;
};

// The type in which `receive` gives a message of type M: request<M> if M names a reply, otherwise M.
template <class M>
struct received_as {
    using type = M;
};
template <detail::request_like M>
struct received_as<M> {
    using type = request<M>;
};
template <class M>
using received = typename received_as<M>::type;

}  // namespace troupe
