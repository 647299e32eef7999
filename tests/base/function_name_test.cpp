// What an actor's function is called, from what compilers print.
#include "base/function_name.hpp"
#include "catch.hpp"

using troupe::base::function_name;

TEST_CASE("function name: without namespaces, parameters and what surrounds it") {
    CHECK(function_name("troupe::detail::known_actor<&worker>") == "worker");
    CHECK(function_name("known_actor<&(anonymous namespace)::shop::clerk>") == "clerk");
    CHECK(function_name("known_actor<&store::serve<std::pair<a::b, int>>>") == "serve<std::pair<a::b, int>>");
    CHECK(function_name("troupe::detail::known_actor<worker>") == "worker");             // GCC
    CHECK(function_name("troupe::detail::known_actor<{anonymous}::clerk>") == "clerk");  // GCC
    CHECK(function_name("known_actor<(& store::serve<int>)>") == "serve<int>");          // GCC
}

TEST_CASE("function name: a lambda is told by where it stands") {
    CHECK(function_name("known_actor<(lambda at ../src/pool.cpp:57:30){}>") == "a lambda at pool.cpp:57");
    CHECK(function_name("known_actor<shop::program()::<lambda(int)>{}>") == "a lambda in program");  // GCC
    CHECK(function_name("known_actor<<lambda(int)>{}>") == "a lambda");                              // GCC
}

TEST_CASE("function name: whatever is given, there is an answer") {
    CHECK(function_name("worker") == "worker");
    CHECK(function_name("") == "");
    CHECK(function_name("known_actor<>") == "");
}
