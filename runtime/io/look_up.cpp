#include "io/look_up.hpp"

#include <netdb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <troupe/readiness.hpp>

#include "base/errand.hpp"
#include "base/owned_fd.hpp"
#include "io/failure.hpp"

namespace troupe::io {
namespace {

// Its thread writes what it found and rings; whoever waits reads that then.
class name_errand final : public base::errand {
public:
    name_errand(address wanted, base::owned_fd bell) : wanted_(std::move(wanted)), bell_(std::move(bell)) {}
    ~name_errand() override {
        if (found_ != nullptr) ::freeaddrinfo(found_);
    }

    void run() noexcept override {
        addrinfo hints{};
        hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
        hints.ai_socktype = wanted_.what == address::kind::udp ? SOCK_DGRAM : SOCK_STREAM;
        failed_ = ::getaddrinfo(wanted_.host.c_str(), port_.c_str(), &hints, &found_);
        error_ = errno;
        // sync: name looked up - publishes what was found
        over_.store(true, std::memory_order_release);
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t rung = ::write(bell_.get(), &one, sizeof one);
    }

    int bell() const noexcept { return bell_.get(); }
    // sync: name looked up - observes what was found
    bool over() const noexcept { return over_.load(std::memory_order_acquire); }

    std::vector<endpoint> endpoints() const {
        const std::string what = "the name '" + wanted_.host + "' cannot be looked up";
        if (failed_ == EAI_SYSTEM) throw failure(what, error_);
        if (failed_ == EAI_MEMORY) throw failure(what, ENOMEM);
        if (failed_ == EAI_AGAIN) {
            throw io_failed(what + ": the name server does not answer; look at the network, or try again", EAGAIN);
        }
        if (failed_ != 0 || found_ == nullptr) {
            throw io_failed(what + ": " + ::gai_strerror(failed_) + "; look at how it is written, or give a number",
                            EADDRNOTAVAIL);
        }
        std::vector<endpoint> all;
        for (const addrinfo* one = found_; one != nullptr; one = one->ai_next) {
            all.emplace_back(one->ai_addr, one->ai_addrlen);
        }
        return all;
    }

private:
    const address wanted_;
    const std::string port_ = std::to_string(wanted_.port);
    const base::owned_fd bell_;
    std::atomic<bool> over_ = false;
    addrinfo* found_ = nullptr;
    int failed_ = 0;
    int error_ = 0;
};

}  // namespace

task<std::vector<endpoint>> look_up(address wanted) {
    if (const endpoint number = endpoint::numeric(wanted.host, wanted.port)) co_return std::vector{number};
    const std::string what = "the name '" + wanted.host + "' cannot be looked up";
    base::owned_fd bell(::eventfd(0, EFD_CLOEXEC));
    if (!bell) throw failure(what, errno);
    const auto errand = std::make_shared<name_errand>(std::move(wanted), std::move(bell));
    if (const int error = base::start(errand)) throw failure(what, error);
    while (!errand->over()) co_await readable(errand->bell());
    co_return errand->endpoints();
}

}  // namespace troupe::io
