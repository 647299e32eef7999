// What `troupe doctor` finds of this machine: whether a program of troupe has what it needs here, and how to give it
// that.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace troupe::tool {

enum class grade { ok, note, low };

struct finding {
    std::string name;
    std::string value;
    std::string needed;  // empty: nothing in particular
    grade state = grade::ok;
    std::string advice;  // what puts it right; empty if it is
};

const char* to_string(grade state);
nlohmann::ordered_json to_json(const finding& one);

// The system calls that troupe cannot do without, tried out: what a kernel has, a container may withhold.
std::vector<finding> find_calls();
// The limits of a process that is started here (ulimit).
std::vector<finding> find_limits();
// Those of the control groups that this process is in.
std::vector<finding> find_groups();
// What the system is set to.
std::vector<finding> find_settings();
// What this tool was built without.
std::vector<finding> find_parts();

std::vector<finding> examine();

}  // namespace troupe::tool
