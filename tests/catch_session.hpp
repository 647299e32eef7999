// How every test program of the project runs its cases: the names as they start, then the closing line
// `N passed, N failed`, which ./dev adds up. A program that ends without that line has crashed.
#pragma once

// Catch2's command line; its exit code.
int run_cases(int argc, const char* const* argv);
