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
#ifdef TROUPE_SYMBOLS
    return {{"names of code", "libdw", "", grade::ok, ""}};
#else
    return {{"names of code", "without libdw", "libdw", grade::note,
             "stack and explain show modules and offsets alone: install libdw-dev and build troupe again"}};
#endif
}

std::vector<finding> examine() {
    std::vector<finding> all;
    for (auto* find : {&find_calls, &find_limits, &find_groups, &find_settings, &find_parts}) {
        for (finding& one : find()) all.push_back(std::move(one));
    }
    return all;
}

}  // namespace troupe::tool
