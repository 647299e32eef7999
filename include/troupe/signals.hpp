// Waiting for signals: SIGHUP to load a configuration anew, SIGUSR1, SIGWINCH, and so on.
//
// SIGHUP, SIGUSR1, SIGUSR2 and the SIGQUIT of a terminal do nothing in an actor that has not asked for them, so that
// whoever sends them to the whole group reaches the program alone. In the program, a signal does what main has set
// until the program asks for it.
#pragma once

#include <initializer_list>
#include <memory>

#include <troupe/detail/wait.hpp>

// Qt has a macro of this name. Whoever wants both defines QT_NO_KEYWORDS.
#pragma push_macro("signals")
#undef signals

namespace troupe {
namespace detail {

class signal_watch;

class [[nodiscard("a wait for a signal does nothing until it is awaited")]] signal_wait final : public wait {
public:
    explicit signal_wait(signal_watch& from) noexcept : from_(&from) {}
    int await_resume() const {
        throw_if_failed();
        return signal_;
    }

    signal_wait* next_waiting = nullptr;

private:
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;

    signal_watch* from_;
    int signal_ = 0;
};

}  // namespace detail

// Catches the signals it was made with, for as long as it exists; then they do what they did before. Several of these
// objects may want the same signal, and each is told.
class signals {
public:
    // Throws misuse if there is no such signal, or nobody can wait for it: SIGINT and SIGTERM end a process in good
    // order (catch `cancelled` to clean up), a crash is a crash, and SIGKILL and SIGSTOP cannot be caught. Also if this
    // process has a handler of its own for one of them.
    explicit signals(std::initializer_list<int> wanted);
    signals(signals&&) noexcept;
    signals& operator=(signals&&) noexcept;
    ~signals();

    // Waits for the next signal. Awaiting it gives the number of one that has come since it was last given, or since
    // this object was made; of several the lowest. It says which, not how often, because the kernel merges signals that
    // come close together. A wait that is cancelled has taken none. This object stays where it is until the await ends.
    detail::signal_wait next();

private:
    std::unique_ptr<detail::signal_watch> watch_;
};

}  // namespace troupe

#pragma pop_macro("signals")
