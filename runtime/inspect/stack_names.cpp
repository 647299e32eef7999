#include "inspect/stack_names.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include <troupe/exit_status.hpp>

#include "base/symbols.hpp"
#include "base/whose_code.hpp"
#include "inspect/stack_walk.hpp"
#include "inspect/user_child.hpp"

namespace troupe::inspect {
namespace {

constexpr std::string_view deleted = " (deleted)";

std::map<std::string, int> descriptors_of(const code_files& files) {
    std::map<std::string, int> all;
    for (const code_file& one : files.all()) {
        if (one.fd) all.try_emplace(one.path, one.fd.get());
    }
    return all;
}

frame_row row_of(const stack_frame& frame) {
    frame_row row;
    row.function = frame.function;
    row.file = frame.file;
    row.module = frame.module;
    row.line = frame.line;
    row.offset = frame.offset;
    row.of_runtime = base::of_the_system(frame) || base::of_troupe(frame);
    return row;
}

std::vector<frame_row> rows_of(const std::vector<stack_frame>& frames) {
    std::vector<frame_row> rows;
    rows.reserve(frames.size());
    for (const stack_frame& one : frames) rows.push_back(row_of(one));
    return rows;
}

// Where an address is: the file and the offset in it, or the address itself where it is in none.
stack_frame located(std::uint64_t address, const code_files& files) {
    stack_frame frame;
    frame.offset = address;
    const code_file* const file = files.find(address, frame.offset);
    if (file != nullptr) frame.module = file->path;
    return frame;
}

}  // namespace

void name_frames(const program_found& program, std::vector<frame_row>& frames) {
    if (frames.empty()) return;
    std::vector<stack_frame> raw;
    for (const frame_row& one : frames) {
        stack_frame& frame = raw.emplace_back();
        frame.module = one.module;
        // The executable may have been replaced before that end; the program runs with the old one still.
        if (frame.module.ends_with(deleted)) frame.module.resize(frame.module.size() - deleted.size());
        frame.offset = one.offset;
    }
    const code_files files(program.pid);
    const auto opened = descriptors_of(files);
    const auto named = as_user_of(program.pid, [&] { return base::named(raw, opened); });
    frames = rows_of(named.empty() ? raw : named);
}

std::vector<frame_row> frames_of(pid_t pid, const standing& here, const code_files& files) {
    const auto opened = descriptors_of(files);
    const auto named = as_user_of(pid, [&] {
        std::vector<stack_frame> raw;
        for (const std::uint64_t address : walk(here, files)) raw.push_back(located(address, files));
        return base::named(raw, opened);
    });
    return rows_of(named.empty() ? std::vector{located(here.instruction, files)} : named);
}

}  // namespace troupe::inspect
