#include "troupe/finding.hpp"

#include <utility>

namespace troupe::tool {

const char* to_string(grade state) {
    switch (state) {
    case grade::ok: return "ok";
    case grade::note: return "note";
    case grade::low: break;
    }
    return "low";
}

nlohmann::ordered_json to_json(const finding& one) {
    return {{"name", one.name},
            {"value", one.value},
            {"needed", one.needed},
            {"state", to_string(one.state)},
            {"advice", one.advice}};
}

std::vector<finding> find_parts() {
    std::vector<finding> parts;
#ifdef TROUPE_SYMBOLS
    parts.push_back({"libdw", "built in", "", grade::ok, ""});
#else
    parts.push_back({"libdw", "left out", "", grade::note,
                     "stack and explain show modules and offsets alone: install libdw-dev and build troupe again"});
#endif
#ifdef TROUPE_TOOL_SCREEN
    parts.push_back({"ncurses", "built in", "", grade::ok, ""});
#else
    parts.push_back({"ncurses", "left out", "", grade::note,
                     "there is no troupe top: install libncurses-dev and build troupe again"});
#endif
#ifdef TROUPE_TOOL_SERVER
    parts.push_back({"cpp-httplib", "built in", "", grade::ok, ""});
#else
    parts.push_back({"cpp-httplib", "left out", "", grade::note,
                     "there is no troupe dash: install libcpp-httplib-dev and build troupe again"});
#endif
    return parts;
}

std::vector<finding> examine() {
    std::vector<finding> all;
    for (auto* find : {&find_calls, &find_limits, &find_groups, &find_settings, &find_parts}) {
        for (finding& one : find()) all.push_back(std::move(one));
    }
    return all;
}

}  // namespace troupe::tool
