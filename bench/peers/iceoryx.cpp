// How do troupe's figures stand beside those of iceoryx, whose messages are made and read in shared memory?
//
// Settings: publishers that wait for their consumers (WAIT_FOR_CONSUMER, BLOCK_PRODUCER), queues of 256 messages, or 64
// and 8 of the large ones; a receiver polls, and yields its CPU after a while, or waits in a WaitSet. RouDi, the
// process that iceoryx needs, is a child of this one, and does not watch over the others (its monitoring is off).

#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/iceoryx_posh_types.hpp>
#include <iceoryx_posh/popo/untyped_publisher.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>
#include <iceoryx_posh/popo/wait_set.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>

#include <sched.h>
#include <cstddef>
#include <stdexcept>
#include <string>

#include "peer.hpp"
#include "roudi.hpp"

namespace {

namespace peers = bench::peers;
using peers::depth;

// What iceoryx knows a process by: it is told before the first of its ports is made.
struct introduction {
    introduction() {
        iox::runtime::PoshRuntime::initRuntime(
            {iox::cxx::TruncateToCapacity, "troupe-peer-" + std::to_string(getpid())});
    }
};

enum class role { first, second };  // the second to be made waits until both are joined

iox::capro::ServiceDescription service(const std::string& name) {
    return {"troupe", "peer", {iox::cxx::TruncateToCapacity, name}};
}

class publisher {
public:
    publisher(const std::string& name, role mine)
        : port_(service(name), {.subscriberTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER}) {
        if (mine == role::second) wait_for_subscriber();
    }
    void wait_for_subscriber() const {
        while (!port_.hasSubscribers()) sched_yield();
    }
    template <class Write>
    void send(std::size_t bytes, const Write& write) {
        auto chunk = port_.loan(static_cast<std::uint32_t>(bytes));
        if (chunk.has_error()) throw std::runtime_error("iceoryx has no memory for a message");
        write(chunk.value());
        port_.publish(chunk.value());
    }

private:
    introduction known_;
    iox::popo::UntypedPublisher port_;
};

enum class waiting { polls, sleeps };

template <waiting Way>
class subscriber {
public:
    subscriber(const std::string& name, std::size_t bytes)
        : port_(service(name),
                {.queueCapacity = depth(bytes), .queueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER}),
          bytes_(bytes) {
        if (set_.attachState(port_, iox::popo::SubscriberState::HAS_DATA).has_error())
            throw std::runtime_error("iceoryx refused to attach a subscriber to a WaitSet");
    }
    ~subscriber() { set_.detachState(port_, iox::popo::SubscriberState::HAS_DATA); }
    subscriber(const subscriber&) = delete;
    subscriber& operator=(const subscriber&) = delete;

    void wait_for_publisher() const {
        while (port_.getSubscriptionState() != iox::SubscribeState::SUBSCRIBED) sched_yield();
    }
    template <class Read>
    void receive(const Read& read) {
        constexpr int glances_a_turn = 1000;
        for (int i = 1;; ++i) {
            auto chunk = port_.take();
            if (!chunk.has_error()) {
                read(chunk.value(), bytes_);
                port_.release(chunk.value());
                return;
            }
            if (chunk.get_error() != iox::popo::ChunkReceiveResult::NO_CHUNK_AVAILABLE)
                throw std::runtime_error("iceoryx could not take a message");
            if (Way == waiting::sleeps) {
                set_.wait();
            } else if (i % glances_a_turn == 0) {
                sched_yield();
            }
        }
    }

private:
    introduction known_;
    iox::popo::UntypedSubscriber port_;
    iox::popo::WaitSet<1> set_;
    std::size_t bytes_;
};

// One end of a line there and a line back.

template <waiting Way>
class duplex_end {
public:
    duplex_end(const std::string& in, const std::string& out, role mine)
        : from_(in, peers::small), to_(out, role::first) {
        if (mine == role::first) return;
        from_.wait_for_publisher();
        to_.wait_for_subscriber();
    }
    template <class Write>
    void send(std::size_t bytes, const Write& write) {
        to_.send(bytes, write);
    }
    template <class Read>
    void receive(const Read& read) {
        from_.receive(read);
    }

private:
    subscriber<Way> from_;
    publisher to_;
};

std::string new_name() {
    static int made = 0;
    return std::to_string(getpid()) + "-" + std::to_string(++made);
}

template <waiting Way>
struct iceoryx {
    static constexpr const char* program = Way == waiting::polls ? "peer_iceoryx" : "peer_iceoryx_waiting";
    static constexpr const char* settings =
        Way == waiting::polls
            ? "polling, messages made and read in place, WAIT_FOR_CONSUMER, queues of 256 (64 KiB: 64, 1 MiB: 8)"
            : "WaitSet, messages made and read in place, WAIT_FOR_CONSUMER, queues of 256 (64 KiB: 64, 1 MiB: 8)";
    static constexpr bool takes_large = true;

    struct duplex {
        std::string there = new_name(), back = new_name();
        duplex_end<Way> first() const { return {back, there, role::first}; }
        duplex_end<Way> second() const { return {there, back, role::second}; }
    };
    struct one_way {
        explicit one_way(std::size_t each) : bytes(each) {}
        std::size_t bytes;
        std::string name = new_name();
        publisher sender() const { return publisher(name, role::second); }
        subscriber<Way> receiver() const { return {name, bytes}; }
    };
};

}  // namespace

int main(int argc, char** argv) {
    iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kError,
                                                             iox::log::LogLevelOutput::kHideLogLevel);
    const peers::roudi needed;
    return peers::run<iceoryx<waiting::polls>, iceoryx<waiting::sleeps>>("What does iceoryx give?", argc, argv);
}
