// What is asked before an inbox gives out a request. Whoever answers requests stands above the channels.
#pragma once

#include <troupe/detail/letter.hpp>

namespace troupe::channel {

class inbox;

class admission {
public:
    // Returns whether no request may be given out now. If so, the inbox is woken once one may.
    virtual bool refuses(inbox& mailbox) noexcept = 0;
    // The process that held this request died with one of its buffers: it is answered so, and not given out again.
    virtual void answer_incomplete(detail::letter& request) = 0;

protected:
    ~admission() = default;
};

}  // namespace troupe::channel
