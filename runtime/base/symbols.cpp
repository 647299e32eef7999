#include "base/symbols.hpp"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/owned_fd.hpp"

#ifdef TROUPE_SYMBOLS
    #include <cxxabi.h>
    #include <dwarf.h>
    #include <elfutils/libdw.h>
    #include <elfutils/libdwfl.h>
#endif

namespace troupe::base {
namespace {

// The address a byte of the file has in the module's own numbering, where the linker put it; the offset itself when
// the file does not tell.
std::uint64_t linked_address(int file, std::uint64_t offset) {
    Elf64_Ehdr head{};
    if (pread(file, &head, sizeof head, 0) != sizeof head || head.e_phentsize != sizeof(Elf64_Phdr)) return offset;
    for (std::uint64_t i = 0; i < head.e_phnum; ++i) {
        Elf64_Phdr part{};
        const auto at = static_cast<off_t>(head.e_phoff + i * sizeof part);
        if (pread(file, &part, sizeof part, at) != sizeof part) return offset;
        if (part.p_type == PT_LOAD && offset >= part.p_offset && offset - part.p_offset < part.p_filesz) {
            return offset - part.p_offset + part.p_vaddr;
        }
    }
    return offset;
}

#ifdef TROUPE_SYMBOLS

std::string demangled(const std::string& name) {
    int failed = 0;
    const std::unique_ptr<char, void (*)(void*)> plain(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &failed),
                                                       std::free);
    return failed == 0 ? plain.get() : name;
}

std::string readable(const char* name) {
    std::string text = demangled(name);
    // Newer compilers write that a template's parameter was declared `auto`, which older demanglers cannot read.
    if (text == name) {
        constexpr std::string_view declared_auto = "TnDa";
        std::string older = name;
        for (std::size_t at; (at = older.find(declared_auto)) != std::string::npos;) {
            older.erase(at, declared_auto.size());
        }
        if (std::string read = demangled(older); read != older) text = std::move(read);
    }
    // The compiler cuts a coroutine, and what it thinks is rarely run, out of their functions.
    if (const std::size_t clone = text.find(" [clone "); clone != std::string::npos) text.resize(clone);
    return text;
}

// One file and its debug information, as long as this lives.
class opened_module {
public:
    opened_module(const std::string& path, owned_fd file) : files_(dwfl_begin(&callbacks())) {
        if (files_ == nullptr) return;
        dwfl_report_begin(files_);
        module_ = dwfl_report_offline(files_, path.c_str(), path.c_str(), file.get());
        if (module_ != nullptr) file.release();  // it is closed with the module
        dwfl_report_end(files_, nullptr, nullptr);
    }
    opened_module(const opened_module&) = delete;
    opened_module& operator=(const opened_module&) = delete;
    ~opened_module() {
        if (files_ != nullptr) dwfl_end(files_);
    }

    // The frame, and before it those that were inlined into it.
    std::vector<stack_frame> at(const stack_frame& frame) {
        std::vector<stack_frame> found;
        Dwarf_Addr shift = 0;
        if (module_ == nullptr || dwfl_module_getelf(module_, &shift) == nullptr) return {frame};
        const Dwarf_Addr address = frame.offset + shift;
        stack_frame now = frame;
        Dwarf_Addr debug_shift = 0;
        Dwarf_Die* unit = unit_at(address, debug_shift);
        if (unit != nullptr) go_to(dwarf_getsrc_die(unit, address - debug_shift), now);
        std::vector<Dwarf_Die> functions;
        if (unit != nullptr) descend(*unit, address - debug_shift, functions);
        for (; !functions.empty(); functions.pop_back()) {
            const bool outermost = functions.size() == 1;
            now.function = name_of(&functions.back(), outermost ? dwfl_module_addrname(module_, address) : nullptr);
            if (outermost) break;
            found.push_back(now);
            go_to_call(unit, &functions.back(), now);
        }
        const char* symbol = now.function.empty() ? dwfl_module_addrname(module_, address) : nullptr;
        if (symbol != nullptr) now.function = readable(symbol);
        found.push_back(now);
        return found;
    }

private:
    // No look-ups over the network.
    static const Dwfl_Callbacks& callbacks() {
        static char* no_other_path = nullptr;
        static const Dwfl_Callbacks all{&dwfl_build_id_find_elf, &dwfl_build_id_find_debuginfo,
                                        &dwfl_offline_section_address, &no_other_path};
        return all;
    }

    // Clang writes no table of which unit has an address: then all are asked.
    Dwarf_Die* unit_at(Dwarf_Addr address, Dwarf_Addr& shift) {
        if (Dwarf_Die* unit = dwfl_module_addrdie(module_, address, &shift)) return unit;
        for (Dwarf_Die* unit = dwfl_module_nextcu(module_, nullptr, &shift); unit != nullptr;
             unit = dwfl_module_nextcu(module_, unit, &shift)) {
            if (dwarf_haspc(unit, address - shift) == 1) return unit;
        }
        return nullptr;
    }

    static void go_to(Dwarf_Line* line, stack_frame& now) {
        const char* file = dwarf_linesrc(line, nullptr, nullptr);
        if (file != nullptr) now.file = file;
        dwarf_lineno(line, &now.line);
    }

    // The function that has the address, and what was inlined there, each within the one before. libdw's own search
    // finds no function that stands in a namespace.
    static bool descend(Dwarf_Die& scope, Dwarf_Addr address, std::vector<Dwarf_Die>& functions) {
        Dwarf_Die one;
        if (dwarf_child(&scope, &one) != 0) return false;
        do {
            const int tag = dwarf_tag(&one);
            if (tag == DW_TAG_namespace) {
                if (descend(one, address, functions)) return true;
            } else if ((tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block) &&
                       dwarf_haspc(&one, address) == 1) {
                if (tag != DW_TAG_lexical_block) functions.push_back(one);
                descend(one, address, functions);
                return true;
            }
        } while (dwarf_siblingof(&one, &one) == 0);
        return false;
    }

    // The namespaces and classes that a function stands in, each with its `::`.
    static std::string scopes_of(Dwarf_Die function) {
        for (const unsigned declared : {DW_AT_abstract_origin, DW_AT_specification}) {
            Dwarf_Attribute attribute;
            Dwarf_Die elsewhere;
            if (dwarf_formref_die(dwarf_attr(&function, declared, &attribute), &elsewhere) != nullptr) {
                function = elsewhere;
            }
        }
        Dwarf_Die* all = nullptr;
        const int count = dwarf_getscopes_die(&function, &all);
        const std::unique_ptr<Dwarf_Die, void (*)(void*)> owner(all, std::free);
        std::string text;
        for (int i = 1; i < count; ++i) {
            const int tag = dwarf_tag(&all[i]);
            if (tag == DW_TAG_subprogram)
                return scopes_of(all[i]) + text;  // it may stand elsewhere than it is declared
            if (tag != DW_TAG_namespace && tag != DW_TAG_structure_type && tag != DW_TAG_class_type) continue;
            const char* name = dwarf_diename(&all[i]);
            if (name == nullptr && tag == DW_TAG_namespace) name = "(anonymous namespace)";
            if (name != nullptr) text.insert(0, std::string(name) + "::");
        }
        return text;
    }

    // GCC gives local functions no linkage name, but `symbol`, which is at the address, may be theirs.
    static std::string name_of(Dwarf_Die* function, const char* symbol) {
        Dwarf_Attribute attribute;
        const char* mangled = dwarf_formstring(dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute));
        const char* plain = dwarf_diename(function);
        if (mangled == nullptr && plain != nullptr) {
            const std::string full = symbol != nullptr ? readable(symbol) : "";
            return full.find(plain) != std::string::npos ? full : scopes_of(*function) + plain;
        }
        const std::string full = mangled != nullptr ? readable(mangled) : "";
        // What this demangler does not know yet has its short name.
        return plain != nullptr && (full.empty() || full == mangled) ? plain : full;
    }

    static void go_to_call(Dwarf_Die* unit, Dwarf_Die* inlined, stack_frame& now) {
        Dwarf_Attribute attribute;
        Dwarf_Word number = 0;
        now.function.clear();
        now.line = 0;
        if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &number) == 0) {
            now.line = static_cast<int>(number);
        }
        Dwarf_Files* files = nullptr;
        std::size_t file_count = 0;
        if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &number) == 0 &&
            dwarf_getsrcfiles(unit, &files, &file_count) == 0 && number < file_count) {
            const char* file = dwarf_filesrc(files, number, nullptr, nullptr);
            if (file != nullptr) now.file = file;
        }
    }

    Dwfl* files_;
    Dwfl_Module* module_ = nullptr;
};

#else

class opened_module {
public:
    opened_module(const std::string&, owned_fd) {}
    std::vector<stack_frame> at(const stack_frame& frame) { return {frame}; }
};

#endif

using place = std::pair<std::string, std::uint64_t>;
constexpr std::size_t most_remembered = 4096;

std::mutex guard;
std::map<place, std::vector<stack_frame>>& remembered() {
    static std::map<place, std::vector<stack_frame>> all;
    return all;
}

// "[vdso]" and the like are no files, and "/path (deleted)" is no longer that one.
bool readable_file(const std::string& path) { return path.starts_with('/') && !path.ends_with(" (deleted)"); }

// Modules that are opened when a frame of theirs comes along.
class module_shelf {
public:
    // The frame's names in its module, of which `file` is a descriptor that is copied.
    std::vector<stack_frame> look_up(const stack_frame& frame, int file) {
        stack_frame placed = frame;
        placed.offset = linked_address(file, frame.offset);
        auto& module = modules_[frame.module];
        if (!module) module = std::make_unique<opened_module>(frame.module, owned_fd(fcntl(file, F_DUPFD_CLOEXEC, 3)));
        return module->at(placed);
    }
    std::vector<stack_frame> look_up(const stack_frame& frame) {
        auto [file, is_new] = files_.try_emplace(frame.module);
        if (is_new) file->second.reset(open(frame.module.c_str(), O_RDONLY | O_CLOEXEC));
        return file->second ? look_up(frame, file->second.get()) : std::vector{frame};
    }

private:
    std::map<std::string, owned_fd> files_;
    std::map<std::string, std::unique_ptr<opened_module>> modules_;
};

}  // namespace

std::vector<stack_frame> named(const std::vector<stack_frame>& frames) {
    if (frames.empty()) return {};
    std::vector<stack_frame> all;
    module_shelf modules;
    const std::lock_guard lock(guard);
    auto& known = remembered();
    for (const stack_frame& frame : frames) {
        if (!readable_file(frame.module)) {
            all.push_back(frame);
            continue;
        }
        if (known.size() > most_remembered) known.clear();
        auto [found, is_new] = known.try_emplace({frame.module, frame.offset});
        if (is_new) found->second = modules.look_up(frame);
        all.insert(all.end(), found->second.begin(), found->second.end());
    }
    return all;
}

std::vector<stack_frame> named(const std::vector<stack_frame>& frames, const std::map<std::string, int>& files) {
    std::vector<stack_frame> all;
    module_shelf modules;
    std::map<place, std::vector<stack_frame>> known;  // crashes that come again have the same frames
    for (const stack_frame& frame : frames) {
        const auto file = files.find(frame.module);
        if (file == files.end()) {
            all.push_back(frame);
            continue;
        }
        const auto [found, is_new] = known.try_emplace({frame.module, frame.offset});
        if (is_new) found->second = modules.look_up(frame, file->second);
        all.insert(all.end(), found->second.begin(), found->second.end());
    }
    return all;
}

}  // namespace troupe::base
