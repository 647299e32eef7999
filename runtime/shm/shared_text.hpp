// Texts in shared memory that others read while they are written.
//
// A reader copies one, and finds out afterwards whether it was whole: by a word that changes before the text does (the
// life of a slot, the incarnation that an exception is of). Three things make that right whatever the processor's order
// is: the characters are atomic; the writer has a release fence between the word and the text; the reader an acquire
// fence between the text and its second look at the word. Whoever has read one character of the new text sees the new
// word then.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::shm {

// Cut where there is no room. After `about_to_write`.
template <std::size_t N>
void store_text(char (&into)[N], std::string_view text) noexcept {
    const std::size_t length = std::min(text.size(), N - 1);
    // relaxed, both: see above
    for (std::size_t i = 0; i < length; ++i) std::atomic_ref(into[i]).store(text[i], std::memory_order_relaxed);
    std::atomic_ref(into[length]).store('\0', std::memory_order_relaxed);
}

// To be checked after `has_read`.
template <std::size_t N>
std::string load_text(const char (&from)[N]) {
    std::string text;
    for (const char& shared : from) {
        // relaxed: see above
        const char one = std::atomic_ref(const_cast<char&>(shared)).load(std::memory_order_relaxed);
        if (one == '\0') break;
        text.push_back(one);
    }
    return text;
}

inline void about_to_write() noexcept {
    // sync: text - publishes that the text is about to change
    std::atomic_thread_fence(std::memory_order_release);
}
inline void has_read() noexcept {
    // sync: text - observes that the text it has read was about to change
    std::atomic_thread_fence(std::memory_order_acquire);
}

}  // namespace troupe::shm
