#include "inspect/stack_walk.hpp"

#include <fcntl.h>

#include <cstddef>
#include <cstring>
#include <memory>

#ifdef TROUPE_SYMBOLS
    #include <elfutils/libdwfl.h>
#endif

namespace troupe::inspect {

#ifdef TROUPE_SYMBOLS

namespace {

constexpr std::size_t most_calls = 512;
constexpr pid_t the_thread = 1;  // libdw is told of one process with one thread, and asks for nothing else

    #if defined(__x86_64__)
constexpr int number_of_stack_pointer = 7, number_of_instruction = 16;
    #elif defined(__aarch64__)
constexpr int number_of_stack_pointer = 31, number_of_instruction = -1;
    #endif

const standing& standing_of(void* argument) { return *static_cast<const standing*>(argument); }

pid_t next_thread(Dwfl*, void* here, void** thread) {
    if (*thread != nullptr) return 0;
    *thread = here;
    return the_thread;
}

bool read_copy(Dwfl*, Dwarf_Addr address, Dwarf_Word* result, void* argument) {
    const standing& here = standing_of(argument);
    if (here.stack.size() < sizeof *result || address < here.stack_begin ||
        address - here.stack_begin > here.stack.size() - sizeof *result) {
        return false;
    }
    std::memcpy(result, here.stack.data() + (address - here.stack_begin), sizeof *result);
    return true;
}

bool set_registers(Dwfl_Thread* thread, void* argument) {
    const standing& here = standing_of(argument);
    bool set = true;
    if (here.registers.empty()) {
        const Dwarf_Word stack_pointer = here.stack_pointer, instruction = here.instruction;
        set = dwfl_thread_state_registers(thread, number_of_stack_pointer, 1, &stack_pointer);
        if (number_of_instruction >= 0) {
            set = set && dwfl_thread_state_registers(thread, number_of_instruction, 1, &instruction);
        }
    } else {
        const std::vector<Dwarf_Word> all(here.registers.begin(), here.registers.end());
        set = dwfl_thread_state_registers(thread, 0, static_cast<unsigned>(all.size()), all.data());
    }
    dwfl_thread_state_register_pc(thread, here.instruction);
    return set;
}

constexpr Dwfl_Thread_Callbacks thread_callbacks{&next_thread, nullptr, &read_copy, &set_registers, nullptr, nullptr};

// All files are given to it: it looks for none by itself.
int find_no_elf(Dwfl_Module*, void**, const char*, Dwarf_Addr, char**, Elf**) { return -1; }
int find_no_debug_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word, char**) {
    return -1;
}
constexpr Dwfl_Callbacks file_callbacks{&find_no_elf, &find_no_debug_file, nullptr, nullptr};

int take_call(Dwfl_Frame* frame, void* argument) {
    auto& calls = *static_cast<std::vector<std::uint64_t>*>(argument);
    Dwarf_Addr address = 0;
    bool innermost = false;
    if (!dwfl_frame_pc(frame, &address, &innermost) || address == 0) return DWARF_CB_ABORT;
    calls.push_back(innermost ? address : address - 1);
    return calls.size() < most_calls ? DWARF_CB_OK : DWARF_CB_ABORT;
}

void report(Dwfl* files, const code_files& code) {
    dwfl_report_begin(files);
    for (const code_file& one : code.all()) {
        if (!one.fd) continue;
        base::owned_fd fd(fcntl(one.fd.get(), F_DUPFD_CLOEXEC, 3));
        const bool taken =
            fd && dwfl_report_elf(files, one.path.c_str(), one.path.c_str(), fd.get(), one.shift, true) != nullptr;
        if (taken) fd.release();  // it is closed with the module
    }
    dwfl_report_end(files, nullptr, nullptr);
}

}  // namespace

std::vector<std::uint64_t> walk(const standing& here, const code_files& files) {
    std::vector<std::uint64_t> calls;
    const std::unique_ptr<Dwfl, void (*)(Dwfl*)> opened(dwfl_begin(&file_callbacks), &dwfl_end);
    if (opened) {
        report(opened.get(), files);
        standing copy = here;  // libdw takes no constant
        if (dwfl_attach_state(opened.get(), nullptr, the_thread, &thread_callbacks, &copy)) {
            dwfl_getthread_frames(opened.get(), the_thread, &take_call, &calls);
        }
        if (calls.empty()) calls.push_back(here.instruction);
    }
    return calls;
}

#else

std::vector<std::uint64_t> walk(const standing& here, const code_files&) { return {here.instruction}; }

#endif

}  // namespace troupe::inspect
