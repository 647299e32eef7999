// Files as a whole, and what changes at a path.
#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "io/connected.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::change;
using troupe::read_file;
using troupe::task;
using troupe::write_file;

// A directory of its own, gone at the end with what is in it.
class folder {
public:
    folder() { static_cast<void>(::mkdtemp(name_)); }
    ~folder() {
        for (const std::string& one : names()) ::unlink(path(one).c_str());
        ::rmdir(name_);
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;

    std::string path(const std::string& name = "") const { return name_ + ("/" + name); }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        DIR* const open = ::opendir(name_);
        while (const dirent* one = ::readdir(open)) {
            const std::string name = one->d_name;
            if (name != "." && name != "..") all.push_back(name);
        }
        ::closedir(open);
        return all;
    }

private:
    char name_[32] = "/tmp/troupe_files.XXXXXX";
};

mode_t mode_of(const std::string& path) {
    struct stat file{};
    ::stat(path.c_str(), &file);
    return file.st_mode & 07777;
}

void append(const std::string& path, const char* text) {
    const troupe::descriptor fd(::open(path.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600));
    static_cast<void>(::write(fd.get(), text, std::char_traits<char>::length(text)) == 0);
}

template <class Act>
std::string told(Act act) {
    try {
        act();
    } catch (const troupe::error& problem) {
        return problem.what();
    }
    return "";
}

}  // namespace

TEST_CASE("files: what was written is read, whatever it is") {
    const folder here;
    std::string bytes;
    for (int i = 0; i < 100'000; ++i) bytes += static_cast<char>(i % 251);
    for (const std::string& content : {std::string(), std::string("short"), bytes}) {
        write_file(here.path("x"), content);
        CHECK(read_file(here.path("x")) == content);
    }
    CHECK(here.names() == std::vector<std::string>{"x"});
}

TEST_CASE("files: one that is replaced keeps its rights, and a link stays a link") {
    const folder here;
    write_file(here.path("target"), "one");
    ::chmod(here.path("target").c_str(), 0640);
    REQUIRE(::symlink("target", here.path("link").c_str()) == 0);
    write_file(here.path("link"), "two");
    CHECK(read_file(here.path("target")) == "two");
    CHECK(mode_of(here.path("target")) == 0640);
    struct stat link{};
    ::lstat(here.path("link").c_str(), &link);
    CHECK(S_ISLNK(link.st_mode));
    CHECK(here.names().size() == 2);
}

TEST_CASE("files: a link that leads to nothing yet stays a link, and one that leads in a circle is refused") {
    const folder here;
    REQUIRE(::symlink("second", here.path("first").c_str()) == 0);
    REQUIRE(::symlink(here.path("target").c_str(), here.path("second").c_str()) == 0);
    write_file(here.path("first"), "one");
    CHECK(read_file(here.path("target")) == "one");
    CHECK(here.names().size() == 3);
    REQUIRE(::symlink("circle", here.path("circle").c_str()) == 0);
    CHECK_THROWS_AS(write_file(here.path("circle"), "x"), troupe::io_failed);
    struct stat link{};
    for (const char* name : {"first", "second", "circle"}) {
        ::lstat(here.path(name).c_str(), &link);
        CHECK(S_ISLNK(link.st_mode));
    }
}

TEST_CASE("files: one that ran as its owner does not run as the next one") {
    if (::geteuid() != 0) return;  // the file would be the same owner's
    const folder here;
    write_file(here.path("x"), "one");
    REQUIRE(::chown(here.path("x").c_str(), 1, 1) == 0);
    REQUIRE(::chmod(here.path("x").c_str(), 04755) == 0);
    write_file(here.path("x"), "two");
    CHECK(mode_of(here.path("x")) == 0755);
    REQUIRE(::chmod(here.path("x").c_str(), 04750) == 0);
    write_file(here.path("x"), "three");
    CHECK(mode_of(here.path("x")) == 04750);
}

TEST_CASE("files: whoever has the old one open reads the old one to its end") {
    const folder here;
    write_file(here.path("x"), "old");
    troupe::input_stream old(troupe::descriptor(::open(here.path("x").c_str(), O_RDONLY | O_CLOEXEC)));
    write_file(here.path("x"), "new");
    std::string line;
    watched(old.read_line(line));
    CHECK(line == "old");
}

TEST_CASE("files: one without a size, as the system has them, is read to its end") {
    CHECK(read_file("/proc/self/status").find("Pid:") != std::string::npos);
}

TEST_CASE("files: what cannot be read or written is told with the reason") {
    const folder here;
    CHECK(told([&] { read_file(here.path("none")); }).find("cannot be read: No such file or directory; look at") !=
          std::string::npos);
    CHECK(told([&] { read_file(here.path()); }).find("Is a directory") != std::string::npos);
    CHECK(told([&] { write_file(here.path("none/x"), ""); }).find("cannot be written: No such file") !=
          std::string::npos);
    CHECK_THROWS_AS(write_file("/dev/null", "x"), troupe::misuse);
    CHECK_THROWS_AS(read_file(""), troupe::misuse);
    CHECK_THROWS_AS(read_file(std::string("a\0b", 3)), troupe::misuse);
    write_file(here.path("x"), "123456");
    CHECK_THROWS_AS(read_file(here.path("x"), 5), troupe::too_large);
    CHECK(read_file(here.path("x"), 6) == "123456");
}

TEST_CASE("watch: a file is told of when it is made, written to, replaced and removed") {
    const folder here;
    const std::string path = here.path("settings");
    troupe::watch settings(path);
    append(here.path("another"), "not told");
    append(path, "one");
    change what = watched(settings.next());
    CHECK(what.how == change::written);
    CHECK(what.path == path);
    append(path, "two");
    CHECK(watched(settings.next()).how == change::written);
    write_file(path, "three");
    CHECK(watched(settings.next()).how == change::written);
    ::unlink(path.c_str());
    CHECK(watched(settings.next()).how == change::removed);
}

TEST_CASE("watch: a directory is told of by its entries") {
    const folder here;
    troupe::watch all(here.path());
    append(here.path("one"), "x");
    append(here.path("two"), "x");
    CHECK(watched(all.next()).path == here.path("one"));
    CHECK(watched(all.next()).path == here.path("two"));
}

TEST_CASE("watch: a wait that is cancelled has taken nothing") {
    const folder here;
    troupe::watch all(here.path());
    CHECK_THROWS_AS(watched(troupe::with_timeout(1ms, all.next())), troupe::timed_out);
    append(here.path("one"), "x");
    CHECK(watched(all.next()).path == here.path("one"));
}

TEST_CASE("watch: of more changes than the system keeps, it is told that some are lost") {
    const folder here;
    troupe::watch all(here.path());
    const int most = std::stoi(read_file("/proc/sys/fs/inotify/max_queued_events"));
    if (most > 100'000) return;
    for (int i = 0; i < most; ++i) append(here.path(i % 2 == 0 ? "even" : "odd"), "x");
    bool lost = false;
    while (!lost) {
        const change what = watched(all.next());
        lost = what.how == change::lost_changes;
    }
    CHECK(lost);
}

TEST_CASE("watch: a directory that is removed ends its watch with an error") {
    troupe::watch all;
    {
        const folder here;
        all = troupe::watch(here.path());
    }
    CHECK(watched(outside::text_of<troupe::io_failed>(all.next())).find("is not watched any more") !=
          std::string::npos);
}

TEST_CASE("watch: what cannot be watched is refused") {
    CHECK_THROWS_AS(troupe::watch("/no/such/folder/x"), troupe::io_failed);
    CHECK_THROWS_AS(troupe::watch(""), troupe::misuse);
    CHECK_THROWS_AS(troupe::watch().next(), troupe::misuse);
}
