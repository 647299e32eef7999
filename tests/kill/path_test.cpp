// Paths in the file system whose owner is killed at every step: a listener's is taken over, and a file has its old
// content or its new one.
#include <string>

#include <dirent.h>
#include <unistd.h>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/warrant.hpp"

namespace {

std::string path_for(const char* name) { return "/tmp/troupe_killed_" + std::to_string(::getpid()) + name; }

// What stands beside it under its hidden name. It may be left, but no more than one for each death.
int remove_hidden(const std::string& name) {
    int removed = 0;
    DIR* const open = ::opendir("/tmp");
    while (const dirent* one = ::readdir(open)) {
        const std::string found = one->d_name;
        if (found.starts_with("." + name + ".") && ::unlink(("/tmp/" + found).c_str()) == 0) ++removed;
    }
    ::closedir(open);
    return removed;
}

troupe::task<> listen_twice(std::string path) {
    killing::take_warrant();
    {
        const auto first = troupe::listener::local(path);
    }
    const auto second = troupe::listener::local(path);
    co_return;
}

// Before it begins, a path is there that a dead process has left.
troupe::task<troupe::exit_status> killed_while_it_takes_over() {
    const std::string path = path_for("socket");
    {
        auto left = troupe::listener::local(path + "x");
        ::rename((path + "x").c_str(), path.c_str());
    }
    const auto end = co_await (co_await troupe::spawn<&listen_twice>(path)).join();
    auto here = troupe::listener::local(path);
    auto both = co_await troupe::when_all(troupe::socket::connect(here.address()), here.accept());
    CHECK(static_cast<bool>(std::get<0>(both)));
    here.close();
    CHECK(::access(path.c_str(), F_OK) != 0);
    co_return end;
}

troupe::task<> replace(std::string path) {
    killing::take_warrant();
    troupe::write_file(path, "new");
    killing::note(1);
    co_return;
}

troupe::task<troupe::exit_status> killed_while_it_replaces() {
    const std::string path = path_for("file");
    troupe::write_file(path, "old");
    const auto end = co_await (co_await troupe::spawn<&replace>(path)).join();
    const std::string content = troupe::read_file(path);
    CHECK((content == "new" || (content == "old" && killing::noted() == 0)));
    CHECK(remove_hidden(path.substr(path.rfind('/') + 1)) <= 1);
    ::unlink(path.c_str());
    co_return end;
}

}  // namespace

TEST_CASE("kill: a path whose listener is killed as it takes it over is taken over by the next") {
    CHECK(killing::dies_at_each({"listener: path removed", "listener: path made"}, &killed_while_it_takes_over));
}

TEST_CASE("kill: a file whose writer is killed has its old content or its new one") {
    CHECK(killing::dies_at_each({"write_file: complete"}, &killed_while_it_replaces));
}
