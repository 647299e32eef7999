#include "launch/catalogue.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <troupe/detail/birth.hpp>
#include <troupe/detail/message_note.hpp>

#include "base/function_name.hpp"
#include "shm/catalogue.hpp"
#include "shm/program_layout.hpp"

namespace troupe::launch {
namespace {

constexpr std::size_t room_for_last_line = 32;
constexpr std::size_t longest_name = 1024, longest_shape = 8192;

class catalogue_text {
public:
    void add_message(const detail::message_note& note) {
        begin('m', note.number());
        add_name(note.name());
        line_ += '\t';
        const std::string shape = note.shape();
        line_ += shape.size() <= longest_shape ? shape : "*";
        end();
    }
    void add_function(const detail::registration& function) {
        begin('f', function.key());
        add_name(base::function_name(function.name()));
        end();
    }
    std::string take() {
        if (left_out_ > 0) text_ += "x\t" + std::to_string(left_out_) + "\n";
        return std::move(text_);
    }

private:
    void begin(char what, std::uint64_t number) {
        std::array<char, 16> digits;
        const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
        line_.assign(1, what);
        line_ += '\t';
        line_.append(digits.data(), written.ptr);
        line_ += '\t';
    }
    void add_name(std::string_view name) { line_ += name.substr(0, longest_name); }
    void end() {
        line_ += '\n';
        if (text_.size() + line_.size() + room_for_last_line <= shm::catalogue_bytes) {
            text_ += line_;
        } else {
            ++left_out_;
        }
    }

    std::string text_;
    std::string line_;
    std::size_t left_out_ = 0;
};

// A type of which several libraries have a note is written once.
std::vector<const detail::message_note*> notes_of_all_types() {
    std::vector<const detail::message_note*> notes;
    for (const auto* one = detail::message_note::first(); one != nullptr; one = one->next()) notes.push_back(one);
    std::ranges::sort(notes, {}, &detail::message_note::number);
    const auto twice = std::ranges::unique(notes, {}, &detail::message_note::number);
    notes.erase(twice.begin(), twice.end());
    return notes;
}

}  // namespace

void write_catalogue(shm::program_memory& memory) {
    catalogue_text lines;
    for (const detail::message_note* one : notes_of_all_types()) lines.add_message(*one);
    for (const auto* one = detail::registration::first(); one != nullptr; one = one->next()) lines.add_function(*one);
    const std::string text = lines.take();
    if (text.empty()) return;
    std::byte* const area = memory.catalogue();
    if (!memory.memory().back(memory.memory().offset_of(area), shm::whole_pages(text.size()))) return;
    std::memcpy(area, text.data(), text.size());
    memory.header().catalogue.set(static_cast<std::uint32_t>(text.size()));
}

}  // namespace troupe::launch
