#include <algorithm>
#include <vector>

#include <troupe/detail/shape.hpp>

namespace troupe::detail {
namespace {

// A type may hold itself in a container, so that each shape is looked at once.
bool look_at(const shape& what, std::vector<const shape*>& seen) {
    if (std::find(seen.begin(), seen.end(), &what) != seen.end()) return false;
    seen.push_back(&what);
    const auto any_of = [&](const shape* const* first, std::uint32_t count) {
        return std::any_of(first, first + count, [&](const shape* one) { return look_at(*one, seen); });
    };
    switch (what.what) {
    case kind::handle: return true;
    case kind::record: {
        const auto& record = static_cast<const record_shape&>(what);
        return any_of(record.fields, record.count);
    }
    case kind::variant: {
        const auto& variant = static_cast<const variant_shape&>(what);
        return any_of(variant.alternatives, variant.count);
    }
    case kind::row: return look_at(*static_cast<const row_shape&>(what).element, seen);
    case kind::sequence: return look_at(*static_cast<const sequence_shape&>(what).element, seen);
    case kind::staged: return look_at(*static_cast<const staged_shape&>(what).element, seen);
    case kind::optional: return look_at(*static_cast<const optional_shape&>(what).element, seen);
    case kind::map: {
        const auto& map = static_cast<const map_shape&>(what);
        return look_at(*map.key, seen) || look_at(*map.value, seen);
    }
    default: return false;
    }
}

}  // namespace

bool carries_handles(const shape& what) {
    std::vector<const shape*> seen;
    return look_at(what, seen);
}

}  // namespace troupe::detail
