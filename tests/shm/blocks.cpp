// Blocks of shared memory: whose they are when their owner dies.
#include "catch.hpp"
#include "shm/program_memory.hpp"

using namespace troupe::shm;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;
constexpr owner_id ann = owner_id::make(1, 1), bob = owner_id::make(2, 1), keeper = owner_id::make(4095, 0);

const liveness only_bob_lives{[](const void*, owner_id who) noexcept { return who != bob; }, nullptr};

}  // namespace

TEST_CASE("block: what the dead had goes to the keeper, and nobody receives it any more") {
    program_memory memory = program_memory::create(8 * mib);
    const block_id block = memory.blocks().take(5000, ann);
    REQUIRE(memory.blocks().inherit(block, ann, keeper));
    const liveness all_live{[](const void*, owner_id) noexcept { return false; }, nullptr};
    REQUIRE_FALSE(memory.blocks().receive(block, ann, bob, all_live));
    REQUIRE(memory.blocks().belongs_to(block, keeper));
    memory.blocks().release(block);
    REQUIRE(memory.blocks().is_free(block));
}

TEST_CASE("block: what its owner withdraws nobody receives, and it is the keeper's when its owner dies") {
    program_memory memory = program_memory::create(8 * mib);
    const liveness all_live{[](const void*, owner_id) noexcept { return false; }, nullptr};
    const block_id block = memory.blocks().take(5000, ann);
    REQUIRE(memory.blocks().withdraw(block, ann));
    REQUIRE_FALSE(memory.blocks().receive(block, ann, bob, all_live));
    REQUIRE_FALSE(memory.blocks().is_free(block));
    REQUIRE(memory.blocks().inherit(block, ann, keeper));
    memory.blocks().release(block);
    REQUIRE(memory.blocks().is_free(block));
}

TEST_CASE("block: what was received before it is withdrawn is its receiver's") {
    program_memory memory = program_memory::create(8 * mib);
    const liveness all_live{[](const void*, owner_id) noexcept { return false; }, nullptr};
    const block_id block = memory.blocks().take(5000, ann);
    REQUIRE(memory.blocks().receive(block, ann, bob, all_live));
    REQUIRE_FALSE(memory.blocks().withdraw(block, ann));
    REQUIRE(memory.blocks().belongs_to(block, bob));
}

TEST_CASE("block: what somebody has received from the dead the keeper does not inherit") {
    program_memory memory = program_memory::create(8 * mib);
    const block_id block = memory.blocks().take(5000, ann);
    REQUIRE(memory.blocks().receive(block, ann, bob, only_bob_lives));
    REQUIRE_FALSE(memory.blocks().inherit(block, ann, keeper));
    REQUIRE(memory.blocks().belongs_to(block, bob));
}
