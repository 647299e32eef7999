#include "process/library.hpp"

#include <dlfcn.h>
#include <link.h>

#include <bit>

#include <troupe/error.hpp>

#include "base/address_map.hpp"

namespace troupe::process {
namespace {

struct range {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
};

// The loadable segments of the program itself, which is the first that the loader knows.
range own_range() {
    range own;
    dl_iterate_phdr(
        [](dl_phdr_info* program, std::size_t, void* into) {
            auto& [begin, end] = *static_cast<range*>(into);
            for (const auto* part = program->dlpi_phdr; part != program->dlpi_phdr + program->dlpi_phnum; ++part) {
                if (part->p_type != PT_LOAD) continue;
                const std::uintptr_t from = program->dlpi_addr + part->p_vaddr;
                if (begin == 0 || from < begin) begin = from;
                if (from + part->p_memsz > end) end = from + part->p_memsz;
            }
            return 1;
        },
        &own);
    return own;
}

// The loader knows it by the path it was given, which leads elsewhere once the working directory has changed.
std::string file_mapped_at(std::uintptr_t address) {
    base::address_map mappings;
    while (const base::mapping* one = mappings.next()) {
        if (one->begin <= address && address < one->end) return one->path;
    }
    return {};
}

}  // namespace

library_place place_of(const void* object) {
    static const range program = own_range();
    const auto address = reinterpret_cast<std::uintptr_t>(object);
    if (program.begin <= address && address < program.end) return {};
    Dl_info found{};
    if (dladdr(object, &found) == 0) return {};
    const auto begin = reinterpret_cast<std::uintptr_t>(found.dli_fbase);
    return {found.dli_fname[0] == '/' ? found.dli_fname : file_mapped_at(begin), address - begin};
}

const void* object_at(const library_place& place) {
    void* const library = dlopen(place.library.c_str(), RTLD_NOW);
    if (library == nullptr) {
        throw spawn_failed(std::string("the library of its function cannot be loaded: ") + dlerror());
    }
    link_map* loaded = nullptr;
    if (dlinfo(library, RTLD_DI_LINKMAP, static_cast<void*>(&loaded)) != 0) {
        throw spawn_failed("the library of its function was not found: " + place.library);
    }
    return std::bit_cast<const void*>(loaded->l_addr + place.offset);
}

}  // namespace troupe::process
