// Plays a scene: starts its program, takes hold of the victim in each round, and kills it where it is told to.
//
// All is done by one thread, which traces the victims. Whoever wants to be sure that it comes to an end calls `abort`
// from another thread: that kills the program, and with it everything that it is waited for.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <string>
#include <vector>

#include "prove/board.hpp"
#include "prove/kill_point.hpp"
#include "prove/scene.hpp"
#include "prove/tracee.hpp"

namespace proving {

enum class pace : std::uint8_t { quick, stepping };

struct result {
    bool killed = false;  // the victim came by the point
    std::string wrong;    // empty: all is well
};

class rehearsal {
public:
    explicit rehearsal(const scene& played);
    ~rehearsal();
    rehearsal(const rehearsal&) = delete;
    rehearsal& operator=(const rehearsal&) = delete;

    // Every point the victim comes by when nobody kills it. What was wrong is a reason not to go on.
    std::vector<kill_point> record(std::string& wrong);
    result kill_at(const kill_point& point, pace how);

    // Goes on with a new program.
    void start_again();

    void abort() const;

private:
    void start();
    void end();
    // Asks for a round and takes hold of the victim, at the beginning of its operation.
    bool take_hold(pace how, tracee*& held);
    bool take_child(tracee*& held);
    std::string hear();
    std::uint64_t last_address() const;

    const scene& scene_;
    made_board board_;
    std::atomic<pid_t> program_ = 0;
    int socket_ = -1;
};

}  // namespace proving
