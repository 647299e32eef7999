// The main of tests that need no program of actors.
#include "catch_session.hpp"

int main(int argc, char** argv) { return run_cases(argc, argv); }
