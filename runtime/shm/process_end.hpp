// How the last process of a slot ended.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/published.hpp"
#include "shm/shared_text.hpp"

namespace troupe::shm {

// Written by the keeper, before the life says so. The text of an exception is the process's own, written before that.
struct process_end {
    class end_word {
    public:
        // sync: end text - observes the exception's type and text, and how it ended
        std::uint64_t get() const noexcept { return word_.load(std::memory_order_acquire); }
        // sync: end text - publishes the exception's type and text, and the fields below
        void set(std::uint64_t end) noexcept { word_.store(end, std::memory_order_release); }
        void clear() noexcept { word_.store(0, std::memory_order_relaxed); }  // relaxed: published by the id

    private:
        std::atomic<std::uint64_t> word_;
    } word;  // as in the exit log; it publishes what is below

    base::published<std::uint32_t> incarnation;
    base::published<std::uint32_t> restarts;
    base::published<std::int32_t> pid;
    base::published<std::uint32_t> hung;
    base::published<std::uint32_t> message_type;
    base::published<std::uint32_t> deliveries;
    base::published<std::uint32_t> exception_of;  // the incarnation that wrote the two texts
    char exception_type[128];
    char exception_text[512];

    void note_exception(std::uint32_t of, std::string_view type, std::string_view text) noexcept {
        exception_of.set(of);
        about_to_write();
        store_text(exception_text, text);
        store_text(exception_type, type);
    }
    void begin_actor() noexcept {
        word.clear();
        store_text(exception_type, "");
        store_text(exception_text, "");
    }
};

}  // namespace troupe::shm
