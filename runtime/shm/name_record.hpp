// A public name, and the actor that has it. Written by the keeper alone; read by everybody.
//
// The version is odd while the record is written to, so whoever reads a text that is about to change drops it, and
// takes a name that is not yet given for one that nobody has.
//
// crash: the keeper is a thread of the program, and when that dies, nobody is left who reads
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <troupe/detail/actor_id.hpp>

#include "base/machine.hpp"
#include "base/published.hpp"
#include "shm/shared_text.hpp"

namespace troupe::shm {

inline constexpr std::size_t longest_name = 200;  // bytes

// For a first look: two texts that differ hardly ever have one hash. FNV-1a.
inline std::uint64_t hash_of_text(std::string_view text) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
}

// Whether a text that may be written to meanwhile is this one. To be checked after `has_read`.
template <std::size_t N>
bool text_is(const char (&shared)[N], std::string_view text) noexcept {
    if (text.size() >= N) return false;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        // relaxed: see shared_text.hpp
        const char one = std::atomic_ref(const_cast<char&>(shared[i])).load(std::memory_order_relaxed);
        if (one != (i < text.size() ? text[i] : '\0')) return false;
    }
    return true;
}

class alignas(base::line_bytes) name_record {
public:
    // The actor that has this name; none where the record is that of another name, or of none.
    detail::actor_id holder_of(std::string_view name, std::uint64_t hash) const noexcept {
        // sync: name - observes the record as it was written
        const std::uint64_t before = version_.load(std::memory_order_acquire);
        const detail::actor_id who = holder_.get();
        if ((before & 1) != 0 || !who || hash_.get() != hash || !text_is(text_, name)) return {};
        has_read();
        // relaxed: ordered by the fence
        return version_.load(std::memory_order_relaxed) == before ? who : detail::actor_id{};
    }
    struct given_name {
        std::string name;
        detail::actor_id holder;
    };
    // Nothing where nobody has the name, or it is being written. For whoever looks in from outside.
    std::optional<given_name> read() const {
        // sync: name - observes the record as it was written
        const std::uint64_t before = version_.load(std::memory_order_acquire);
        given_name seen{load_text(text_), holder_.get()};
        has_read();
        // relaxed: ordered by the fence
        const bool whole = (before & 1) == 0 && version_.load(std::memory_order_relaxed) == before;
        return whole && seen.holder ? std::optional(std::move(seen)) : std::nullopt;
    }
    // By the keeper.
    detail::actor_id holder() const noexcept { return holder_.get(); }
    void give(std::string_view name, std::uint64_t hash, detail::actor_id to) noexcept {
        begin();
        hash_.set(hash);
        store_text(text_, name);
        holder_.set(to);
        end();
    }
    void take_back() noexcept {
        begin();
        holder_.set({});
        end();
    }

private:
    void begin() noexcept {
        // relaxed: only the keeper writes, and the fence orders it for whoever reads
        version_.store(version_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        about_to_write();
    }
    void end() noexcept {
        // relaxed: only the keeper writes
        const std::uint64_t now = version_.load(std::memory_order_relaxed);
        version_.store(now + 1, std::memory_order_release);  // sync: name - publishes the record
    }

    std::atomic<std::uint64_t> version_;
    base::published<detail::actor_id> holder_;  // as all below, by the version
    base::published<std::uint64_t> hash_;
    char text_[longest_name + 1];
};
static_assert(sizeof(name_record) == 256);

}  // namespace troupe::shm
