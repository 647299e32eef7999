// A field of shared memory that another word publishes.
//
// Its writer stores it before it changes that word, and whoever reads it has observed the change; so its own loads and
// stores need no order. Where a field is declared stands which word that is, if it is not the one of the whole group.
#pragma once

#include <atomic>

namespace troupe::base {

template <class Value>
class published {
public:
    Value get() const noexcept { return value_.load(std::memory_order_relaxed); }       // relaxed: see above
    void set(Value value) noexcept { value_.store(value, std::memory_order_relaxed); }  // relaxed: see above

private:
    std::atomic<Value> value_;
    static_assert(std::atomic<Value>::is_always_lock_free);
};

}  // namespace troupe::base
