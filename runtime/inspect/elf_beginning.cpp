#include "inspect/elf_beginning.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace troupe::inspect {
namespace {

constexpr std::size_t most_segments = 256;
constexpr std::size_t most_notes = 4096;
constexpr std::size_t most_id = 64;
constexpr std::uint64_t page = 4096;

template <class T>
std::optional<T> taken(const std::vector<std::byte>& bytes, std::size_t at = 0) {
    if (bytes.size() < sizeof(T) || at > bytes.size() - sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

constexpr std::size_t in_words(std::size_t bytes) { return (bytes + 3) / 4 * 4; }

std::vector<std::byte> id_in(const std::vector<std::byte>& notes) {
    for (std::size_t at = 0;;) {
        const auto head = taken<Elf64_Nhdr>(notes, at);
        if (!head || head->n_namesz > most_notes || head->n_descsz > most_notes) return {};
        const std::size_t name = at + sizeof *head, content = name + in_words(head->n_namesz);
        if (content + head->n_descsz > notes.size()) return {};
        const bool is_gnu = head->n_namesz == 4 && std::memcmp(notes.data() + name, "GNU", 4) == 0;
        if (is_gnu && head->n_type == NT_GNU_BUILD_ID && head->n_descsz <= most_id) {
            const auto begin = notes.begin() + static_cast<std::ptrdiff_t>(content);
            return {begin, begin + static_cast<std::ptrdiff_t>(head->n_descsz)};
        }
        at = content + in_words(head->n_descsz);
    }
}

}  // namespace

std::optional<elf_beginning> read_beginning(const byte_source& source, counted_by how) {
    const auto head = taken<Elf64_Ehdr>(source(0, sizeof(Elf64_Ehdr)));
    if (!head || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_ident[EI_CLASS] != ELFCLASS64 ||
        head->e_phentsize != sizeof(Elf64_Phdr)) {
        return std::nullopt;
    }
    const std::size_t count = std::min<std::size_t>(head->e_phnum, most_segments);
    const auto table = source(head->e_phoff, count * sizeof(Elf64_Phdr));
    elf_beginning found;
    bool has_address = false;
    std::vector<Elf64_Phdr> notes;
    for (std::size_t i = 0; i < count; ++i) {
        const auto part = taken<Elf64_Phdr>(table, i * sizeof(Elf64_Phdr));
        if (!part) break;
        if (part->p_type == PT_NOTE) notes.push_back(*part);
        if (part->p_type != PT_LOAD || has_address) continue;
        has_address = true;
        found.address = part->p_vaddr - part->p_vaddr % page;
    }
    if (!has_address) return std::nullopt;
    for (const Elf64_Phdr& note : notes) {
        const std::uint64_t at = how == counted_by::offset ? note.p_offset : note.p_vaddr - found.address;
        found.build_id = id_in(source(at, std::min<std::size_t>(note.p_filesz, most_notes)));
        if (!found.build_id.empty()) break;
    }
    return found;
}

}  // namespace troupe::inspect
