// An array that actors share: the same memory in each of them, without a lock.
//
//     troupe::shared_array<double> a(1'000'000);
//     co_await troupe::spawn<part>(a, 0);          // a handle: a value, as a queue is
//     a.view()[7] = 0.5;                           // seen by all who have one
//
// A handle can be copied, sent in messages and passed as an argument. The memory lives while anybody holds a handle, or
// a message on its way carries one, and is freed then.
//
// Nothing orders what several processes do with the elements: a barrier, a lock or a message does, or a std::atomic_ref
// on an element, which works across processes where it is lock-free.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <troupe/detail/cell_hold.hpp>
#include <troupe/detail/decoding_scope.hpp>
#include <troupe/detail/freeze_wait.hpp>
#include <troupe/detail/shareable.hpp>
#include <troupe/detail/travels.hpp>

namespace troupe {
namespace detail {

struct array_memory {
    cell_hold hold;
    void* data = nullptr;
    std::size_t size = 0;  // in elements
};

array_memory make_array(std::size_t count, std::size_t element_bytes);
array_memory adopt_array(handle_ref ref, std::size_t element_bytes);

}  // namespace detail

template <class T>
class shared_array {
public:
    // A handle of no array: using it throws misuse. A received one is put there.
    shared_array() noexcept { detail::check_shareable<T>(); }
    // A new one of n elements, all zero, aligned to 64 bytes. Throws misuse for 0 elements and outside of `run`,
    // too_large past 2 GiB, and out_of_memory when the program's shared memory is used up.
    explicit shared_array(std::size_t n) {
        detail::check_shareable<T>();
        memory_ = detail::make_array(n, sizeof(T));
    }

    // The elements. The span is valid while this process has a handle, and `run` has not returned.
    std::span<T> view() const {
        memory_.hold.expect_here("this shared array");
        return {static_cast<T*>(memory_.data), memory_.size};
    }
    // One of them; there is no look whether there is such a one.
    T& operator[](std::size_t i) const { return view()[i]; }
    std::size_t size() const noexcept { return memory_.size; }

    // Makes the array read-only for all, for good. Awaiting it ends when no process that has a handle can write to the
    // elements any more; those that get one later cannot either. A process that writes to them is ended by SIGSEGV, and
    // its exit status says that it wrote to a frozen array. Each process forbids itself to write when its loop comes to
    // it, so this waits for one that computes without ever awaiting; it can be given a deadline. If the wait is given
    // up, the array is frozen all the same, each process as soon as it awaits something.
    auto freeze() const {
        memory_.hold.expect_here("this shared array");
        return detail::freeze_wait(memory_.hold);
    }
    bool is_frozen() const { return detail::is_frozen(memory_.hold); }

    friend bool operator==(const shared_array& a, const shared_array& b) noexcept {
        return a.memory_.hold == b.memory_.hold;
    }

private:
    friend struct detail::handle_traits<shared_array>;
    detail::array_memory memory_;
};

template <class T>
struct detail::handle_traits<shared_array<T>> {
    static handle_ref refer(const shared_array<T>& held) { return held.memory_.hold.share(); }
    static void adopt(shared_array<T>& into, handle_ref ref) { into.memory_ = adopt_array(ref, sizeof(T)); }
};

}  // namespace troupe
