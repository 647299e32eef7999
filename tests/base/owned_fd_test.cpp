#include "base/owned_fd.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "catch.hpp"

namespace {

const troupe::base::owned_fd* watched = nullptr;
int held_meanwhile = -1;

int open_something() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

// Stands in this program for that of the C library: it looks at what an owner holds while its descriptor is closed.
extern "C" int close(int fd) {
    if (watched != nullptr) held_meanwhile = watched->get();
    return static_cast<int>(syscall(SYS_close, fd));
}

// What holds a number that is closed already holds another's, if a thread opens something meanwhile.
TEST_CASE("an owner has forgotten a descriptor before it closes it") {
    const int first = open_something();
    troupe::base::owned_fd owner(first);
    watched = &owner;
    held_meanwhile = first;
    SECTION("when it is to hold nothing") {
        owner.reset();
        CHECK(held_meanwhile == -1);
    }
    SECTION("when it gets another") {
        const int second = open_something();
        owner.reset(second);
        CHECK(held_meanwhile == second);
    }
    SECTION("when it takes another's") {
        troupe::base::owned_fd other(open_something());
        const int second = other.get();
        owner = std::move(other);
        CHECK(held_meanwhile == second);
    }
    watched = nullptr;
    CHECK(fcntl(first, F_GETFD) == -1);
}
