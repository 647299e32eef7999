// Where everything stands in the segment, by the budget.
#include <fcntl.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include <troupe/error.hpp>

#include "catch.hpp"
#include "shm/program_memory.hpp"

using namespace troupe::shm;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20, gib = std::size_t{1} << 30;
constexpr std::size_t budgets[] = {4 * mib, 7 * mib + 1, 64 * mib, 512 * mib, 12 * gib, 16 * gib, 1024 * gib};

troupe::base::owned_fd duplicate(const program_memory& memory) {
    return troupe::base::owned_fd(fcntl(memory.memory().fd(), F_DUPFD_CLOEXEC, 0));
}

}  // namespace

TEST_CASE("layout: the windows follow each other without gaps, and the tables follow them") {
    for (const std::size_t budget : budgets) {
        for (unsigned halvings = 0; halvings <= most_halvings; ++halvings) {
            const segment_map map = lay_out(budget, halvings);
            std::size_t sum = 0;
            for (const block_class& one : map.classes) sum += one.count * one.bytes;
            REQUIRE(map.exit_log == sum);
            REQUIRE(map.end == sum + tables_bytes(halvings));
            REQUIRE(map.header == map.end - end_bytes);
            REQUIRE(map.names == map.exit_log + exit_log_bytes);
            REQUIRE(map.circles == map.names + names_bytes);
            REQUIRE(map.cells == map.circles + circles_bytes);
            REQUIRE(map.end_log == map.lock_areas + max_processes * lock_area_bytes(halvings));
            REQUIRE(map.catalogue == map.end_log + end_log_bytes);
            REQUIRE(map.header == map.catalogue + catalogue_bytes);
            REQUIRE(map.identity == map.end - identity_bytes);
        }
    }
}

TEST_CASE("layout: of each size there are as many blocks as the budget pays, up to 16 GiB and 65,536") {
    for (const std::size_t budget : budgets) {
        for (const block_class& one : lay_out(budget, 0).classes) {
            REQUIRE(one.count == std::min({budget / one.bytes, 16 * gib / one.bytes, std::size_t{most_blocks}}));
        }
    }
    const segment_map large = lay_out(16 * gib, 0);
    REQUIRE(large.classes[message_classes - 1].count == 8);
    REQUIRE(large.end == lay_out(1024 * gib, 0).end);
}

TEST_CASE("layout: narrow windows have one block of each size at least, where the budget pays it") {
    for (const std::size_t budget : budgets) {
        for (unsigned halvings = 0; halvings <= most_halvings; ++halvings) {
            for (const block_class& one : lay_out(budget, halvings).classes) {
                REQUIRE((one.count > 0) == (one.bytes <= budget));
            }
        }
        REQUIRE(lay_out(budget, 2).end <= 11 * budget + tables_bytes(2));
        REQUIRE(lay_out(budget, most_halvings).end <= 7 * budget + tables_bytes(most_halvings));
    }
}

TEST_CASE("layout: memories of different budgets stand in one process, and whoever attaches finds the same") {
    program_memory small = program_memory::create(8 * mib, most_halvings);
    program_memory large = program_memory::create(gib);
    for (program_memory* memory : {&small, &large}) {
        const owner_id owner = owner_id::make(0, 1);
        const block_id id = memory->blocks().take(5000, owner);
        std::strcpy(reinterpret_cast<char*>(memory->blocks().at(id)), "written");
        const program_memory again = program_memory::attach(duplicate(*memory));
        REQUIRE(again.header().budget == memory->header().budget);
        REQUIRE(again.blocks().belongs_to(id, owner));
        REQUIRE(std::strcmp(reinterpret_cast<char*>(again.blocks().at(id)), "written") == 0);
    }
}

TEST_CASE("layout: with narrow windows messages go on into larger blocks, and the error says why there is no room") {
    program_memory memory = program_memory::create(16 * mib, 3);
    const owner_id owner = owner_id::make(0, 1);
    std::vector<block_id> taken;
    std::string said;
    try {
        for (;;) taken.push_back(memory.blocks().take(256 << 10, owner));
    } catch (const troupe::out_of_memory& error) {
        said = error.what();
    }
    REQUIRE(memory.blocks().bytes(taken.front()) == std::size_t{256} << 10);
    REQUIRE(memory.blocks().bytes(taken.back()) > std::size_t{512} << 10);
    REQUIRE(said.find("limit of address space") != std::string::npos);
}

TEST_CASE("layout: memory whose length is not what its header says is refused") {
    program_memory memory = program_memory::create(8 * mib);
    memory.header().budget += 64 * mib;
    REQUIRE_THROWS_AS(program_memory::attach(duplicate(memory)), troupe::corrupt);
    memory.header().budget -= 64 * mib;
    memory.header().halvings = ~0u;
    REQUIRE_THROWS_AS(program_memory::attach(duplicate(memory)), troupe::corrupt);
    memory.header().halvings = 0;
    REQUIRE_NOTHROW(program_memory::attach(duplicate(memory)));
}

TEST_CASE("segment: a part is mapped for good wherever it begins, however large a page is") {
    const segment whole = segment::create(64 * page_bytes);
    constexpr std::size_t offset = 5 * page_bytes + 128;
    auto* const part = static_cast<unsigned char*>(whole.map_for_good(offset, 64));
    REQUIRE(part != nullptr);
    part[7] = 42;
    CHECK(whole.base()[offset + 7] == std::byte{42});
}
