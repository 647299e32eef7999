// A process that this thread traces: stopped, stepped, run to a breakpoint, killed.
//
// Breakpoints are int3 in the traced process's memory. All are taken out before it is killed or let go, and before it
// runs another image: the child of a vfork has its memory in common with its parent, which goes on from there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>

namespace proving {

enum class follow : std::uint8_t { nobody, children };

struct halt {
    enum class kind : std::uint8_t {
        trap,     // a step was made, or a breakpoint hit
        syscall,  // at the entry of a system call, or behind it
        born,     // it has made a process: `message` is its pid
        exec,     // it runs another image
        stopped,  // by an interrupt, or at its birth
        gone      // it has ended
    };
    kind what = kind::gone;
    unsigned long message = 0;
    int status = 0;
};

class tracee {
public:
    tracee() = default;
    explicit tracee(pid_t pid, bool newborn = false) : pid_(pid), borrows_memory_(newborn) {}
    tracee(const tracee&) = delete;
    tracee& operator=(const tracee&) = delete;
    // Lets it go if it lives.
    ~tracee() { detach(); }

    static bool seize(pid_t pid, follow whom);
    // The rest of what `seize` asks for, of a process that was seized at its birth.
    void follow_nobody() const;

    // Each gives where it halts next. Signals on the way are delivered.
    halt interrupt();
    halt step();
    halt run();
    halt run_to_system_call();
    halt wait();

    // Past the int3 it stands behind, if it stands behind one: as if it had not been there.
    void step_back();
    std::uint64_t position() const;
    std::uint64_t top_of_stack() const;
    std::uint64_t text_at(std::uint64_t address) const;

    void set_break(std::uint64_t address);
    void take_break(std::uint64_t address);
    void take_all_breaks();
    void set_all_breaks_again();  // after an exec
    bool breaks_at(std::uint64_t address) const { return breaks_.contains(address); }

    void kill();
    void detach();
    pid_t pid() const { return pid_; }
    bool gone() const { return pid_ == 0; }

private:
    halt go(int request);
    bool about_to_execute() const;
    bool entered_execution() const;
    void lift_breaks() const;
    void plant_breaks() const;
    void poke(std::uint64_t address, std::uint64_t word) const;

    pid_t pid_ = 0;
    int signal_ = 0;  // to be delivered when it goes on
    bool borrows_memory_;
    bool lifted_ = false;
    std::map<std::uint64_t, std::uint8_t> breaks_;
};

}  // namespace proving
