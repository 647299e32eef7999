#include "shm/name_table.hpp"

namespace troupe::shm {

static_assert(names_bytes % base::page_bytes == 0);
constexpr std::uint32_t names_a_page = base::page_bytes / sizeof(name_record);

detail::actor_id name_table::find(std::string_view name) const noexcept {
    const std::uint64_t hash = hash_of_text(name);
    const std::uint32_t count = reached();
    for (std::uint32_t i = 0; i < count; ++i) {
        if (const detail::actor_id holder = records_[i].holder_of(name, hash)) return holder;
    }
    return {};
}

std::size_t name_table::in_use() const noexcept {
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < reached(); ++i) count += records_[i].holder() ? 1 : 0;
    return count;
}

name_table::result name_table::give(std::string_view name, detail::actor_id to) noexcept {
    if (const detail::actor_id holder = find(name)) return holder == to ? result::given : result::taken;
    const std::uint32_t count = reached();
    std::uint32_t free = 0;
    while (free < count && records_[free].holder()) ++free;
    if (free == most_names) return result::all_taken;
    if (free == count) {
        if (!memory_->back(memory_->offset_of(&records_[count]), names_a_page * sizeof(name_record)))
            return result::no_memory;
        header_->names.raise(count + names_a_page);
    }
    records_[free].give(name, hash_of_text(name), to);
    return result::given;
}

bool name_table::take_back(std::string_view name) noexcept {
    const std::uint64_t hash = hash_of_text(name);
    const std::uint32_t count = reached();
    for (std::uint32_t i = 0; i < count; ++i) {
        if (!records_[i].holder_of(name, hash)) continue;
        records_[i].take_back();
        return true;
    }
    return false;
}

bool name_table::take_back_from(detail::actor_id holder) noexcept {
    bool any = false;
    const std::uint32_t count = reached();
    for (std::uint32_t i = 0; i < count; ++i) {
        if (records_[i].holder() != holder) continue;
        records_[i].take_back();
        any = true;
    }
    return any;
}

}  // namespace troupe::shm
