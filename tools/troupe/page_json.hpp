// JSON as the page is sent it: what has changed alone, and without numbers that a browser would round.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace troupe::tool {

// On one line. Numbers past 2^53 become texts, because JavaScript has no others; bytes that are not UTF-8 are replaced.
std::string page_text(nlohmann::ordered_json object);

// Takes out what changes with every look though nothing has happened: ages, and when each row was taken.
void take_out_ages(nlohmann::ordered_json& look);

// What the second look has that the first has not: {"taken_at", "changed": rows by list, "gone": ids by list, "whole":
// what is replaced}. Actors, channels and cells are compared row by row, and the rest as a whole.
nlohmann::ordered_json changes(const nlohmann::ordered_json& before, const nlohmann::ordered_json& after);

}  // namespace troupe::tool
