#include "mail/open_file.hpp"

#include "mail/parcel.hpp"
#include "mail/parcel_header.hpp"

namespace troupe::mail {
namespace {

parcel_header& header_of(const shm::program_memory& memory, shm::block_id block) noexcept {
    return *reinterpret_cast<parcel_header*>(memory.blocks().at(block));
}

}  // namespace

bool is_file(const detail::handle_ref& ref) noexcept {
    return (ref.role & detail::every_role) == detail::file_role && ref.object != 0;
}

detail::handle_ref make_file(shm::program_memory& memory, shm::owner_id owner) {
    detail::handle_ref ref = refer_to_buffer(memory, take_buffer(memory, owner, 0));
    ref.role = (ref.role & ~detail::every_role) | detail::file_role;
    return ref;
}

void mark_given(shm::program_memory& memory, shm::block_id file) noexcept { header_of(memory, file).unstamp(); }

void unmark_given(shm::program_memory& memory, shm::block_id file, const detail::handle_ref& ref) noexcept {
    header_of(memory, file).stamp_again(ref.object);
}

}  // namespace troupe::mail
