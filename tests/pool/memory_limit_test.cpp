// Workers whose memory is limited. Not for AddressSanitizer, which reserves terabytes.
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using troupe::pool;
using troupe::pool_options;
using troupe::task;

std::size_t allocate(std::size_t bytes) {
    const auto memory = std::make_unique<char[]>(bytes);
    return bytes + static_cast<std::size_t>(memory[0]);
}

}  // namespace

TEST_CASE("A worker that ran out of memory costs its task alone") {
    pool_options options;
    options.worker.limits.memory = 256 << 20;
    options.workers = 1;
    watched([](pool_options o) -> task<> {
        pool crew(std::move(o));
        const auto what = co_await troupe::outcome_of(crew.run<allocate>(std::size_t{1} << 30));
        CHECK(what.why().find("std::bad_alloc") != std::string::npos);
        const std::size_t little = co_await crew.run<allocate>(1000);
        CHECK(little == 1000);
        co_await crew.close();
    }(std::move(options)));
}
