#include "launch/reason.hpp"

#include <cerrno>
#include <cstring>

#include "base/system_failure.hpp"

namespace troupe::launch {
namespace {

std::string advice(int error) {
    if (error == EAGAIN) return "; the system's limit of processes is reached (ulimit -u, pids.max of the cgroup)";
    if (error == ENOMEM) return "; there is no memory for another process";
    if (error == ENOENT) return "; is /proc mounted?";
    return base::descriptor_advice(error);
}

}  // namespace

std::string reason(int error) {
    if (error == ECANCELED) return ": it ends before it serves; does main reach troupe::run?";
    return std::string(": ") + std::strerror(error) + advice(error);
}

}  // namespace troupe::launch
