// Commands that cannot be, and what is said of them.
#include "command/commands.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>

#include "catch.hpp"

using commanding::shell;
using troupe::command;
using troupe::misuse;
using troupe::spawn_failed;

namespace {

class folder {
public:
    folder() : path_("/tmp/troupe-command-XXXXXX") { REQUIRE(mkdtemp(path_.data()) != nullptr); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() { std::system(("rm -r " + path_).c_str()); }

    std::string file(const std::string& name, const std::string& content, mode_t mode) const {
        std::string whole = path_ + '/' + name;
        std::ofstream(whole) << content;
        chmod(whole.c_str(), mode);
        return whole;
    }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

std::string why_not(const command& one) {
    try {
        watched(one.run());
    } catch (const spawn_failed& problem) {
        return problem.what();
    }
    return "it was started";
}

// What an actor that has no descriptors left is told.
int start_without_descriptors() {
    watched(troupe::sleep_for(std::chrono::seconds(0)));  // its loop has descriptors of its own
    while (::open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) {
    }
    return why_not(command({"true"})).find("Too many open files") != std::string::npos ? 42 : 1;
}

int give_too_large_a_text() {
    return why_not(command({"true"}).input(std::string(2 << 20, 'x'))).find("ulimit -f") != std::string::npos ? 42 : 1;
}

}  // namespace

TEST_CASE("command: an actor without descriptors is told so") {
    watched([]() -> troupe::task<> {
        const auto one = co_await troupe::spawn<&start_without_descriptors>({.limits = {.open_files = 40}});
        const auto end = co_await one.join();
        CHECK(end.code() == 42);
    }());
}

TEST_CASE("command: a text that is larger than files may be is refused, and is no SIGXFSZ") {
    watched([]() -> troupe::task<> {
        const auto one = co_await troupe::spawn<&give_too_large_a_text>({.limits = {.file_size = 1 << 20}});
        const auto end = co_await one.join();
        CHECK(end.code() == 42);
    }());
}

TEST_CASE("command: one that is in none of the folders is refused, and the folders are named") {
    CHECK_THAT(
        why_not(command({"no-such-program"})),
        checks::contains("command 'no-such-program' could not be started: it is in none of the folders of PATH (") &&
            checks::contains("bin"));
    CHECK_THAT(why_not(command({"/no/such/program"})), checks::contains("there is no such file"));
}

TEST_CASE("command: a file that may not be executed is refused as such") {
    const folder here;
    const std::string plain = here.file("plain", "x", 0644);
    CHECK_THAT(why_not(command({plain})), checks::contains(plain + " is not executable: Permission denied"));
    CHECK_THAT(why_not(command({here.path()})), checks::contains("is not executable"));
    // The next folder of PATH is not there, and the one before is a file.
    CHECK_THAT(why_not(command({"plain"}).environment({{"PATH", here.path() + ":/nowhere"}})),
               checks::contains("is not executable"));
    CHECK_THAT(why_not(command({"plain"}).environment({{"PATH", plain + ':' + here.path()}})),
               checks::contains("is not executable"));
}

TEST_CASE("command: a file that is no program, and a script whose interpreter is missing, are refused as such") {
    const folder here;
    CHECK_THAT(why_not(command({here.file("text", "just text\n", 0755)})),
               checks::contains("neither a program for this machine, nor a script"));
    CHECK_THAT(why_not(command({here.file("script", "#!/no/such/interpreter\n", 0755)})),
               checks::contains("names a program to run it that is not there"));
}

TEST_CASE("command: a relative path begins at its directory") {
    const folder here;
    here.file("own", "#!/bin/sh\necho here\n", 0755);
    CHECK(watched(command({"./own"}).directory(here.path()).run()).output == "here\n");
}

TEST_CASE("command: a directory that is not there is refused by its name") {
    CHECK_THAT(why_not(command({"true"}).directory("/no/such/folder")),
               checks::contains("its directory '/no/such/folder' cannot be entered: No such file or directory"));
}

TEST_CASE("command: limits that make no sense, or are refused, are named") {
    CHECK_THAT(why_not(command({"true"}).limits({.memory = 0})), checks::contains("its limit of memory"));
    if (geteuid() != 0) {
        CHECK_THAT(why_not(command({"true"}).limits({.nice = -20})), checks::contains("its limit of nice is refused"));
    }
    CHECK_THAT(why_not(command({"true"}).limits({.affinity = {{CPU_SETSIZE - 1}}})),
               checks::contains("its limit of CPUs is refused"));
}

TEST_CASE("command: words that are too long together are refused") {
    CHECK_THAT(why_not(command({"true", std::string(4 << 20, 'x')})), checks::contains("too long together"));
}

TEST_CASE("command: no words, an empty program and a zero byte are misuse at once") {
    CHECK_THROWS_WITH(command({}), checks::contains("one word at least"));
    CHECK_THROWS_WITH(command({""}), checks::contains("is empty"));
    CHECK_THROWS_WITH(command({"echo", std::string("a\0b", 3)}), checks::contains("zero byte"));
    CHECK_THROWS_AS(command({"true"}).environment({{"A=B", "c"}}), misuse);
    CHECK_THROWS_AS(command({"true"}).directory(std::string("a\0b", 3)), misuse);
}

TEST_CASE("command: many that fail to start use nothing up") {
    for (int i = 0; i < 200; ++i) CHECK_THROWS_AS(watched(command({"no-such-program"}).run()), spawn_failed);
    CHECK(watched(command({"true"}).run()).status.success());
}

TEST_CASE("command: a stream that it does not have is misuse, and so is an empty command") {
    watched([]() -> troupe::task<> {
        auto one = co_await command({"cat"}).input("text").merge_errors().start();
        CHECK_THROWS_WITH(one.input(), checks::contains("given before the command began"));
        CHECK_THROWS_WITH(one.error(), checks::contains("come with its output"));
        CHECK_THROWS_WITH(one.signal(0), checks::contains("numbered from 1"));
        troupe::running_command none;
        CHECK_THROWS_WITH(none.join(), checks::contains("is empty"));
        CHECK_THROWS_AS(none.pid(), misuse);
    }());
}
