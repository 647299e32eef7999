// The names that a program has written down for those who look in from outside: of its message types, and of the
// functions of its actors. Read once, because the program writes them before it has actors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shm/program_view.hpp"

namespace troupe::inspect {

struct message_type {
    std::uint32_t number = 0;
    std::string name;
    std::string shape;                // see type_shape
    std::vector<std::string> fields;  // names, where the type is a struct and they are known
};

class type_names {
public:
    type_names() = default;
    // Lines that are no such lines are left out.
    explicit type_names(const shm::program_view& view);

    const message_type* find(std::uint32_t number) const;
    // "type 0x1a2b3c4d" when it is not listed.
    std::string name_of(std::uint32_t number) const;
    // Empty when it is not listed.
    std::string function_of(std::uint64_t entry) const;
    // How many the program had no room for.
    std::uint64_t left_out() const noexcept { return left_out_; }

private:
    void read_line(std::string_view line);

    std::unordered_map<std::uint32_t, message_type> types_;
    std::unordered_map<std::uint64_t, std::string> functions_;
    std::uint64_t left_out_ = 0;
};

}  // namespace troupe::inspect
