#include "base/valgrind.hpp"

#include <cstdint>

namespace troupe::base {
namespace {

// Valgrind takes certain instructions, which do nothing on a processor, for a question: rotations of one register by
// 128 bits together, and an exchange of another with itself. Its headers are not needed for that. 0 from a processor,
// and from a tool that does not know the question.
std::uint64_t ask(std::uint64_t what, std::uint64_t first, std::uint64_t third) noexcept {
    const std::uint64_t question[6] = {what, first, 0, third, 0, 0};
    std::uint64_t answer = 0;
#if defined(__x86_64__)
    asm volatile(
        "rolq $3, %%rdi\n\t"
        "rolq $13, %%rdi\n\t"
        "rolq $61, %%rdi\n\t"
        "rolq $51, %%rdi\n\t"
        "xchgq %%rbx, %%rbx"
        : "+d"(answer)
        : "a"(&question[0])
        : "cc", "memory", "rdi");
    return answer;
#elif defined(__aarch64__)
    register const std::uint64_t* asked asm("x4") = question;
    register std::uint64_t told asm("x3") = answer;
    asm volatile(
        "ror x12, x12, #3\n\t"
        "ror x12, x12, #13\n\t"
        "ror x12, x12, #51\n\t"
        "ror x12, x12, #61\n\t"
        "orr x10, x10, x10"
        : "+r"(told)
        : "r"(asked)
        : "cc", "memory");
    return told;
#else
    #error "troupe runs on x86-64 and arm64 Linux"
#endif
}

}  // namespace

bool under_valgrind() noexcept { return ask(0x1001, 0, 0) != 0; }

bool under_helgrind() noexcept {
    constexpr std::uint64_t accessible = 'H' << 24 | 'G' << 16 | 302;  // how many of these bytes are
    const char byte = 0;
    return ask(accessible, reinterpret_cast<std::uint64_t>(&byte), sizeof byte) == sizeof byte;
}

}  // namespace troupe::base
