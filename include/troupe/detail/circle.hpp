// The seam between topics and groups and their compiled core. A circle is what the two have in common: a set of actors
// under a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/bulletin_reader.hpp>
#include <troupe/detail/type_id.hpp>
#include <troupe/detail/wait.hpp>
#include <troupe/task.hpp>

namespace troupe {

// What becomes of a message for an actor whose mailbox is full.
enum class overflow : std::uint8_t {
    wait,  // its sender waits for room
    skip,  // it is not sent to that actor
};

namespace detail {

enum class circle_sort : std::uint8_t { topic, group };

// What this process takes a circle for; the program has it under `number`, or is wrong about it.
struct circle {
    std::uint32_t number;  // 0: none
    circle_sort sort;
    std::uint32_t type;  // of what its members take
    std::string_view type_name;
};
template <class T>
constexpr circle circle_of(circle_sort sort, std::uint32_t number = 0) {
    return {number, sort, type_id<T>(), type_name<T>()};
}

// The number of the circle with this name, which is made if there is none. Throws misuse if its members take something
// else, or as `check_name` does, and too_large if there are as many as there can be.
std::uint32_t find_circle(const circle& wanted, const std::string& name);

// All others throw misuse if there is no such circle: it was default-constructed, or is not what it is taken for.
std::string name_of(const circle& one);
task<> enter(circle one, actor_id who, overflow when_full);
task<> leave(circle one, actor_id who);
std::size_t count_members(const circle& one);
std::vector<actor_id> members_of(const circle& one);
// Another one each time, as long as there are others; none if there is none.
actor_id next_member(const circle& one);

// Waits until the circle has so many members.
class [[nodiscard("a wait does nothing until it is awaited")]] members_wait final : public wait {
public:
    members_wait(const circle& one, std::size_t wanted);
    members_wait(members_wait&& other) noexcept
        : wait(), circle_(other.circle_), wanted_(other.wanted_), reader_(*this) {}
    members_wait& operator=(members_wait&&) = delete;
    void await_resume() const { throw_if_failed(); }

private:
    bool try_finish() override { return count_members(circle_) >= wanted_; }
    void enlist() override { reader_.heed(); }
    void abandon() noexcept override { reader_.heed_no_more(); }

    circle circle_;
    std::size_t wanted_;
    bulletin_reader reader_;
};

}  // namespace detail
}  // namespace troupe
