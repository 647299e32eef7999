// What runs at the end of an actor: what it registered itself, and in a process of its own what its executable did.
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using troupe::start_method;

char told_in[64] = {};  // a file; empty in the program

void tell(const char* word) {
    if (told_in[0] != '\0') std::ofstream(told_in, std::ios::app) << word << ' ';
}
struct tells_its_end {
    const char* word;
    ~tells_its_end() { tell(word); }
};
const tells_its_end of_the_executable{"executable"};

enum class leaving { by_return, by_exit };

void register_some(std::string path, leaving how) {
    std::strncpy(told_in, path.c_str(), sizeof told_in - 1);
    static const tells_its_end of_the_actor{"actor"};
    std::atexit([] { tell("handler"); });
    if (how == leaving::by_exit) std::exit(3);
}

struct end {
    troupe::exit_status status;
    std::string told;
};

troupe::task<end> end_of(start_method method, leaving how) {
    char path[] = "/tmp/troupe-exit-handlers-XXXXXX";
    close(mkstemp(path));
    const auto one = co_await troupe::spawn<&register_some>({.method = method}, path, how);
    end found{co_await one.join(), {}};
    std::ifstream file(path);
    found.told.assign(std::istreambuf_iterator<char>(file), {});
    unlink(path);
    co_return found;
}

}  // namespace

TEST_CASE("exit handlers: an actor's own run at its end, and destructors of the static objects it made") {
    for (const start_method method : {start_method::spawn, start_method::forkserver, start_method::fork}) {
        INFO(to_string(method));
        const end returned = watched(end_of(method, leaving::by_return));
        CHECK(returned.status.success());
        CHECK(returned.told.substr(0, 14) == "handler actor ");
        const end left = watched(end_of(method, leaving::by_exit));
        CHECK(left.status.code() == 3);
        CHECK(left.told == returned.told);
    }
}

TEST_CASE("exit handlers: what a copy came with is not given back twice") {
    CHECK(watched(end_of(start_method::spawn, leaving::by_return)).told == "handler actor executable ");
    CHECK(watched(end_of(start_method::forkserver, leaving::by_return)).told == "handler actor ");
    CHECK(watched(end_of(start_method::fork, leaving::by_return)).told == "handler actor ");
}
