// The seam between names and their compiled core.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/bulletin_reader.hpp>
#include <troupe/detail/type_id.hpp>
#include <troupe/detail/wait.hpp>
#include <troupe/task.hpp>

namespace troupe::detail {

// Throws misuse for a name that cannot be one, and outside of `run`; too_large for one that is too long. `what` is what
// it is the name of.
void check_name(const char* what, std::string_view name);

task<> claim_name(std::string name, actor_id actor);
task<> release_name(std::string name);
// The actor that has the name and has not ended; none if there is none.
actor_id find_name(std::string_view name);

// Waits until an actor has the name.
class name_wait final : public wait {
public:
    explicit name_wait(std::string name) noexcept : name_(std::move(name)), reader_(*this) {}
    actor_id await_resume() const {
        throw_if_failed();
        return found_;
    }

private:
    bool try_finish() override;
    void enlist() override { reader_.heed(); }
    void abandon() noexcept override { reader_.heed_no_more(); }

    std::string name_;
    actor_id found_;
    bulletin_reader reader_;
};

// A message that an actor is said to take.
struct message_sort {
    std::uint32_t type;
    std::string_view name;
};
template <class... Ms>
inline constexpr std::array<message_sort, sizeof...(Ms)> sorts_of{message_sort{type_id<Ms>(), type_name<Ms>()}...};

// Throws misuse, with a sentence about the first message that the actor does not take. Returns false if the actor has
// ended, and its slot is another's.
bool check_takes(actor_id actor, std::span<const message_sort> messages);
// The same, and throws actor_died where that returns false.
void check_narrows(actor_id actor, std::span<const message_sort> messages);

}  // namespace troupe::detail
