// RouDi, the process that iceoryx needs: it owns the shared memory, and makes the ports.
#pragma once

#include <iceoryx_hoofs/posix_wrapper/posix_access_rights.hpp>
#include <iceoryx_posh/iceoryx_posh_types.hpp>
#include <iceoryx_posh/internal/roudi/roudi.hpp>
#include <iceoryx_posh/roudi/iceoryx_roudi_components.hpp>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "peer.hpp"

namespace bench::peers {

// How many messages of this size wait at most for their receiver. There is memory for four times as many.
inline constexpr std::size_t depth(std::size_t bytes) {
    return bytes == peers::small ? 256 : bytes == peers::large ? 64 : 8;
}

// Removes the memory of iceoryx when it ends, also when it does so because this process has been killed.
class roudi {
public:
    roudi() : pid_(static_cast<pid_t>(checked(fork(), "fork"))) {
        if (pid_ != 0) {
            ready_.wait();
            return;
        }
        sigset_t ending;
        sigemptyset(&ending);
        sigaddset(&ending, SIGTERM);
        sigprocmask(SIG_BLOCK, &ending, nullptr);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(STDERR_FILENO, STDOUT_FILENO);  // it says what it does, between the figures
        serve(ending);
        _exit(0);
    }
    ~roudi() {
        kill(pid_, SIGTERM);
        waitpid(pid_, nullptr, 0);
    }
    roudi(const roudi&) = delete;
    roudi& operator=(const roudi&) = delete;

private:
    void serve(const sigset_t& ending) const {
        iox::mepoo::MePooConfig pools;
        for (const std::size_t bytes : {small, large, larger})
            pools.addMemPool({static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(4 * depth(bytes))});
        const auto group = iox::posix::PosixGroup::getGroupOfCurrentProcess().getName();
        iox::RouDiConfig_t config;
        config.m_sharedMemorySegments.push_back({group, group, pools});
        iox::roudi::IceOryxRouDiComponents parts(config);
        const iox::roudi::RouDi serving(
            parts.rouDiMemoryManager, parts.portManager,
            iox::roudi::RouDi::RoudiStartupParameters{iox::roudi::MonitoringMode::OFF, false});
        ready_.open();
        int signal = 0;
        sigwait(&ending, &signal);
    }

    gate ready_;
    pid_t pid_;
};

}  // namespace bench::peers
