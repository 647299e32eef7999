// Savina's chameneos: how long do meetings of 100 chameneos in one mall take?
//
// A chameneo asks the mall for a meeting. The mall hands the second of two to the first, who gives both of them their
// new colour: that of two who are alike stays, two who differ become of the third. Each then asks again, until the mall
// has seen all meetings and sends them away with the next. The time is from the first chameneo's start until the last
// has told how often it met; together that is two for each meeting. Whenever a chameneo comes back, it must be of the
// colour that its last meeting gave it, which the mall knows from the colours of both.
//
// The published number is 200,000 meetings. Runs scaled by 10, with 20,000: nearly every message wakes a process.

#include <troupe/troupe.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "play.hpp"

namespace {

constexpr unsigned published_meetings = 200'000, usual_scale = 10, chameneos = 100;
constexpr std::uint64_t messages_a_meeting = 4;  // two who ask, one who is handed on, one who is told its colour

enum class colour : std::uint64_t { red, yellow, blue };
constexpr std::size_t colours = 3;

constexpr colour complement(colour one, colour other) {
    if (one == other) return one;
    return static_cast<colour>(colours - static_cast<std::uint64_t>(one) - static_cast<std::uint64_t>(other));
}

static_assert(complement(colour::red, colour::red) == colour::red);
static_assert(complement(colour::red, colour::yellow) == colour::blue);
static_assert(complement(colour::blue, colour::red) == colour::yellow);
static_assert(complement(colour::yellow, colour::blue) == colour::red);

struct begin {};
struct meet;
struct change {
    colour into;
};
struct leave {};
using partner = troupe::actor<meet, change, leave>;
struct meet {
    std::uint64_t who;  // its place
    colour mine;
    partner from;
};
struct faded {
    std::uint64_t who;
    std::uint64_t meetings;
    colour last;
};

troupe::task<> chameneo(troupe::mailbox<begin, meet, change, leave> inbox, troupe::actor<meet, faded> mall,
                        std::uint64_t me, colour mine) {
    const partner self = inbox.address();
    std::uint64_t meetings = 0;
    co_await inbox.serve([&](begin) -> troupe::task<> { co_await mall.send(meet{me, mine, self}); },
                         [&](meet other) -> troupe::task<> {
                             mine = complement(mine, other.mine);
                             ++meetings;
                             co_await other.from.send(change{mine});
                             co_await mall.send(meet{me, mine, self});
                         },
                         [&](change m) -> troupe::task<> {
                             mine = m.into;
                             ++meetings;
                             co_await mall.send(meet{me, mine, self});
                         },
                         [&](leave) -> troupe::task<> { co_await mall.send(faded{me, meetings, mine}); });
}

troupe::task<int> mall(troupe::mailbox<meet, faded> inbox, bench::savina::wishes told) {
    const unsigned meetings = scaled(published_meetings, told);
    std::vector<colour> known;
    known.reserve(chameneos);
    std::vector<troupe::actor<begin, meet, change, leave>> crew;
    crew.reserve(chameneos);
    for (std::uint64_t i = 0; i < chameneos; ++i) {
        known.push_back(static_cast<colour>(i % colours));
        crew.push_back(co_await troupe::spawn<chameneo>(inbox.address(), i, known[i]));
    }

    unsigned left = meetings, gone = 0;
    std::uint64_t met = 0, wrong = 0;
    std::optional<meet> waiting;
    const std::int64_t start = bench::now_ns();
    for (const auto& one : crew) co_await one.send(begin{});
    co_await inbox.serve(
        [&](meet m) -> troupe::task<> {
            if (m.mine != known[m.who]) ++wrong;
            if (left == 0) {
                co_await m.from.send(leave{});
            } else if (!waiting) {
                waiting = m;
            } else {
                --left;
                const meet first = *waiting;
                waiting.reset();
                known[first.who] = known[m.who] = complement(first.mine, m.mine);
                co_await first.from.send(m);
            }
        },
        [&](faded m) {
            met += m.meetings;
            if (m.last != known[m.who]) ++wrong;
            if (++gone == chameneos) inbox.address().stop();
        });
    const std::int64_t took = bench::now_ns() - start;

    bool right = gone == chameneos && met == std::uint64_t{2} * meetings && wrong == 0;
    right = co_await bench::savina::dismiss(crew) && right;
    co_return report("chameneos", told, took, messages_a_meeting * meetings, right) ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    return bench::savina::play<mall>("How long do meetings of 100 chameneos in one mall take?", std::move(arguments),
                                     {.scale = usual_scale});
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
