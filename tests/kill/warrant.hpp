// A death warrant: which process of the test program is to kill itself, and at which of its steps.
//
// It lies in memory that every process of the program shares, however it was started, from before main: so it reaches
// the forkserver, and a child that has not yet got to its function. The program itself never dies of it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <iosfwd>
#include <set>
#include <string>
#include <utility>

#include <troupe/detail/actor_id.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/task.hpp>

namespace killing {

// Who dies. A victim is the actor that calls `take_warrant`.
enum class victim { itself, next_child, forkserver };

// Dies at its n-th step from now on, counting only steps of that name when there is one.
void sign_warrant(victim who, int nth, const std::string& step = "");
void withdraw_warrant();
void take_warrant();

// Where the last one died; empty when the warrant was not carried out.
std::string place_of_death();

// The program itself does so when it next comes to that step, once; null: no more.
void at_own_step(const std::string& step, std::function<void()> what);

// What the victim has got done, in its own words; readable when it is dead.
void note(int done);
int noted();

// Ends when the actor sleeps in the kernel, or is dead.
troupe::task<> asleep(troupe::detail::actor_id actor);

// Plays the round with a death at the victim's first step, then at its second, until the victim ends alive, with 0.
// Gives the names of the steps at which it died. After each death nothing may be left.
std::set<std::string> die_everywhere(troupe::task<troupe::exit_status> (*round)(), victim who = victim::itself);

// Whether some victim died at each of the wanted steps; printed, it says at which none did.
class deaths {
public:
    explicit deaths(std::set<std::string> missing) : missing_(std::move(missing)) {}
    explicit operator bool() const { return missing_.empty(); }
    friend std::ostream& operator<<(std::ostream& out, const deaths& those);

private:
    std::set<std::string> missing_;
};
// Which step is the nth varies with how the processes are scheduled, so the whole is played again, a few times at most,
// while a step is missing.
deaths dies_at_each(std::set<std::string> wanted, troupe::task<troupe::exit_status> (*round)(),
                    victim who = victim::itself);

}  // namespace killing
