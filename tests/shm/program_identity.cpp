// What a program's memory says of itself to whoever may have been built with another version of troupe.
#include "shm/program_identity.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include <troupe/error.hpp>

#include "base/owned_fd.hpp"
#include "catch.hpp"
#include "shm/program_layout.hpp"
#include "shm/program_memory.hpp"

using namespace troupe::shm;
using checks::contains;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

program_view look_into(const program_memory& memory) {
    return program_view::attach(troupe::base::owned_fd(fcntl(memory.memory().fd(), F_DUPFD_CLOEXEC, 0)));
}

}  // namespace

TEST_CASE("program identity: it is read from the file alone, and says what the program is") {
    const program_memory memory = program_memory::create(64 * mib);
    const auto known = read_identity(memory.memory().fd());
    REQUIRE(known.has_value());
    CHECK(known->layout == layout_version);
    CHECK(known->ring == ring_layout_version);
    CHECK(known->pid == getpid());
    CHECK(known->name == program_invocation_short_name);
    CHECK(known->library == TROUPE_VERSION);
    CHECK(known->began > 0);
    CHECK(known->began_at > known->began);
    CHECK(known->orders == -1);
    CHECK(known->header == memory.memory().bytes() - end_bytes);
    CHECK(why_unreadable(1, known).empty());
}

TEST_CASE("program identity: a program of another layout is refused with the versions of both") {
    program_memory memory = program_memory::create(64 * mib);
    memory.identity().layout = 77;
    store_text(memory.identity().library, "9.8.7\x1b");
    const std::string why = why_unreadable(4711, read_identity(memory.memory().fd()));
    CHECK(why == "program 4711 was built with troupe 9.8.7? (layout 77), this tool with " TROUPE_VERSION " (layout " +
                     std::to_string(layout_version) + "): use the troupe of that version");
    CHECK_THROWS_WITH(look_into(memory), contains("(layout 77)"));
    CHECK_THROWS_AS(look_into(memory), troupe::corrupt);
}

TEST_CASE("program identity: memory without such a page is that of an older program, or of none") {
    const troupe::base::owned_fd file(memfd_create("none", MFD_CLOEXEC));
    CHECK_FALSE(read_identity(file.get()).has_value());
    REQUIRE(ftruncate(file.get(), 64 * mib) == 0);
    CHECK_FALSE(read_identity(file.get()).has_value());
    CHECK(why_unreadable(4711, {}) ==
          "program 4711 was built with a troupe before layout 12, which cannot be looked into");
}
