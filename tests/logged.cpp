#include "logged.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace testing {
namespace {

constexpr const char* variable = "TROUPE_TEST_LOG";

int file = -1;

}  // namespace

void keep_log() {
    if (std::getenv(variable) != nullptr) return;
    file = memfd_create("log", MFD_CLOEXEC);
    setenv(variable, ("/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(file)).c_str(), 1);
}

void write_to_log(const troupe::log_line& line) {
    const char* known = std::getenv(variable);
    if (known == nullptr) return;
    if (file < 0) file = open(known, O_WRONLY | O_APPEND | O_CLOEXEC);
    const std::string text = std::string(line.text) + '\n';
    [[maybe_unused]] const ssize_t written = write(file, text.data(), text.size());
}

std::string logged_lines() {
    std::string all(static_cast<std::size_t>(lseek(file, 0, SEEK_END)), ' ');
    const ssize_t got = pread(file, all.data(), all.size(), 0);
    all.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return all;
}

}  // namespace testing
