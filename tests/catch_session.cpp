// Catch2 compiled once for all test programs.
//
// Its signal handlers stay out: a child started by fork would inherit them, and report its own death as a failed test.
#define CATCH_CONFIG_RUNNER
#define CATCH_CONFIG_NO_POSIX_SIGNALS
#include "catch_session.hpp"

#include <cstdio>

#include "catch.hpp"

#ifdef TROUPE_CATCH_3
// They are compiled into its library: these are linked in their place.
namespace Catch {
FatalConditionHandler::FatalConditionHandler() = default;
FatalConditionHandler::~FatalConditionHandler() = default;
void FatalConditionHandler::engage_platform() {}
void FatalConditionHandler::disengage_platform() noexcept {}
}  // namespace Catch
#endif

namespace {

class closing_line : public checks::listener {
public:
    using checks::listener::listener;

    // Flushed, so that a crash shows which case it was, and a forked child inherits nothing to print again.
    void testCaseStarting(const Catch::TestCaseInfo& test) override {
        std::printf("%s\n", test.name.c_str());
        std::fflush(stdout);
    }

    void testRunEnded(const Catch::TestRunStats& run) override {
        const Catch::Counts& cases = run.totals.testCases;
        std::printf("%zu passed, %zu failed\n", cases.passed + cases.failedButOk, cases.failed);
        std::fflush(stdout);
    }
};

CATCH_REGISTER_LISTENER(closing_line)

}  // namespace

int run_cases(int argc, const char* const* argv) { return Catch::Session().run(argc, argv); }
