// Where a crashed thread stood, of the registers of the machine.
#pragma once

#include <ucontext.h>

#include <cstdint>

namespace troupe::process {

struct standpoint {
    std::uint64_t instruction;
    std::uint64_t stack_pointer;
};

#if defined(__x86_64__)

inline standpoint standpoint_of(const ucontext_t& machine) noexcept {
    return {static_cast<std::uint64_t>(machine.uc_mcontext.gregs[REG_RIP]),
            static_cast<std::uint64_t>(machine.uc_mcontext.gregs[REG_RSP])};
}

inline void stand(ucontext_t& machine, standpoint at) noexcept {
    machine.uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(at.instruction);
    machine.uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(at.stack_pointer);
}

// Where a call that has just been made returns to: its address is on top of the stack.
__attribute__((no_sanitize("address", "undefined"))) inline standpoint behind_call(const ucontext_t& machine) noexcept {
    const standpoint now = standpoint_of(machine);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a register of the crashed thread
    return {*reinterpret_cast<const std::uint64_t*>(now.stack_pointer), now.stack_pointer + sizeof(std::uint64_t)};
}

#elif defined(__aarch64__)

inline standpoint standpoint_of(const ucontext_t& machine) noexcept {
    return {machine.uc_mcontext.pc, machine.uc_mcontext.sp};
}

inline void stand(ucontext_t& machine, standpoint at) noexcept {
    machine.uc_mcontext.pc = at.instruction;
    machine.uc_mcontext.sp = at.stack_pointer;
}

// Where a call that has just been made returns to: its address is in the link register.
inline standpoint behind_call(const ucontext_t& machine) noexcept {
    return {machine.uc_mcontext.regs[30], machine.uc_mcontext.sp};
}

#else
    #error "troupe: say here where the registers of this machine are"
#endif

}  // namespace troupe::process
