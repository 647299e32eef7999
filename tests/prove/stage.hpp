// The program in which a scene is played, over and over: a troupe program that the prover starts, and commands through
// a socket at its standard input. A round is asked for by one word and answered by one message: "ok", or what was
// wrong.
#pragma once

#include <string>
#include <vector>

namespace proving {

inline constexpr const char* slow_round = "slowly";
inline constexpr const char* quick_round = "quickly";
inline constexpr const char* all_is_well = "ok";
inline constexpr int longest_answer = 2000;

// The program: its argument is the name of the scene.
int stage(std::vector<std::string> arguments);

}  // namespace proving
