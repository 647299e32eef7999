#include "process/crash_handler.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/address_map.hpp"
#include "base/frozen_ranges.hpp"
#include "base/machine.hpp"
#include "process/registers.hpp"

#if defined(__has_feature)
    #if __has_feature(address_sanitizer)
        #define TROUPE_ADDRESS_SANITIZER
    #endif
#endif
#ifdef __SANITIZE_ADDRESS__
    #define TROUPE_ADDRESS_SANITIZER
#endif

// The stack that is walked may be anything.
#define TROUPE_UNCHECKED __attribute__((no_sanitize("address", "undefined")))

namespace troupe::process {
namespace {

constexpr std::array crash_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
constexpr std::size_t handler_stack_bytes = std::size_t{64} << 10;
constexpr std::size_t memory_probe_bytes = std::size_t{1} << 20;
// How far from the stack pointer the access that overruns the stack may be: what a call pushes, or a local array.
constexpr std::uint64_t below_stack_pointer = std::uint64_t{128} << 10;

alignas(16) std::array<std::byte, handler_stack_bytes> handler_stack;
base::post_mortem* page = nullptr;
pid_t owner = 0;
std::uint32_t own_incarnation = 0;
const std::atomic<std::uint64_t>* in_hand = nullptr;

// The crash that is being written down.
std::atomic<pid_t> crashing_thread{0};
int first_signal = 0;
siginfo_t first_told;
std::uint64_t first_stack_pointer = 0;
bool locating = false;
std::array<std::uint64_t, base::most_frames> addresses;
std::size_t address_count = 0;

pid_t own_thread() noexcept { return static_cast<pid_t>(syscall(SYS_gettid)); }

// The signal waits until the handler returns, or comes now where it is not blocked.
void send_again(int signal, siginfo_t& told) noexcept {
    struct sigaction plain{};
    plain.sa_handler = SIG_DFL;
    sigaction(signal, &plain, nullptr);
    if (syscall(SYS_rt_tgsigqueueinfo, getpid(), own_thread(), signal, &told) != 0) raise(signal);
}

void hold_back(int signal) noexcept {
    sigset_t just_this;
    sigemptyset(&just_this);
    sigaddset(&just_this, signal);
    pthread_sigmask(SIG_BLOCK, &just_this, nullptr);
}

// Names the modules of the addresses found so far, and says whether the stack was overrun.
void locate() noexcept {
    locating = true;
    const std::uint64_t stack_pointer = first_stack_pointer;
    const auto fault = reinterpret_cast<std::uint64_t>(first_told.si_addr);
    const bool near_stack = first_signal == SIGSEGV && first_told.si_code > 0 && first_told.si_code != SI_KERNEL &&
                            fault + below_stack_pointer >= stack_pointer;
    bool overrun = false;
    std::uint16_t paths = 0;
    bool unmapped_below = true;  // the address that was touched lies between the mapping before and this one
    base::address_map map;
    while (const base::mapping* one = map.next()) {
        if (near_stack && fault < one->end && unmapped_below) {
            unmapped_below = false;
            // Just below the stack of the main thread, or in the guard of another one.
            const bool below_main = fault < one->begin && std::strcmp(one->path, "[stack]") == 0;
            const bool in_guard = fault >= one->begin && !one->readable && fault < stack_pointer + base::page_bytes;
            overrun = below_main || in_guard;
        }
        std::uint16_t path = base::no_module;
        for (std::size_t i = 0; i < address_count; ++i) {
            if (addresses[i] < one->begin || addresses[i] >= one->end || one->path[0] == '\0') continue;
            if (path == base::no_module) {
                const std::size_t length = std::strlen(one->path) + 1;
                if (paths + length > page->modules.size()) continue;
                std::memcpy(page->modules.data() + paths, one->path, length);
                path = paths;
                paths = static_cast<std::uint16_t>(paths + length);
            }
            // crash: an offset without its module, read as an address; nothing can be named by it
            page->frames[i].where = addresses[i] - one->begin + one->offset;
            page->frames[i].module = path;
        }
    }
    page->stack_overflow.set(overrun ? 1 : 0);
}

void add(std::uint64_t address) noexcept {
    if (address_count == base::most_frames) return;
    addresses[address_count] = address;
    page->frames[address_count] = {address, base::no_module};
    ++address_count;
    // crash: the frames so far
    page->frame_count.set(static_cast<std::uint32_t>(address_count));
}

struct walk {
    std::uint64_t from;  // frames before this address are the handler's own
    bool begun;
};

TROUPE_UNCHECKED _Unwind_Reason_Code step(_Unwind_Context* frame, void* argument) noexcept {
    auto& now = *static_cast<walk*>(argument);
    int before_instruction = 0;
    const std::uint64_t address = _Unwind_GetIPInfo(frame, &before_instruction);
    if (address == 0) return _URC_END_OF_STACK;
    if (!now.begun && address != now.from) return _URC_NO_REASON;
    // A return address may belong to the next function already.
    add(now.begun && before_instruction == 0 ? address - 1 : address);
    now.begun = true;
    return address_count == base::most_frames ? _URC_END_OF_STACK : _URC_NO_REASON;
}

// A call of an address where no code is: the stack is that of the caller.
bool called_nowhere(const ucontext_t& machine) noexcept {
    return first_signal == SIGSEGV &&
           reinterpret_cast<std::uint64_t>(first_told.si_addr) == standpoint_of(machine).instruction;
}

TROUPE_UNCHECKED void walk_stack(ucontext_t& machine) noexcept {
    const standpoint found = standpoint_of(machine);
    standpoint from = found;
    if (called_nowhere(machine)) {
        add(found.instruction);
        from = behind_call(machine);
        --from.instruction;  // within the call
        stand(machine, from);
    }
    walk now{from.instruction, false};
    _Unwind_Backtrace(&step, &now);
    if (!now.begun) add(now.from);
    stand(machine, found);  // what is returned to
}

bool memory_is_full() noexcept {
    void* probe =
        mmap(nullptr, memory_probe_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (probe == MAP_FAILED) return errno == ENOMEM;
    munmap(probe, memory_probe_bytes);
    return false;
}

bool has_written_to_frozen() noexcept {
    return first_signal == SIGSEGV && first_told.si_code == SEGV_ACCERR &&
           base::frozen_memory.contains(reinterpret_cast<std::uintptr_t>(first_told.si_addr));
}

void write_down(ucontext_t& machine) noexcept {
    // An earlier incarnation may have written here.
    page->signal.clear();
    page->frame_count.clear();
    page->stack_overflow.set(0);
    page->wrote_to_frozen.set(has_written_to_frozen() ? 1 : 0);
    page->incarnation.set(own_incarnation);
    page->signal_code = first_told.si_code;
    const bool has_address = first_told.si_code > 0 && first_told.si_code != SI_KERNEL;
    page->fault_address = has_address ? reinterpret_cast<std::uint64_t>(first_told.si_addr) : 0;
    page->memory_full = memory_is_full() ? 1 : 0;
    // crash: the signal and its address, without a stack
    page->signal.set(first_signal);
    walk_stack(machine);
    locate();
}

void on_crash(int signal, siginfo_t* told, void* where) {
    auto& machine = *static_cast<ucontext_t*>(where);
    if (getpid() != owner) {  // the actor's own fork: the page is not its
        hold_back(signal);
        send_again(signal, *told);
        return;
    }
    pid_t nobody = 0;
    // relaxed: other threads only wait
    if (crashing_thread.compare_exchange_strong(nobody, own_thread(), std::memory_order_relaxed)) {
        first_signal = signal;
        first_told = *told;
        first_stack_pointer = standpoint_of(machine).stack_pointer;
        write_down(machine);
        hold_back(signal);
        send_again(signal, first_told);
    } else if (nobody == own_thread()) {
        if (!locating) locate();
        send_again(first_signal, first_told);
    } else {
        for (;;) pause();  // the process ends with the first crash
    }
}

void on_last_word(int, siginfo_t* told, void* where) {
    std::uint64_t judged = 0;
    std::memcpy(&judged, &told->si_value, sizeof judged);
    // sync: handling - observes which handler is in hand
    const auto still_in_hand = [judged] { return in_hand->load(std::memory_order_acquire) == judged; };
    const int saved = errno;
    pid_t nobody = 0;
    if (told->si_code == SI_QUEUE && getpid() == owner && judged != 0 && still_in_hand() &&
        // relaxed: as above
        crashing_thread.compare_exchange_strong(nobody, own_thread(), std::memory_order_relaxed)) {
        first_signal = SIGKILL;
        first_told = *told;
        write_down(*static_cast<ucontext_t*>(where));
        // This may be another thread than the one that handles: it must not wait longer than that.
        while (still_in_hand()) {
            constexpr timespec moment{0, 1'000'000};
            nanosleep(&moment, nullptr);
        }
        address_count = 0;
        locating = false;
        page->signal.clear();
        crashing_thread.store(0, std::memory_order_relaxed);  // relaxed: it lives on
    }
    errno = saved;
}

#ifdef TROUPE_ADDRESS_SANITIZER
// What the sanitizer has installed before any code of the program ran.
std::array<struct sigaction, crash_signals.size()> of_sanitizer;
__attribute__((constructor(101))) void note_handlers_of_sanitizer() {
    for (std::size_t i = 0; i < crash_signals.size(); ++i) sigaction(crash_signals[i], nullptr, &of_sanitizer[i]);
}
bool is_of_sanitizer(std::size_t index, const struct sigaction& handler) noexcept {
    return (of_sanitizer[index].sa_flags & SA_SIGINFO) != 0 && handler.sa_sigaction == of_sanitizer[index].sa_sigaction;
}
#else
bool is_of_sanitizer(std::size_t, const struct sigaction&) noexcept { return false; }
#endif

_Unwind_Reason_Code stop_at_once(_Unwind_Context*, void*) noexcept { return _URC_END_OF_STACK; }

}  // namespace

void catch_crashes() noexcept {
    static bool loaded = false;
    if (!std::exchange(loaded, true)) _Unwind_Backtrace(&stop_at_once, nullptr);

    struct sigaction handler{};
    handler.sa_sigaction = &on_crash;
    // A crash of the handler itself comes to it as well.
    handler.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (std::size_t i = 0; i < crash_signals.size(); ++i) {
        struct sigaction now{};
        sigaction(crash_signals[i], nullptr, &now);
        const bool free = (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL;
        if (free || is_of_sanitizer(i, now)) sigaction(crash_signals[i], &handler, nullptr);
    }
    handler.sa_sigaction = &on_last_word;
    sigaction(stack_dump_signal, &handler, nullptr);
}

void write_crashes_to(base::post_mortem& of_this_process, std::uint32_t incarnation,
                      const std::atomic<std::uint64_t>& handling_since) noexcept {
    stack_t stack{};
    stack.ss_sp = handler_stack.data();
    stack.ss_size = handler_stack.size();
    if (sigaltstack(&stack, nullptr) != 0) return;
    page = &of_this_process;
    in_hand = &handling_since;
    own_incarnation = incarnation;
    crashing_thread.store(0, std::memory_order_relaxed);  // relaxed: before anything runs
    owner = getpid();
    catch_crashes();
}

}  // namespace troupe::process
