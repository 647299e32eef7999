#include <algorithm>
#include <string>

#include "troupe/measurements.hpp"
#include "troupe/selection.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

constexpr std::uint64_t number_bits = 0xffff;

std::string number_of(std::uint64_t id) { return std::to_string(id & number_bits); }
std::uint64_t size_of(const std::vector<std::uint64_t>& all) { return all.size(); }

bool has_a_line(const inspect::cell_row& one) { return one.kind != "event" && one.kind != "barrier"; }

}  // namespace

void measure_channels(const inspect::snapshot& in, exposition& into) {
    const double now = monotonic_now();
    const auto each = [&](const auto& read) {
        for (const inspect::channel_row& one : in.channels) {
            if (one.kind != "queue" && one.kind != "pipe") continue;
            into.add({{"program", printable(in.program.name)},
                      {"channel", number_of(one.id)},
                      {"kind", one.kind},
                      {"type", printable(one.type)},
                      {"made_by", printable(one.made_by_name)}},
                     read(one));
        }
    };
    using inspect::channel_row;
    into.begin("troupe_channel_messages", metric::gauge, "Items in the queue, or messages on their way in the pipe.");
    each([](const channel_row& one) { return one.messages; });
    into.begin("troupe_channel_capacity_messages", metric::gauge, "How many have room, 0 where bytes alone count.");
    each([](const channel_row& one) { return one.capacity; });
    into.begin("troupe_channel_bytes", metric::gauge, "Bytes of these messages.");
    each([](const channel_row& one) { return one.bytes; });
    into.begin("troupe_channel_oldest_seconds", metric::gauge, "Age of the oldest of these messages, 0 without one.");
    each([&](const channel_row& one) { return one.oldest ? std::max(now - *one.oldest, 0.0) : 0.0; });
    into.begin("troupe_channel_waiting_readers", metric::gauge, "Actors that wait for a message.");
    each([](const channel_row& one) { return size_of(one.waiting_readers); });
    into.begin("troupe_channel_waiting_writers", metric::gauge, "Actors that wait for room.");
    each([](const channel_row& one) { return size_of(one.waiting_writers); });
}

void measure_cells(const inspect::snapshot& in, exposition& into) {
    const double now = monotonic_now();
    const auto labels_of = [&](const inspect::cell_row& one) {
        return labels{{"program", printable(in.program.name)}, {"cell", number_of(one.id)}, {"kind", one.kind}};
    };
    into.begin("troupe_lock_waiting_actors", metric::gauge, "Actors that wait for the lock, or for a permit.");
    for (const inspect::cell_row& one : in.cells) {
        if (has_a_line(one)) into.add(labels_of(one), size_of(one.waiting));
    }
    into.begin("troupe_lock_held_seconds", metric::gauge, "How long the lock has been held, where that is known.");
    for (const inspect::cell_row& one : in.cells) {
        if (one.holder == 0 || !one.since) continue;
        labels of = labels_of(one);
        of.emplace_back("holder", name_of(in, one.holder));
        into.add(of, std::max(now - *one.since, 0.0));
    }
    into.begin("troupe_lock_held", metric::gauge, "1 while somebody holds the lock.");
    for (const inspect::cell_row& one : in.cells) {
        if (has_a_line(one) && one.kind != "semaphore") into.add(labels_of(one), std::uint64_t{one.holder != 0});
    }
    into.begin("troupe_semaphore_free_permits", metric::gauge, "Permits that nobody has.");
    for (const inspect::cell_row& one : in.cells) {
        if (one.kind == "semaphore") into.add(labels_of(one), one.value);
    }
}

void measure_pools(const inspect::snapshot& in, exposition& into) {
    const auto labels_of = [&](std::size_t i) {
        return labels{{"program", printable(in.program.name)},
                      {"number", std::to_string(i)},  // two may have one name
                      {"owner", name_of(in, in.pools[i].owner)},
                      {"pool", printable(in.pools[i].name)}};
    };
    const auto each = [&](const auto& read) {
        for (std::size_t i = 0; i < in.pools.size(); ++i) into.add(labels_of(i), read(in.pools[i]));
    };
    using inspect::pool_row;
    into.begin("troupe_pool_workers", metric::gauge, "Workers of the pool.");
    each([](const pool_row& one) { return size_of(one.workers); });
    const auto each_function = [&](const auto& read) {
        for (std::size_t i = 0; i < in.pools.size(); ++i) {
            for (const inspect::task_row& one : in.pools[i].functions) {
                labels of = labels_of(i);
                of.emplace_back("function", printable(one.function));
                into.add(of, read(one));
            }
        }
    };
    using inspect::task_row;
    into.begin("troupe_pool_waiting_tasks", metric::gauge, "Tasks that no worker has yet.");
    each_function([](const task_row& one) { return one.waiting; });
    into.begin("troupe_pool_running_tasks", metric::gauge, "Tasks that workers are at.");
    each_function([](const task_row& one) { return one.running; });
    into.begin("troupe_pool_done_tasks_total", metric::counter, "Tasks that gave a result.");
    each_function([](const task_row& one) { return one.done; });
    into.begin("troupe_pool_failed_tasks_total", metric::counter, "Tasks that threw, or ended their worker.");
    each_function([](const task_row& one) { return one.failed; });
    into.begin("troupe_pool_dropped_tasks_total", metric::counter, "Tasks whose results nobody wanted any more.");
    each_function([](const task_row& one) { return one.dropped; });
    into.begin("troupe_pool_replaced_workers_total", metric::counter, "Workers that were started in place of others.");
    each([](const pool_row& one) { return one.replaced; });
    into.begin("troupe_pool_retired_workers_total", metric::counter, "Of these, as the options of the pool ask for.");
    each([](const pool_row& one) { return one.retired; });
}

void measure_latency(const inspect::snapshot& in, const std::vector<inspect::latency_row>& measured, exposition& into) {
    const auto each = [&](std::string_view name, std::string_view help, auto times_of) {
        into.begin(name, metric::gauge, help);
        for (const inspect::latency_row& one : measured) {
            const inspect::latency_quantiles& times = one.*times_of;
            if (times.count == 0) continue;
            const std::pair<const char*, double> quantiles[] = {
                {"0.5", times.half}, {"0.9", times.nine_in_ten}, {"0.99", times.ninety_nine}};
            for (const auto& [quantile, seconds] : quantiles) {
                into.add(
                    {{"program", printable(in.program.name)}, {"type", printable(one.type)}, {"quantile", quantile}},
                    seconds);
            }
        }
    };
    using inspect::latency_row;
    each("troupe_handling_seconds", "How long handlers took while it was measured.", &latency_row::handling);
    each("troupe_queueing_seconds", "How long messages waited until they were taken, while it was measured.",
         &latency_row::queueing);
}

}  // namespace troupe::tool
