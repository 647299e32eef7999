// A handler is called with the message in hand, and answers it if it is a request.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include <troupe/detail/decoded.hpp>
#include <troupe/detail/encoded_message.hpp>
#include <troupe/detail/handler.hpp>
#include <troupe/detail/receive_wait.hpp>
#include <troupe/detail/reply_address.hpp>
#include <troupe/error.hpp>
#include <troupe/task.hpp>

namespace troupe::detail {

// Returns the message in hand, or nullopt if its bytes cannot be decoded, or this process has no number left for a
// descriptor in it. Only that message is lost then.
template <class M>
std::optional<M> take_sound(receive_wait& taken) {
    try {
        return take_decoded<M>(taken);
    } catch (const corrupt&) {
        return std::nullopt;
    } catch (const too_large& why) {
        say_dropped(why);
        return std::nullopt;
    }
}

// Calls the handler with the message in hand, and answers if it is a request.
template <class M, class Handler>
void handle_plain(receive_wait& taken, Handler& handler) {
    if constexpr (request_like<M>) {
        reply_address from = reply_address_of(taken.in_hand());
        try {
            if constexpr (std::is_void_v<typename M::reply>) {
                M message = take_decoded<M>(taken);
                call_with<M>(handler, message);
                from.answer(*encoded_message());
            } else {
                const auto reply = [&]() -> typename M::reply {
                    if constexpr (std::is_invocable_v<Handler&, M>) {
                        return handler(take_decoded<M>(taken));  // without another move
                    } else {
                        M message = take_decoded<M>(taken);
                        return handler(message);
                    }
                };
                from.answer(*encoded(reply()));
            }
        } catch (...) {
            from.answer_with_exception();
        }
    } else if (std::optional<M> message = take_sound<M>(taken)) {
        call_with<M>(handler, *message);
    }
}

template <class M, class Handler>
task<> handle_coroutine(receive_wait* taken, Handler* handler) {
    if constexpr (request_like<M>) {
        reply_address from = reply_address_of(taken->in_hand());
        try {
            if constexpr (std::is_void_v<typename M::reply>) {
                M message = take_decoded<M>(*taken);
                co_await call_with<M>(*handler, message);
                from.answer(*encoded_message());
            } else {
                M message = take_decoded<M>(*taken);
                const typename M::reply value = co_await call_with<M>(*handler, message);
                from.answer(*encoded(value));
            }
        } catch (const cancelled&) {
            throw;  // this actor is asked to end; the asker is told that no answer came
        } catch (...) {
            from.answer_with_exception();
        }
    } else if (std::optional<M> message = take_sound<M>(*taken)) {
        co_await call_with<M>(*handler, *message);
    }
}

// Returns what is left to await: an empty task if the handler is plain.
template <class M, class Handler>
task<> handle(receive_wait& taken, Handler& handler) {
    if constexpr (is_task<result_of_handler<Handler, M>>) {
        return handle_coroutine<M>(&taken, &handler);
    } else {
        handle_plain<M>(taken, handler);
        return {};
    }
}

}  // namespace troupe::detail
