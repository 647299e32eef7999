// A source: something outside of this process that the loop must look at, because no descriptor tells of it (a ring in
// shared memory). The loop polls it while it is awake, glances at it while it spins, and parks it before it sleeps, so
// that whoever fills it knows that the doorbell must be rung.
//
// A source is enrolled by its owner and dismissed before it is destroyed; both may happen inside any of its calls.
#pragma once

namespace troupe::loop {

class wait_notes;

// What a source answers when the loop wants to sleep.
enum class parking {
    parked,     // nothing there; from now on its fillers ring the doorbell
    ready,      // something is there: do not sleep
    in_flight,  // a filler is in the middle of its copy and will not ring: look again soon. Not parked
};

class source {
public:
    source() = default;
    source(const source&) = delete;
    source& operator=(const source&) = delete;

    // Looks, and wakes the waits that can go on. True if anything came of it.
    virtual bool poll() = 0;

    // A cheap look, thousands of times in a row: true if a poll would probably find something.
    virtual bool glance() = 0;

    // Says what waits here. Asked before a sleep, when it is parked. A source at which no coroutine waits says nothing.
    virtual void describe(wait_notes& /*into*/) const noexcept {}

    // Asked before the loop sleeps; whoever answers `parked` is unparked after it.
    virtual parking park() = 0;
    virtual void unpark() = 0;

    bool enrolled() const noexcept { return enrolled_; }

protected:
    ~source() = default;

private:
    friend class source_list;
    source* next_ = nullptr;
    source* prev_ = nullptr;
    bool enrolled_ = false;
    bool parked_ = false;
};

// The enrolled sources, oldest first. One walk at a time; sources may come and go during it.
class source_list {
public:
    void enroll(source& one) noexcept;   // nothing when it is enrolled
    void dismiss(source& one) noexcept;  // nothing when it is not; unparks it
    bool empty() const noexcept { return first_ == nullptr; }

    bool poll();
    bool glance();
    parking park();  // stops at the first that is ready; in_flight when any is, and none is ready
    void unpark();
    void describe(wait_notes& into) const noexcept;

private:
    // Calls `visit` for each until it gives false.
    template <class Visit>
    void walk(Visit visit);

    source* first_ = nullptr;
    source* last_ = nullptr;
    source* upcoming_ = nullptr;  // of the walk
};

}  // namespace troupe::loop
