// Catch2, 2.13 as in Debian 12 or 3 as in Debian 13. The tests are written in what both have; what they call by two
// names has one here.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
    #include <catch2/catch_all.hpp>
    #define TROUPE_CATCH_3
#else
    #include <catch2/catch.hpp>
#endif

#include <string>

namespace checks {

#ifdef TROUPE_CATCH_3
using listener = Catch::EventListenerBase;
using Catch::Approx;
inline auto contains(const std::string& text) { return Catch::Matchers::ContainsSubstring(text); }
#else
    #if defined(CATCH_CONFIG_RUNNER) || defined(CATCH_CONFIG_EXTERNAL_INTERFACES)
using listener = Catch::TestEventListenerBase;
    #endif
using Catch::Detail::Approx;
inline auto contains(const std::string& text) { return Catch::Contains(text); }
#endif

}  // namespace checks
