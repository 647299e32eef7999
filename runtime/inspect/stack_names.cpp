#include "inspect/stack_names.hpp"

#include <algorithm>
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
constexpr std::size_t most_at_once = 512;  // frames, of each of which names may make several
constexpr int between_ends = -1;           // the line of what is no frame, but stands behind the frames of each end

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

void add_raw(const std::vector<frame_row>& frames, std::vector<stack_frame>& into) {
    for (const frame_row& one : frames) {
        stack_frame& frame = into.emplace_back();
        frame.module = one.module;
        // The executable may have been replaced before that end; the program runs with the old one still.
        if (frame.module.ends_with(deleted)) frame.module.resize(frame.module.size() - deleted.size());
        frame.offset = one.offset;
    }
    into.emplace_back().line = between_ends;
}

bool is_between_ends(const stack_frame& one) { return one.line == between_ends; }

// They come from a child, which may have failed in the middle.
bool is_whole(const std::vector<stack_frame>& named, std::ptrdiff_t ends) {
    return std::count_if(named.begin(), named.end(), is_between_ends) == ends;
}

void give_back(const std::vector<stack_frame>& frames, std::vector<end_row>::iterator to) {
    std::vector<stack_frame> its;
    for (const stack_frame& one : frames) {
        if (!is_between_ends(one)) {
            its.push_back(one);
            continue;
        }
        (to++)->frames = rows_of(its);
        its.clear();
    }
}

}  // namespace

void name_frames(const program_found& program, std::vector<end_row>& ends) {
    if (std::all_of(ends.begin(), ends.end(), [](const end_row& one) { return one.frames.empty(); })) return;
    const code_files files(program.pid);
    const auto opened = descriptors_of(files);
    for (auto end = ends.begin(); end != ends.end();) {
        const auto first = end;
        std::vector<stack_frame> raw;
        for (; end != ends.end() && raw.size() < most_at_once; ++end) add_raw(end->frames, raw);
        const auto named = as_user_of(program.pid, [&] { return base::named(raw, opened); });
        give_back(is_whole(named, end - first) ? named : raw, first);
    }
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
