// What somebody who looks in from outside can read, and that it cannot change anything.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <troupe/error.hpp>

#include "catch.hpp"
#include "shm/program_memory.hpp"
#include "shm/shared_text.hpp"

using namespace troupe::shm;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

program_memory program_of_one() {
    program_memory made = program_memory::create(64 * mib);
    made.header().most_actors = 10;
    made.header().turn.begin(10);
    process_slot& actor = made.process(made.processes().claim(0).value());
    store_text(actor.who.name, "clerk");
    actor.pid.set(4711);
    actor.life.move_on(process_state::running);
    return made;
}

program_view look_into(const program_memory& memory) {
    return program_view::attach(troupe::base::owned_fd(fcntl(memory.memory().fd(), F_DUPFD_CLOEXEC, 0)));
}

}  // namespace

TEST_CASE("program view: it shows actors, their ends and channels, as they are at each look") {
    program_memory memory = program_of_one();
    const program_view view = look_into(memory);
    const troupe::detail::actor_id clerk = view.process(0).actor();
    CHECK(view.processes().described(clerk) == "actor 'clerk' (pid 4711)");
    CHECK(view.processes().is_alive(clerk));
    CHECK_FALSE(view.ends().of(clerk).has_value());
    CHECK(view.channels().reached() == 0);

    const channel_id queue = memory.channels().claim(channel_kind::queue, 12, memory.processes().owner(0));
    memory.channels().open(queue);
    memory.channel(queue.index()).holders.add(end::receiving, 0);
    REQUIRE(view.channels().reached() == 1);
    CHECK(view.channel(0).is_open());
    CHECK(view.channel(0).kind.get() == channel_kind::queue);
    CHECK(view.channel(0).holders.has(0));
    CHECK(view.channels().ring_of(view.channel(0)).empty());

    memory.ends().write(clerk, troupe::exit_status::from_exit(3));
    memory.process(0).life.move_on(process_state::dead);
    CHECK_FALSE(view.processes().is_alive(clerk));
    CHECK(view.ends().of(clerk)->code() == 3);
}

TEST_CASE("program view: a store through it ends the process that makes it, and changes nothing") {
    const program_memory memory = program_of_one();
    const program_view view = look_into(memory);
    const pid_t vandal = fork();
    REQUIRE(vandal >= 0);
    if (vandal == 0) {
        signal(SIGSEGV, SIG_DFL);
        const program_view own = look_into(memory);  // a mapping is not inherited
        const_cast<pid_word&>(own.process(0).pid).set(0);
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(vandal, &status, 0) == vandal);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGSEGV);
    CHECK(view.process(0).pid.get() == 4711);
}

TEST_CASE("program view: what is the memory of no program is refused") {
    const program_memory memory = program_of_one();
    const_cast<program_header&>(memory.header()).version += 1;
    CHECK_THROWS_AS(look_into(memory), troupe::corrupt);
}
