#include "inspect/lists.hpp"

#include <string>

#include "shm/shared_text.hpp"

namespace troupe::inspect {

std::vector<name_row> read_names(const shm::program_view& view) {
    std::vector<name_row> rows;
    for (std::uint32_t i = 0; i < view.names().reached(); ++i) {
        if (auto given = view.names().at(i).read()) rows.push_back({std::move(given->name), given->holder.value});
    }
    return rows;
}

std::vector<circle_row> read_circles(const shm::program_view& view, const actor_index& actors) {
    std::vector<circle_row> rows;
    const std::uint32_t slots = view.processes().reached();
    for (std::uint32_t i = 0; i < view.circles().reached(); ++i) {
        const shm::circle_record& record = view.circles().at(i);
        circle_row row;
        row.kind = record.kind.get() == shm::circle_kind::topic ? "topic" : "group";
        row.name = shm::load_text(record.name);
        row.type = shm::load_text(record.type_name);
        record.for_each_below(slots, [&](std::uint32_t slot) {
            if (const std::uint64_t id = actors.in_slot(slot)) row.actors.push_back(id);
        });
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace troupe::inspect
