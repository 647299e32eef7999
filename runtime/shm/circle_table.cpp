#include "shm/circle_table.hpp"

namespace troupe::shm {

static_assert(circles_bytes % base::page_bytes == 0);

std::optional<std::uint32_t> circle_table::find(circle_kind kind, std::string_view name) const noexcept {
    const std::uint64_t hash = hash_of_text(name);
    const std::uint32_t count = reached();
    for (std::uint32_t i = 0; i < count; ++i) {
        if (records_[i].is(kind, name, hash)) return i;
    }
    return std::nullopt;
}

std::optional<std::uint32_t> circle_table::find_or_make(circle_kind kind, std::string_view name, std::uint32_t type,
                                                        std::string_view type_name) noexcept {
    if (const auto known = find(kind, name)) return known;
    const std::uint32_t index = reached();
    if (index == most_circles) return std::nullopt;
    // The pages it lies on, of which the one before may have one.
    const std::size_t from = memory_->offset_of(&records_[index]) / base::page_bytes * base::page_bytes;
    const std::size_t end = memory_->offset_of(&records_[index] + 1);
    if (!memory_->back(from, (end - from + base::page_bytes - 1) / base::page_bytes * base::page_bytes))
        return std::nullopt;
    circle_record& made = records_[index];
    made.kind.set(kind);
    made.type.set(type);
    made.hash.set(hash_of_text(name));
    store_text(made.name, name);
    store_text(made.type_name, type_name);
    header_->circles.raise(index + 1);
    return index;
}

}  // namespace troupe::shm
