// The way from another thread of the same process into the actor's mailbox.
//
// It is the only thing of troupe that other threads may call. The actor makes it and copies it to its threads, or to
// the callbacks of a library that has threads of its own.
#pragma once

#include <memory>
#include <utility>

#include <troupe/actor.hpp>
#include <troupe/detail/injection_hold.hpp>
#include <troupe/detail/message_note.hpp>
#include <troupe/detail/shape.hpp>
#include <troupe/detail/shape_of.hpp>
#include <troupe/detail/type_id.hpp>
#include <troupe/mailbox.hpp>
#include <troupe/request.hpp>

namespace troupe {

template <class M>
class injector {
public:
    // For this actor's own mailbox. Throws misuse if M can carry handles (queues, references, buffers), because those
    // belong to the actor's own thread.
    template <class... Ms>
        requires detail::one_of<M, Ms...>
    explicit injector(const mailbox<Ms...>&) : hold_(detail::noted_type<M>(), may_carry_handles()) {
        static_assert(!detail::request_like<M>,
                      "troupe: a message that names a reply cannot be injected: a thread cannot wait for the reply");
    }

    // Puts a message into the mailbox, from any thread, without waiting. Returns
    //   sent   it is received unless the actor ends first: in the order in which this thread posted, and before what
    //          waits in the mailbox
    //   full   65,536 messages wait to be received; try again later
    //   gone   the actor has ended, or this is a copy of it that a fork made
    // If the message cannot be sent at all, because it is too large or nested too deeply, the actor ends with that
    // error.
    [[nodiscard]] send_result post(M message) const {
        return hold_.post(std::make_unique<detail::injected_value<M>>(std::move(message)));
    }

private:
    static bool may_carry_handles() {
        if constexpr (detail::is_flat<M>) {
            return false;
        } else {
            return detail::carries_handles(detail::shape_of<M>());
        }
    }

    detail::injection_hold hold_;
};

}  // namespace troupe
