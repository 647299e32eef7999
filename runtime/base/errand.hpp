// An errand: something that may block for long, such as a look-up of a name, done by a thread of its own.
//
// The thread blocks every signal, touches nothing but its errand, and cannot be stopped: whoever does not want the
// result any more forgets it. It may hold locks of the C library, so this process is not copied (start method fork)
// while an errand is under way.
#pragma once

#include <memory>

namespace troupe::base {

class errand {
public:
    errand() = default;
    errand(const errand&) = delete;
    errand& operator=(const errand&) = delete;
    virtual ~errand() = default;

    // In the thread. Tells whoever waits by itself.
    virtual void run() noexcept = 0;
};

// Starts a thread, which keeps the errand as long as it runs. Returns an errno; 0 if it was started. Called by the
// thread that runs user code alone, as the next one.
int start(std::shared_ptr<errand> one);

// Whether any is under way. The threads of those that are done have ended when this returns.
bool errands_under_way() noexcept;

}  // namespace troupe::base
