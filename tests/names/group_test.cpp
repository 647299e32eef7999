// Groups: their members, one of them, and all of them.
#include <set>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "names/company.hpp"
#include "watched.hpp"

namespace {

using namespace company;

using crew_group = troupe::group<item, seen>;

task<> joins(mailbox<item, seen> inbox, crew_group to) {
    co_await to.join(inbox.address());
    std::vector<int> numbers;
    co_await inbox.serve([&](item m) { numbers.push_back(m.number); }, [&](seen) { return numbers; });
}

task<> members_of_a_group() {
    const crew_group crew("crew");
    CHECK(crew.members().empty());
    CHECK_FALSE(crew.any());
    std::vector<actor<item, seen>> members;
    for (int i = 0; i < 3; ++i) members.push_back(co_await troupe::spawn<joins>(crew));
    co_await crew.wait_for_members(3);
    CHECK(crew.size() == 3);
    for (const auto& one : crew.members()) {
        CHECK(std::find(members.begin(), members.end(), one) != members.end());
    }
    for (int i = 0; i < 6; ++i) co_await crew.any()->send(item{1});  // in turn
    co_await crew.each(item{2});
    for (const auto& one : members) {
        const auto numbers = co_await one.ask(seen{});
        CHECK(numbers == std::vector<int>{1, 1, 2});
    }
    co_await crew.leave(members[0]);
    CHECK(crew.size() == 2);
    for (const auto& one : members) co_await end(one);
    CHECK(crew.size() == 0);
    CHECK_FALSE(crew.any());
}

}  // namespace

TEST_CASE("group: it gives its members, one of them in turn, and sends to each") { watched(members_of_a_group()); }
