#include "inspect/type_names.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include "inspect/type_shape.hpp"
#include "shm/catalogue.hpp"

namespace troupe::inspect {
namespace {

// A mapped read of what was never backed would make pages in the program's memory.
std::string text_of(const shm::program_view& view) {
    const shm::segment& memory = view.memory();
    std::string text(std::min<std::size_t>(view.header().catalogue.get(), shm::catalogue_bytes), '\0');
    const std::size_t begin = memory.offset_of(view.catalogue());
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t some =
            pread(memory.fd(), text.data() + done, text.size() - done, static_cast<off_t>(begin + done));
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) break;
        done += static_cast<std::size_t>(some);
    }
    text.resize(done);
    return text;
}

std::string_view part_of(std::string_view& line, char end) {
    const std::size_t length = std::min(line.find(end), line.size());
    const std::string_view part = line.substr(0, length);
    line.remove_prefix(std::min(length + 1, line.size()));
    return part;
}

template <class Number>
std::optional<Number> number_in(std::string_view text, int base) {
    Number value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

// A terminal would obey control characters.
std::string harmless(std::string_view text) {
    std::string made(text);
    std::ranges::replace_if(made, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
    return made;
}

std::vector<std::string> field_names(const std::string& shape) {
    const type_shape read(shape);
    return read.root().kind == shape_kind::record ? read.root().names : std::vector<std::string>();
}

}  // namespace

type_names::type_names(const shm::program_view& view) {
    const std::string text = text_of(view);
    for (std::string_view rest = text; !rest.empty();) read_line(part_of(rest, '\n'));
}

void type_names::read_line(std::string_view line) {
    const std::string_view what = part_of(line, '\t');
    const std::string_view number = part_of(line, '\t');
    if (what == "m") {
        message_type one;
        const auto read = number_in<std::uint32_t>(number, 16);
        if (!read) return;
        one.number = *read;
        one.name = harmless(part_of(line, '\t'));
        one.shape = harmless(line);
        one.fields = field_names(one.shape);
        if (!one.name.empty()) types_.try_emplace(one.number, std::move(one));
    } else if (what == "f") {
        if (const auto key = number_in<std::uint64_t>(number, 16)) functions_.try_emplace(*key, harmless(line));
    } else if (what == "x") {
        left_out_ = number_in<std::uint64_t>(number, 10).value_or(0);
    }
}

const message_type* type_names::find(std::uint32_t number) const {
    const auto found = types_.find(number);
    return found != types_.end() ? &found->second : nullptr;
}

std::string type_names::name_of(std::uint32_t number) const {
    if (const message_type* const known = find(number)) return known->name;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "type 0x%08x", number);
    return text.data();
}

std::string type_names::function_of(std::uint64_t entry) const {
    const auto found = functions_.find(entry);
    return found != functions_.end() ? found->second : std::string();
}

}  // namespace troupe::inspect
