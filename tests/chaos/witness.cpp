#include "chaos/witness.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace chaos {
namespace {

constexpr const char* variable = "TROUPE_TEST_WITNESS";

witness* mapped() {
    const char* known = std::getenv(variable);
    const int fd = known != nullptr ? open(known, O_RDWR | O_CLOEXEC) : memfd_create("witness", MFD_CLOEXEC);
    if (fd < 0 || (known == nullptr && ftruncate(fd, sizeof(witness)) != 0)) std::abort();
    void* const at = mmap(nullptr, sizeof(witness), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) std::abort();
    if (known != nullptr) {
        close(fd);
    } else {
        setenv(variable, ("/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd)).c_str(), 1);
    }
    return static_cast<witness*>(at);
}

}  // namespace

witness& the_witness() {
    static witness* const only = mapped();
    return *only;
}

}  // namespace chaos
