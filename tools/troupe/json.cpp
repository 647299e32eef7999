#include "troupe/json.hpp"

#include <cmath>
#include <cstdio>
#include <optional>

#include "troupe/selection.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

json number(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }
json number(const std::optional<double>& value) { return value ? number(*value) : json(nullptr); }
// A moment, of which 0 says that it is not known.
json moment(double value) { return value > 0 ? number(value) : json(nullptr); }
json age_of(const std::optional<double>& since, double now) {
    return since ? number(now > *since ? now - *since : 0.0) : json(nullptr);
}
json id_or_null(std::uint64_t id) { return id != 0 ? json(id) : json(nullptr); }
json text_or_null(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }
json name_or_null(std::uint64_t id, const inspect::snapshot& in) {
    return id != 0 ? json(name_of(in, id)) : json(nullptr);
}

}  // namespace

const char* to_string(inspect::actor_state state) {
    using inspect::actor_state;
    switch (state) {
    case actor_state::starting: return "starting";
    case actor_state::running: return "running";
    case actor_state::handling: return "handling";
    case actor_state::asleep: return "asleep";
    case actor_state::stopped: return "stopped";
    case actor_state::traced: return "traced";
    case actor_state::down: return "down";
    case actor_state::dead: return "dead";
    case actor_state::changing: break;
    }
    return "changing";
}

json json_object() {
    json it = json::object();
    it["schema"] = json_schema;
    return it;
}

json json_object(const inspect::snapshot& in) {
    json it = json_object();
    it["programs"] = json::array({to_json(in.program)});
    it["taken_at"] = monotonic_now();
    it["damaged"] = in.damaged;
    return it;
}

json to_json(const inspect::snapshot& in, fullness what) {
    json it = json_object(in);
    const double now = it["taken_at"];
    it["actors"] = to_json(in.actors);
    if (what == fullness::actors) return it;
    it["channels"] = to_json(in.channels, in, now);
    it["cells"] = to_json(in.cells, in, now);
    it["names"] = to_json(in.names, in);
    it["circles"] = to_json(in.circles, in);
    it["pools"] = to_json(in.pools, in);
    it["edges"] = to_json(in.edges, in);
    it["cycles"] = to_json(in.cycles, in);
    return it;
}

json to_json(const inspect::program_row& one) {
    return {{"pid", one.pid},
            {"outer_pid", one.outer_pid > 0 ? one.outer_pid : one.pid},
            {"name", one.name},
            {"executable", one.executable},
            {"library", one.library},
            {"layout", one.layout},
            {"began", number(one.began)},
            {"began_wall", number(one.began_wall)},
            {"shared_bytes", one.shared_bytes},
            {"shared_budget", one.shared_budget},
            {"restarts", one.restarts},
            {"ends", one.ends},
            {"open_files_in_messages", one.open_files}};
}

json to_json(const inspect::source_place& one) {
    if (one.file.empty()) return nullptr;
    return {{"file", one.file}, {"line", one.line}};
}

json to_json(const inspect::waiting_row& one) {
    return {{"kind", one.kind},           {"type", text_or_null(one.type)},
            {"of", id_or_null(one.of)},   {"of_name", text_or_null(one.of_name)},
            {"number", one.number},       {"since", moment(one.since)},
            {"until", number(one.until)}, {"holder_name", text_or_null(one.holder_name)}};
}

json to_json(const inspect::handling_row& one) {
    return {
        {"type", one.type}, {"since", moment(one.since)}, {"of", id_or_null(one.of)}, {"deliveries", one.deliveries}};
}

json to_json(const inspect::mailbox_row& one, double now) {
    return {{"channel", one.channel},
            {"messages", one.messages},
            {"bytes", one.bytes},
            {"oldest", number(one.oldest)},
            {"oldest_seconds", age_of(one.oldest, now)},
            {"granules", one.granules},
            {"of_granules", one.of_granules},
            {"at_most", one.at_most}};
}

json to_json(const inspect::actor_row& one) {
    json it = {{"id", one.id},
               {"parent", id_or_null(one.parent)},
               {"slot", one.slot},
               {"name", one.name},
               {"function", one.function},
               {"pid", one.pid > 0 ? json(one.pid) : json(nullptr)},
               {"outer_pid", pid_of(one) > 0 ? json(pid_of(one)) : json(nullptr)},
               {"state", to_string(one.state)},
               {"since", moment(one.since)},
               {"incarnation", one.incarnation},
               {"restarts", one.restarts},
               {"supervised", one.supervised},
               {"stop_requested", one.stop_requested},
               {"cpu", number(one.cpu)},
               {"memory", one.memory}};
    it["handling"] = one.handling ? to_json(*one.handling) : json(nullptr);
    it["waits"] = to_json(one.waits);
    it["waits_more"] = one.waits_more;
    it["waits_known"] = one.waits_known;
    it["place"] = to_json(one.place);
    it["mailbox"] = one.mailbox ? to_json(*one.mailbox, one.taken_at) : json(nullptr);
    it["sent"] = one.sent;
    it["taken"] = one.taken;
    it["handled"] = one.handled;
    it["wake_ups"] = one.wake_ups;
    it["cycle"] = one.cycle != 0 ? json(one.cycle) : json(nullptr);
    it["taken_at"] = number(one.taken_at);
    return it;
}

json to_json(const inspect::message_count& one, double now) {
    return {{"type", one.type},
            {"type_number", one.type_number},
            {"messages", one.messages},
            {"bytes", one.bytes},
            {"oldest_seconds", age_of(one.oldest, now)}};
}

json to_json(const inspect::sender_count& one) {
    return {{"actor", id_or_null(one.actor)}, {"name", one.name}, {"messages", one.messages}};
}

json to_json(const inspect::message_row& one) {
    return {{"index", one.index},
            {"type", one.type},
            {"type_number", one.type_number},
            {"bytes", one.bytes},
            {"request", one.request},
            {"in_flight", one.in_flight},
            {"from", id_or_null(one.from)},
            {"from_name", text_or_null(one.from_name)},
            {"sent", number(one.sent)}};
}

json actors_json(const std::vector<std::uint64_t>& ids, const inspect::snapshot& in) {
    json all = json::array();
    for (const std::uint64_t id : ids) all.push_back({{"id", id}, {"name", name_of(in, id)}});
    return all;
}

json to_json(const inspect::channel_row& one, const inspect::snapshot& in, double now) {
    return {{"id", one.id},
            {"number", one.id & 0xffff},
            {"kind", one.kind},
            {"type", text_or_null(one.type)},
            {"made_by", id_or_null(one.made_by)},
            {"made_by_name", text_or_null(one.made_by_name)},
            {"items", one.messages},
            {"messages", one.messages},
            {"capacity", one.capacity},
            {"bytes", one.bytes},
            {"most_bytes", one.most_bytes},
            {"oldest", number(one.oldest)},
            {"oldest_seconds", age_of(one.oldest, now)},
            {"in_per_second", number(one.in_per_second)},
            {"out_per_second", number(one.out_per_second)},
            {"readers", actors_json(one.readers, in)},
            {"writers", actors_json(one.writers, in)},
            {"waiting_readers", actors_json(one.waiting_readers, in)},
            {"waiting_writers", actors_json(one.waiting_writers, in)},
            {"open", one.open},
            {"at_most", one.at_most}};
}

json to_json(const inspect::cell_row& one, const inspect::snapshot& in, double now) {
    return {{"id", one.id},
            {"number", one.id & 0xffff},
            {"kind", one.kind},
            {"made_by", id_or_null(one.made_by)},
            {"made_by_name", name_or_null(one.made_by, in)},
            {"holder", id_or_null(one.holder)},
            {"holder_name", name_or_null(one.holder, in)},
            {"since", number(one.since)},
            {"held_seconds", age_of(one.since, now)},
            {"waiting", actors_json(one.waiting, in)},
            {"value", one.value},
            {"of_value", one.of_value},
            {"held_by", actors_json(one.held_by, in)},
            {"awaited", actors_json(one.awaited, in)},
            {"needed", one.needed != 0 ? json(one.needed) : json(one.awaited.size())}};
}

json to_json(const inspect::name_row& one, const inspect::snapshot& in) {
    return {{"name", one.name}, {"actor", one.actor}, {"actor_name", name_of(in, one.actor)}};
}

json to_json(const inspect::circle_row& one, const inspect::snapshot& in) {
    return {{"kind", one.kind},
            {"name", one.name},
            {"type", text_or_null(one.type)},
            {"actors", actors_json(one.actors, in)}};
}

json to_json(const inspect::task_row& one) {
    return {{"function", text_or_null(one.function)},
            {"waiting", one.waiting},
            {"running", one.running},
            {"done", one.done},
            {"failed", one.failed},
            {"dropped", one.dropped}};
}

json to_json(const inspect::pool_row& one, const inspect::snapshot& in) {
    json functions = to_json(one.functions);
    const auto count_or_null = [&one](std::uint64_t number) { return one.counted ? json(number) : json(nullptr); };
    return {{"name", one.name},
            {"owner", id_or_null(one.owner)},
            {"owner_name", name_or_null(one.owner, in)},
            {"workers", actors_json(one.workers, in)},
            {"running", one.running},
            {"waiting", count_or_null(one.waiting)},
            {"done", count_or_null(one.done)},
            {"failed", count_or_null(one.failed)},
            {"dropped", count_or_null(one.dropped)},
            {"functions", std::move(functions)},
            {"replaced", count_or_null(one.replaced)},
            {"retired", count_or_null(one.retired)},
            {"last_lost", text_or_null(one.last_lost)}};
}

json to_json(const inspect::wait_edge& one, const inspect::snapshot& in) {
    json it = {
        {"from", one.from}, {"from_name", name_of(in, one.from)}, {"to", one.to}, {"to_name", name_of(in, one.to)}};
    it["kind"] = one.why.kind;
    it["type"] = text_or_null(one.why.type);
    it["number"] = one.why.number;
    it["of"] = id_or_null(one.why.of);
    it["since"] = moment(one.why.since);
    it["place"] = to_json(one.place);
    it["in_handler"] = text_or_null(one.in_handler);
    it["needed"] = one.needed != 0 ? json(one.needed) : json(nullptr);
    return it;
}

json to_json(const inspect::wait_cycle& one, const inspect::snapshot& in) {
    return {{"actors", actors_json(one.actors, in)},
            {"deadlock", one.deadlock},
            {"deadline", number(one.deadline)},
            {"since", moment(one.since)}};
}

json to_json(const inspect::frame_row& one) {
    return {{"function", text_or_null(one.function)},
            {"file", text_or_null(one.file)},
            {"line", one.line},
            {"module", one.module},
            {"offset", one.offset},
            {"of_runtime", one.of_runtime}};
}

json to_json(const inspect::event_row& one) {
    return {{"kind", one.kind},
            {"type", text_or_null(one.type)},
            {"peer", id_or_null(one.peer)},
            {"peer_name", text_or_null(one.peer_name)},
            {"position", one.position},
            {"at", moment(one.at)}};
}

json to_json(const inspect::end_row& one) {
    json it = {{"number", one.number},
               {"actor", one.actor},
               {"slot", one.slot},
               {"name", one.name},
               {"incarnation", one.incarnation},
               {"restarts", one.restarts},
               {"pid", one.pid},
               {"at", moment(one.at)},
               {"wall_time", number(one.wall_time)},
               {"text", one.text},
               {"signal", one.signal},
               {"code", one.code}};
    it["fault_address"] = one.fault_address ? json(*one.fault_address) : json(nullptr);
    it["message"] = text_or_null(one.message);
    it["deliveries"] = one.deliveries;
    it["from"] = id_or_null(one.from);
    it["from_name"] = text_or_null(one.from_name);
    it["exception_type"] = text_or_null(one.exception_type);
    it["exception_text"] = text_or_null(one.exception_text);
    it["lost"] = one.lost;
    it["peak_memory"] = one.peak_memory;
    it["cpu_time"] = number(one.cpu_time);
    it["frames"] = to_json(one.frames);
    it["last"] = to_json(one.last);
    return it;
}

void print(const json& object) {
    // Escaped, so that nothing that a program has written reaches a terminal as it is.
    std::puts(object.dump(2, ' ', true, json::error_handler_t::replace).c_str());
}

}  // namespace troupe::tool
