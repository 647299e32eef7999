// What is in a folder, for those of /proc.
#pragma once

#include <dirent.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::inspect {

// visit(name) for each entry but those that begin with a point. Returns an errno where the folder cannot be read, else
// 0.
template <class Visit>
int for_each_entry(const std::string& folder, Visit visit) {
    const auto close = [](DIR* open) { ::closedir(open); };
    const std::unique_ptr<DIR, decltype(close)> entries(::opendir(folder.c_str()), close);
    if (!entries) return errno;
    while (const dirent* one = ::readdir(entries.get())) {
        const std::string_view name = one->d_name;
        if (!name.starts_with('.')) visit(name);
    }
    return 0;
}

}  // namespace troupe::inspect
