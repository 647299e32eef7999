// A scene: one operation in one situation, played once for every kill point. Its round sets the others up, has the
// victim killed (or not: then it ends in good order), lets the others go on, and says what was wrong.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <troupe/log.hpp>
#include <troupe/task.hpp>

namespace proving {

enum class victim : std::uint8_t {
    itself,    // stands by, from `proving_begins` to `proving_ends`
    to_death,  // stands by, from `proving_begins` to the end of its process
    child,     // the next process made by whom is stood by for, to `proving_ends`
};

struct scene {
    std::string name;
    victim who;
    troupe::task<std::string> (*round)();  // empty: all is well
};

const std::vector<scene>& scenes();

// Of the program in which they are played: run_options::log.
void note_line(const troupe::log_line& line);

// Each family of scenes adds its own.
std::vector<scene> sending_scenes();
std::vector<scene> receiving_scenes();
std::vector<scene> birth_scenes();
std::vector<scene> ending_scenes();
std::vector<scene> pooling_scenes();
std::vector<scene> sharing_scenes();
std::vector<scene> commanding_scenes();
std::vector<scene> naming_scenes();
std::vector<scene> logging_scenes();
std::vector<scene> telling_scenes();

}  // namespace proving
