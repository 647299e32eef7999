#include "shm/program_identity.hpp"

#include <elf.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <string_view>

#include "shm/program_header.hpp"
#include "shm/ring_layout.hpp"
#include "shm/shared_text.hpp"

namespace troupe::shm {
namespace {

constexpr std::string_view library_version = TROUPE_VERSION;

// What stands behind the notes before it, each of which is padded to 4 bytes.
std::span<const std::byte> build_id_among(std::span<const std::byte> notes) {
    constexpr auto padded = [](std::size_t bytes) { return (bytes + 3) / 4 * 4; };
    ElfW(Nhdr) note;
    while (notes.size() >= sizeof note) {
        std::memcpy(&note, notes.data(), sizeof note);
        const std::size_t name = padded(note.n_namesz), content = padded(note.n_descsz);
        notes = notes.subspan(sizeof note);
        if (name > notes.size() || content > notes.size() - name) return {};
        constexpr std::string_view gnu("GNU\0", 4);
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == gnu.size() &&
            std::memcmp(notes.data(), gnu.data(), gnu.size()) == 0) {
            return notes.subspan(name, note.n_descsz);
        }
        notes = notes.subspan(name + content);
    }
    return {};
}

// Of the executable, which is the first that the loader names.
int note_build_id(dl_phdr_info* module, std::size_t, void* page) {
    for (const ElfW(Phdr) & one : std::span(module->dlpi_phdr, module->dlpi_phnum)) {
        if (one.p_type != PT_NOTE) continue;
        const auto* const notes =
            reinterpret_cast<const std::byte*>(module->dlpi_addr + one.p_vaddr);  // NOLINT(performance-no-int-to-ptr)
        const std::span<const std::byte> id = build_id_among({notes, one.p_memsz});
        auto& into = *static_cast<program_identity*>(page);
        if (id.empty() || id.size() > sizeof into.build) continue;
        std::copy(id.begin(), id.end(), into.build);
        into.build_bytes = static_cast<std::uint32_t>(id.size());
        break;
    }
    return 1;
}

std::string own_executable() {
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    std::string_view name = length > 0 ? std::string_view(path, static_cast<std::size_t>(length)) : std::string_view();
    constexpr std::string_view replaced = " (deleted)";
    if (name.ends_with(replaced)) name.remove_suffix(replaced.size());
    name.remove_prefix(name.find_last_of('/') + 1);
    return name.empty() ? program_invocation_short_name : std::string(name);
}

template <class Clock>
std::int64_t now_of() {
    return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
}

// It goes into a sentence on somebody's terminal, and anybody may have written it.
std::string printable(std::string text) {
    std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

}  // namespace

void write_identity(program_identity& page, std::uint64_t header) {
    page.version = identity_version;
    page.layout = layout_version;
    page.ring = ring_layout_version;
    page.pid = getpid();
    page.began_at = now_of<std::chrono::system_clock>();
    page.began = now_of<std::chrono::steady_clock>();
    page.header = header;
    page.orders.set(-1);
    page.build_bytes = 0;
    dl_iterate_phdr(note_build_id, &page);
    store_text(page.library, library_version);
    store_text(page.name, own_executable());
    page.magic.set();  // crash: a page without it says nothing, and a program that ends here has no actors
}

std::optional<known_identity> read_identity(int fd) {
    program_identity page;
    struct stat file{};
    if (fstat(fd, &file) != 0 || file.st_size < static_cast<off_t>(sizeof page)) return std::nullopt;
    const ssize_t got =
        pread(fd, static_cast<void*>(&page), sizeof page, file.st_size - static_cast<off_t>(sizeof page));
    if (got != static_cast<ssize_t>(sizeof page) || !page.magic.is_written()) return std::nullopt;
    const std::size_t build = std::min<std::size_t>(page.build_bytes, sizeof page.build);
    return known_identity{page.layout,
                          page.ring,
                          page.pid,
                          page.began_at,
                          page.began,
                          page.header,
                          page.orders.get(),
                          {page.build, page.build + build},
                          load_text(page.library),
                          load_text(page.name)};
}

std::string why_unreadable(std::int32_t pid, const std::optional<known_identity>& program) {
    const std::string whose = (pid == 0 ? "this program" : "program " + std::to_string(pid)) + " was built with ";
    if (!program) {
        return whose + "a troupe before layout " + std::to_string(first_layout_with_identity) +
               ", which cannot be looked into";
    }
    if (program->layout == layout_version && program->ring == ring_layout_version) return {};
    const auto version = [](std::string_view library, std::uint32_t layout) {
        return std::string(library) + " (layout " + std::to_string(layout) + ')';
    };
    return whose + "troupe " + version(printable(program->library), program->layout) + ", this tool with " +
           version(library_version, layout_version) + ": use the troupe of that version";
}

}  // namespace troupe::shm
