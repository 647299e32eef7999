#include "logging/error_stream.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "catch.hpp"

namespace {

// Stderr is another file, until the end of the scope.
class redirected {
public:
    explicit redirected(int to) : before_(dup(STDERR_FILENO)) { dup2(to, STDERR_FILENO); }
    ~redirected() {
        dup2(before_, STDERR_FILENO);
        close(before_);
    }
    redirected(const redirected&) = delete;
    redirected& operator=(const redirected&) = delete;

private:
    int before_;
};

class pipe_to_read {
public:
    explicit pipe_to_read(int flags = 0) {
        if (pipe2(ends_, O_CLOEXEC | flags) != 0) ends_[0] = ends_[1] = -1;
    }
    ~pipe_to_read() {
        close(ends_[0]);
        close(ends_[1]);
    }
    pipe_to_read(const pipe_to_read&) = delete;
    pipe_to_read& operator=(const pipe_to_read&) = delete;

    int input() const { return ends_[1]; }
    std::string read_some() const {
        std::string text(std::size_t{1} << 20, ' ');
        const ssize_t got = read(ends_[0], text.data(), text.size());
        text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return text;
    }

private:
    int ends_[2];
};

}  // namespace

TEST_CASE("error stream: what a full device refused is counted, and told before the next line") {
    troupe::logging::error_stream stream;
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    {
        const redirected away(full);
        stream.write("one\ntwo\n");
        stream.write("three\n");
    }
    close(full);
    const pipe_to_read seen;
    {
        const redirected away(seen.input());
        stream.write("four\n");
        stream.write("five\n");
    }
    CHECK(seen.read_some() == "troupe: 3 lines of the log could not be written: No space left on device\nfour\nfive\n");
}

TEST_CASE("error stream: a line whose rest was refused ends before the next one begins") {
    troupe::logging::error_stream stream;
    const pipe_to_read seen(O_NONBLOCK);
    const std::string large(std::size_t{200'000}, 'x');
    const auto now = troupe::base::steady_clock::now();
    while (write(seen.input(), large.data(), 4096) == 4096) {
    }
    {
        const redirected away(seen.input());
        stream.write("begin\n" + large + '\n', now);  // no room and no time: nothing is written
    }
    seen.read_some();
    {
        const redirected away(seen.input());
        stream.write("begin\n" + large + '\n', now + std::chrono::milliseconds(20));
    }
    const std::string first = seen.read_some();
    CHECK(first.starts_with("troupe: 2 lines of the log could not be written: "));
    {
        const redirected away(seen.input());
        stream.write("next\n");
    }
    CHECK(seen.read_some().starts_with("\ntroupe: 1 line of the log could not be written: "));
}

TEST_CASE("error stream: what cannot be written at once is waited for, and no longer than was said") {
    troupe::logging::error_stream stream;
    const pipe_to_read seen(O_NONBLOCK);
    const redirected away(seen.input());
    const std::string line = std::string(std::size_t{100'000}, 'x') + '\n';
    stream.write(line, troupe::base::steady_clock::now() + std::chrono::milliseconds(20));
    CHECK(seen.read_some().size() < line.size());
}

TEST_CASE("error stream: what can be written at once is, though the time is up") {
    troupe::logging::error_stream stream;
    const pipe_to_read seen(O_NONBLOCK);
    const redirected away(seen.input());
    const auto past = troupe::base::steady_clock::now() - std::chrono::seconds(1);
    stream.write("one\n", past);
    stream.write("two\n", past);
    CHECK(!stream.refused());
    CHECK(seen.read_some() == "one\ntwo\n");
}
