// Memory of coroutine frames.
#include <troupe/detail/frame.hpp>
#include <troupe/task.hpp>

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "catch.hpp"
#include "here.hpp"

using troupe::detail::delete_frame;
using troupe::detail::frame_pool;

TEST_CASE("frame: one that was given back is taken again for the same size") {
    frame_pool pool;
    void* first = pool.take(100);
    pool.give(first, 100);
    void* second = pool.take(128);
    REQUIRE(first == second);
    delete_frame(second);
}

TEST_CASE("frame: sizes do not mix, and large ones are not kept") {
    frame_pool pool;
    void* small = pool.take(64);
    pool.give(small, 64);
    void* other = pool.take(65);
    void* large = pool.take(frame_pool::largest + 1);
    REQUIRE(other != small);
    pool.give(large, frame_pool::largest + 1);
    delete_frame(other);
    delete_frame(pool.take(64));
}

TEST_CASE("frame: each is aligned for the largest vector of the processor, in the pool and beside it") {
    frame_pool pool;
    std::vector<void*> taken;
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{100}, std::size_t{200}, frame_pool::largest + 1}) {
        for (int i = 0; i < 8; ++i) taken.push_back(pool.take(bytes));
    }
    for (void* f : taken) {
        CHECK(reinterpret_cast<std::uintptr_t>(f) % 64 == 0);
        delete_frame(f);
    }
}

TEST_CASE("frame: a burst of frames is not kept for ever") {
    frame_pool pool;
    constexpr std::size_t many = 3 * frame_pool::kept_bytes / 64;
    std::vector<void*> burst;
    for (std::size_t i = 0; i < many; ++i) burst.push_back(pool.take(64));
    const std::set<void*> before(burst.begin(), burst.end());
    for (void* f : burst) pool.give(f, 64);

    // What the pool kept comes back last in, first out: the first ones that were given back, and no others.
    constexpr std::size_t kept = frame_pool::kept_bytes / 64;
    for (std::size_t i = 0; i < kept; ++i) {
        void* f = pool.take(64);
        REQUIRE(f == burst[kept - 1 - i]);
        delete_frame(f);
    }
}

#if TROUPE_FRAMES_RECYCLED
namespace {

[[gnu::noinline]] troupe::task<int> called() { co_return 1; }

const void* where_it_lives() {
    const auto one = called();
    return one.promise();
}

}  // namespace

TEST_CASE("frame: a coroutine that is called again uses the frame of the one before") {
    REQUIRE(where_it_lives() == where_it_lives());
}
#endif
