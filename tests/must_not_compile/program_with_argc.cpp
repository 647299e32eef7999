// must say: troupe: the program is a function that takes nothing, or std::vector<std::string>
#include <troupe/troupe.hpp>

int program(int, char**) { return 0; }

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
