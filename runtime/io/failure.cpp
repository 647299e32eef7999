#include "io/failure.hpp"

#include <cerrno>
#include <system_error>

#include "base/system_failure.hpp"

namespace troupe::io {

std::string advice_for(int error) {
    switch (error) {
    case EPIPE:
    case ECONNRESET: return "the peer has gone; connect anew to go on";
    case ECONNREFUSED: return "nobody listens there; start the server first, or look at the address";
    case ETIMEDOUT: return "the peer does not answer any more; connect anew to go on";
    case EHOSTUNREACH:
    case ENETUNREACH: return "this machine knows no way there; look at the address and the network";
    case EADDRINUSE:
        return "somebody else has this address; close theirs, take another one (port 0 is any that is free), or set "
               "reuse_port for all that share it";
    case EADDRNOTAVAIL: return "this machine has no such address; take one that it has, such as 127.0.0.1 or 0.0.0.0";
    case ENOTCONN: return "the peer has gone; connect anew to go on";
    case ENOSPC: return "the device is full; make room on it";
    default: break;
    }
    const std::string descriptors = base::descriptor_advice(error);
    return descriptors.empty() ? descriptors : descriptors.substr(2);  // it begins with "; "
}

io_failed failure(const std::string& what, int error, const std::string& advice) {
    return {what + ": " + std::generic_category().message(error) + (advice.empty() ? "" : "; " + advice), error};
}

io_failed failure(const std::string& what, int error) { return failure(what, error, advice_for(error)); }

}  // namespace troupe::io
