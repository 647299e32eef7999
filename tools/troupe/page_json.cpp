#include "troupe/page_json.hpp"

#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <string_view>

namespace troupe::tool {
namespace {

using json = nlohmann::ordered_json;

constexpr std::uint64_t most_of_a_browser = std::uint64_t{1} << 53;
constexpr std::array by_row = {"actors", "channels", "cells"};

bool is_by_row(std::string_view name) {
    for (const std::string_view one : by_row) {
        if (one == name) return true;
    }
    return false;
}

void write_large_as_text(json& it) {
    if (it.is_number_unsigned() && it.get<std::uint64_t>() > most_of_a_browser) {
        it = std::to_string(it.get<std::uint64_t>());
    } else if (it.is_structured()) {
        for (json& one : it) write_large_as_text(one);
    }
}

bool is_age(std::string_view name) {
    constexpr std::string_view ending = "_seconds";
    return name == "taken_at" || (name.size() > ending.size() && name.substr(name.size() - ending.size()) == ending);
}

void take_out(json& it) {
    if (it.is_object()) {
        for (auto at = it.begin(); at != it.end();) at = is_age(at.key()) ? it.erase(at) : std::next(at);
    }
    if (it.is_structured()) {
        for (json& one : it) take_out(one);
    }
}

std::map<json, const json*> by_id(const json& rows) {
    std::map<json, const json*> found;
    for (const json& row : rows) found.emplace(row.at("id"), &row);
    return found;
}

void compare(const std::string& name, const json& before, const json& after, json& into) {
    std::map<json, const json*> old = by_id(before);
    json changed = json::array();
    for (const json& row : after) {
        const auto known = old.find(row.at("id"));
        if (known == old.end() || *known->second != row) changed.push_back(row);
        if (known != old.end()) old.erase(known);
    }
    json gone = json::array();
    for (const auto& [id, row] : old) gone.push_back(id);
    if (!changed.empty()) into["changed"][name] = std::move(changed);
    if (!gone.empty()) into["gone"][name] = std::move(gone);
}

}  // namespace

std::string page_text(json object) {
    write_large_as_text(object);
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

void take_out_ages(json& look) {
    for (auto& [name, value] : look.items()) {
        if (value.is_structured()) take_out(value);
    }
}

json changes(const json& before, const json& after) {
    json found = {{"taken_at", after.value("taken_at", 0.0)},
                  {"changed", json::object()},
                  {"gone", json::object()},
                  {"whole", json::object()}};
    for (const auto& [name, value] : after.items()) {
        const auto old = before.find(name);
        if (is_by_row(name) && old != before.end()) {
            compare(name, *old, value, found);
        } else if (name != "taken_at" && (old == before.end() || *old != value)) {
            found["whole"][name] = value;
        }
    }
    return found;
}

}  // namespace troupe::tool
