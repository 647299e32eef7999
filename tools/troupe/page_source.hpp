// Where the server has what it serves: one program, looked into by the rest of the tool.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace troupe::tool {

class page_source {
public:
    using json = nlohmann::ordered_json;

    // What is to be done to an actor, as the page shows it.
    struct order {
        std::string kind;  // restart, stop, kill
        std::uint64_t actor = 0;
        std::int32_t pid = 0;  // of the process that whoever asks for it saw
    };

    page_source() = default;
    page_source(const page_source&) = delete;
    page_source& operator=(const page_source&) = delete;
    virtual ~page_source() = default;

    // The object of `ps --json --full`. By one thread alone; the others are called by any.
    virtual json look() = 0;
    // `what` is actor, stack, ends, doctor or latencies; the first two are about the actor.
    virtual json answer(std::string_view what, std::uint64_t actor) = 0;
    // A sentence about what was done.
    virtual std::string carry_out(const order& wanted) = 0;
    // All of them throw inspect::failure with a sentence for the user. After one of `look`, that is not called again.
};

}  // namespace troupe::tool
