#include "process/cgroup.hpp"

#include <fstream>

namespace troupe::process {

std::vector<cgroup_folder> cgroup_folders(const std::string& controller, const std::string& groups,
                                          const std::string& root) {
    std::vector<cgroup_folder> folders;
    const std::string wanted = "," + controller + ",";
    const std::string version_1 = root + "/" + controller;
    std::ifstream file(groups);
    // number:controllers:group, and no controllers in version 2
    for (std::string line; std::getline(file, line);) {
        const std::size_t first = line.find(':'), second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        const bool unified = controllers == ",,";
        if (!unified && controllers.find(wanted) == std::string::npos) continue;
        const std::string& top = unified ? root : version_1;
        for (std::string group = line.substr(second + 1); group.size() > 1; group.erase(group.find_last_of('/'))) {
            folders.push_back({unified ? 2 : 1, top + group});
        }
        folders.push_back({unified ? 2 : 1, top});
    }
    return folders;
}

}  // namespace troupe::process
