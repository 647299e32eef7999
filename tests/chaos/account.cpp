#include "chaos/account.hpp"

#include <algorithm>

namespace chaos {
namespace {

class fault_list {
public:
    explicit fault_list(std::vector<std::string>& all) : all_(all) {}
    void add(std::uint64_t count, const char* what) {
        if (count != 0) all_.push_back(std::to_string(count) + " " + what);
    }

private:
    std::vector<std::string>& all_;
};

// Every act of every doer: whether it was acknowledged, and how often the other side saw it.
template <std::size_t Doers, class See>
figures count(const std::array<doer, Doers>& doers, const per_act<Doers>& acknowledged, const per_act<Doers>& seen,
              See see) {
    figures sum;
    for (std::size_t i = 0; i < Doers; ++i) {
        sum.begun += doers[i].begun;
        for (std::uint32_t act = 0; act < doers[i].begun; ++act) {
            const bool told = acknowledged[i][act] != 0;
            const unsigned times = seen[i][act];
            sum.acknowledged += told ? 1 : 0;
            sum.found += told && times != 0 ? 1 : 0;
            sum.unasked += !told && times != 0 ? 1 : 0;
            sum.gone += told && times == 0 ? 1 : 0;
            see(act, told, times);
        }
    }
    return sum;
}

}  // namespace

account settle(const witness& seen, std::size_t deaths) {
    account sum;
    fault_list faults(sum.faults);

    std::uint64_t doubled = 0;
    const auto once = [&](std::uint32_t, bool, unsigned times) { doubled += times > 1 ? 1 : 0; };
    sum.items = count(seen.put, seen.acknowledged, seen.got, once);
    sum.messages = count(seen.sent, seen.told, seen.heard, once);
    std::uint64_t missed = 0;
    for (const auto& by_one : seen.received) missed += count(seen.aired, seen.published, by_one, once).gone;
    faults.add(doubled, "items or messages came twice");
    const std::uint64_t gone = sum.items.gone + sum.messages.gone + missed;
    faults.add(gone > deaths ? gone - deaths : 0, "acknowledged items or messages are lost");

    std::uint64_t unanswered = 0, repeated = 0;
    sum.requests = count(seen.asked, seen.answered, seen.applied, [&](std::uint32_t act, bool told, unsigned times) {
        const unsigned most = act % servers < servers / 2 ? 1 : most_deliveries;
        unanswered += told && times == 0 ? 1 : 0;
        repeated += times > most ? 1 : 0;
    });
    faults.add(unanswered, "requests were answered and never handled");
    faults.add(repeated, "requests were handled more often than they may be");

    std::uint64_t cut = 0, invented = 0;
    sum.sessions = std::min(seen.sessions.load(), most_sessions);
    for (std::uint64_t i = 0; i < sum.sessions; ++i) {
        const session& one = seen.session_of[i];
        sum.streams.begun += one.sent;
        if (one.ended == 0) continue;
        ++sum.sessions_ended;
        sum.streams.acknowledged += one.sent;
        sum.streams.found += std::min(one.received.load(), one.sent.load());
        sum.streams.unasked += one.received > one.sent ? one.received - one.sent : 0;
        cut += one.received < one.sent ? 1 : 0;
        invented += one.received > one.sent + 1 ? 1 : 0;
    }
    faults.add(cut, "streams ended before all was read");
    faults.add(invented, "streams had more than was sent");

    std::uint64_t begun = 0, done = 0;
    for (const doer& one : seen.booked) {
        begun += one.begun;
        done += one.done;
    }
    faults.add(done > seen.entries ? done - seen.entries : 0, "entries under a lock are lost");
    faults.add(seen.entries > begun ? seen.entries - begun : 0, "entries under a lock were made by nobody");
    faults.add(seen.unnamed, "times an actor that lived was not found by its name");
    faults.add(seen.half_entries, "half entries, though nobody had died with the lock");
    faults.add(seen.permits != most_permits ? 1 : 0, "semaphore has not the permits that it had");

    faults.add(seen.spoilt, "messages were not as they were sent");
    faults.add(seen.out_of_order, "messages were out of order");
    faults.add(seen.overtaken > deaths ? seen.overtaken - deaths : 0, "items were out of order");
    faults.add(seen.late, "requests were not answered in time");
    faults.add(seen.hung, "handlers or more were killed for a time in which they were stopped");
    return sum;
}

std::uint64_t lost_lines(const witness& seen) {
    std::uint64_t lost = 0;
    for (std::size_t i = 0; i < tellers; ++i) {
        for (std::uint32_t act = 0; act < seen.booked[i].begun; ++act) {
            lost += seen.logged[i][act] != 0 && seen.written[i][act] == 0 ? 1 : 0;
        }
    }
    return lost > seen.dropped_lines ? lost - seen.dropped_lines : 0;
}

}  // namespace chaos
