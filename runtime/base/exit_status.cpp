#include <troupe/exit_status.hpp>

#include <csignal>
#include <cstring>
#include <string_view>

#include "base/symbols.hpp"
#include "base/whose_code.hpp"

namespace troupe {
namespace {

std::string hexadecimal(std::uint64_t number) {
    std::string digits;
    do {
        digits.insert(digits.begin(), "0123456789abcdef"[number & 0xf]);
        number >>= 4;
    } while (number != 0);
    return "0x" + digits;
}

std::string_view last_part(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

// "parse(char const*) (parser.cpp:12)", "parser+0x1234"; empty when nothing is known.
std::string place(const stack_frame& frame) {
    std::string text = frame.function;
    if (text.empty() && !frame.module.empty()) {
        return std::string(last_part(frame.module)) + '+' + hexadecimal(frame.offset);
    }
    if (!text.empty() && !frame.file.empty()) {
        text += " (" + std::string(last_part(frame.file));
        if (frame.line != 0) text += ':' + std::to_string(frame.line);
        text += ')';
    }
    return text;
}

// Where the program's own code was, or else troupe's. Names are looked up no further than there.
std::string where(const std::vector<stack_frame>& frames) {
    std::string of_ours;
    for (const stack_frame& raw : frames) {
        if (base::of_the_system(raw)) continue;
        for (const stack_frame& frame : base::named({raw})) {
            if (base::of_the_system(frame) || place(frame).empty()) continue;
            if (!base::of_troupe(frame)) return " in " + place(frame);
            if (of_ours.empty()) of_ours = " in " + place(frame);
        }
    }
    return of_ours;
}

std::string line_of(std::size_t number, const stack_frame& frame) {
    std::string text = "  #" + std::to_string(number) + ' ' + (number < 10 ? " " : "");
    text += frame.function.empty() ? "?" : frame.function;
    if (!frame.file.empty()) text += " at " + frame.file + ':' + std::to_string(frame.line);
    return text + " (" + (frame.module.empty() ? "" : frame.module + '+') + hexadecimal(frame.offset) + ")\n";
}

std::string counted(std::size_t number, const char* whose) {
    return std::to_string(number) + (number == 1 ? " frame of " : " frames of ") + whose;
}

// The frames of the program's own code, and how many others there are; all of them where it has none.
std::string lines_of(const std::vector<stack_frame>& stack) {
    std::string own, all;
    std::size_t ours = 0, systems = 0;
    for (std::size_t i = 0; i < stack.size(); ++i) {
        all += line_of(i, stack[i]);
        if (base::of_the_system(stack[i])) {
            ++systems;
        } else if (base::of_troupe(stack[i])) {
            ++ours;
        } else {
            own += line_of(i, stack[i]);
        }
    }
    if (own.empty() || ours + systems == 0) return all;
    own += "  ... " + (ours != 0 ? counted(ours, "troupe") : counted(systems, "the system"));
    if (ours != 0 && systems != 0) own += ", " + counted(systems, "the system");
    return own + '\n';
}

std::string signal_name(int signal) {
    const char* name = sigabbrev_np(signal);
    return name != nullptr ? std::string("SIG") + name : std::string();
}

bool has_address(const exit_status& status) {
    return (status.signal() == SIGSEGV || status.signal() == SIGBUS) && status.signal_code() > 0 &&
           status.signal_code() != SI_KERNEL;
}

std::string by_signal(const exit_status& status) {
    const std::string number = std::to_string(status.signal()), name = signal_name(status.signal());
    std::string text;
    if (status.hung()) {
        text = "was killed (signal " + number + (name.empty() ? "" : ", " + name) +
               "), because it took too long to handle " +
               (status.message_type().empty() ? "a message" : status.message_type()) + ',';
    } else if (status.stack_overflow()) {
        text = "overran its stack (signal " + number + (name.empty() ? "" : ", " + name) + ')';
    } else if (status.wrote_to_frozen()) {
        text = "wrote to a frozen array (signal " + number + (name.empty() ? "" : ", " + name) + ')';
    } else {
        text = "was ended by signal " + number;
        if (!name.empty()) text += " (" + name + ')';
        if (has_address(status)) text += " at address " + hexadecimal(status.fault_address());
    }
    text += where(status.details().frames);
    if (status.core_dumped()) text += " and dumped core";
    return text;
}

std::string in_units(std::uint64_t bytes) {
    const std::uint64_t tenths = (bytes * 10 + (1 << 19)) >> 20;
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " MiB";
}

std::string in_units(std::chrono::nanoseconds time) {
    const auto milliseconds = std::chrono::round<std::chrono::milliseconds>(time).count();
    const std::string fraction = std::to_string(milliseconds % 1000);
    return std::to_string(milliseconds / 1000) + '.' + std::string(3 - fraction.size(), '0') + fraction + " s";
}

}  // namespace

std::vector<stack_frame> exit_status::stack() const { return base::named(details_.frames); }

const char* to_string(limit_reached limit) noexcept {
    switch (limit) {
    case limit_reached::memory: return "memory";
    case limit_reached::cpu_time: return "CPU time";
    case limit_reached::file_size: return "file size";
    case limit_reached::none: break;
    }
    return "nothing";
}

std::string to_string(const exit_status& status) {
    if (status.lost()) return "ended, but nobody knows how";
    std::string text;
    if (status.signaled()) {
        text = by_signal(status);
    } else if (!status.exception_type().empty()) {
        text = "ended with " + status.exception_type();
        if (!status.exception_text().empty()) text += ": " + status.exception_text();
    } else {
        text = "exited with " + std::to_string(status.code());
    }
    if (status.limit() == limit_reached::none) return text;
    return text + ", after its limit of " + to_string(status.limit()) + " was reached";
}

std::string report(const exit_status& status) {
    std::string text = to_string(status) + '\n';
    if (!status.message_type().empty()) {
        text += "  handling " + status.message_type() + ", delivered " + std::to_string(status.deliveries()) +
                (status.deliveries() == 1 ? " time\n" : " times\n");
    }
    if (status.restarts() != 0) text += "  restarts so far: " + std::to_string(status.restarts()) + '\n';
    text += lines_of(status.stack());
    if (!status.lost()) {
        text +=
            "  memory at most " + in_units(status.peak_memory()) + ", CPU time " + in_units(status.cpu_time()) + '\n';
    }
    return text;
}

}  // namespace troupe
