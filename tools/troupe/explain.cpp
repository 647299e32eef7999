// troupe explain: how the processes of an actor ended, one after the other, and what each did last.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iterator>
#include <memory>

#include "inspect/ends.hpp"
#include "inspect/failure.hpp"
#include "inspect/observer.hpp"
#include "inspect/stack_names.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/selection.hpp"
#include "troupe/table.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

using inspect::actor_row;
using inspect::end_row;
using inspect::snapshot;

struct wishes {
    std::string what;   // an actor, or the number of an end
    bool last = false;  // the last end of the program
    bool all = false;   // frames of the runtime, and everything it did
};

constexpr std::size_t shown_events = 8;

// --- Which ends are meant

// An actor that has ended for good may be in no table any more; its ends still say what it was called.
struct asked_for {
    const actor_row* actor = nullptr;
    std::string name;
    std::vector<end_row> ends;  // newest first
};

bool is_number(const std::string& text, std::uint64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

asked_for of_actor(const actor_row& actor, const std::vector<end_row>& ends) {
    asked_for found{&actor, name_of(actor), {}};
    std::copy_if(ends.begin(), ends.end(), std::back_inserter(found.ends),
                 [&](const end_row& one) { return one.actor == actor.id; });
    return found;
}

// Those that are called so, or had this pid, and are in no table any more.
asked_for of_the_dead(const std::string& text, const std::vector<end_row>& ends) {
    std::uint64_t pid = 0;
    const bool may_be_pid = is_number(text, pid);
    asked_for found{nullptr, text, {}};
    for (const end_row& one : ends) {
        const bool fits = one.name == text || (may_be_pid && one.pid > 0 && static_cast<std::uint64_t>(one.pid) == pid);
        if (fits) found.ends.push_back(one);
    }
    if (!found.ends.empty()) found.name = printable(found.ends.front().name);
    return found;
}

asked_for find_ends(const wishes& wished, const snapshot& in, const std::vector<end_row>& ends) {
    std::uint64_t number = 0;
    if (wished.last) {
        if (ends.empty()) return {};
        return {find_actor(in, ends.front().actor), printable(ends.front().name), {ends.front()}};
    }
    if (is_number(wished.what, number)) {
        for (const end_row& one : ends) {
            if (one.number == number) return {find_actor(in, one.actor), printable(one.name), {one}};
        }
        if (number > 0 && number <= in.program.ends) {
            throw inspect::failure("end " + wished.what + " of the program is not kept any more: the last " +
                                   grouped(ends.size()) + " are");
        }
    }
    // One that has ended for good may be in no table any more, and is found by its ends alone. Of several that live,
    // as workers of a pool do, none is meant more than the others: then the ends of all of that name are.
    const auto namesakes = std::count_if(in.actors.begin(), in.actors.end(),
                                         [&](const actor_row& one) { return one.name == wished.what; });
    if (namesakes != 1) {
        asked_for dead = of_the_dead(wished.what, ends);
        if (!dead.ends.empty() && find_actor(in, dead.ends.front().actor) == nullptr) return dead;
    }
    return of_actor(find_actor(in, wished.what), ends);
}

// --- What is said of them

std::string frame_text(const inspect::frame_row& frame) {
    const std::string module = printable(frame.module.substr(frame.module.rfind('/') + 1));
    char offset[32];
    std::snprintf(offset, sizeof offset, "+0x%llx", static_cast<unsigned long long>(frame.offset));
    const std::string where = (module.empty() ? "?" : module) + offset;
    const std::string place = at_place(frame.file, frame.line);
    if (frame.function.empty()) return where;
    return printable(frame.function) + (place.empty() ? "" : " at " + place) + " (" + where + ')';
}

const inspect::frame_row* innermost_own(const end_row& end) {
    const auto found = std::find_if(end.frames.begin(), end.frames.end(), [](const inspect::frame_row& one) {
        return !one.of_runtime && !one.function.empty();
    });
    return found == end.frames.end() ? nullptr : &*found;
}

// "was ended by signal 11 (SIGSEGV) at address 0x18 in inspected::read_at(unsigned long) (inspected.cpp:62)"
std::string sentence(const end_row& end) {
    std::string text = printable(end.text);
    if (end.fault_address && text.find(" at address ") == std::string::npos && end.signal != 0) {
        char address[32];
        std::snprintf(address, sizeof address, "0x%llx", static_cast<unsigned long long>(*end.fault_address));
        text += std::string(" at address ") + address;
    }
    const inspect::frame_row* own = end.signal != 0 ? innermost_own(end) : nullptr;
    if (own == nullptr || text.find(" in ") != std::string::npos) return text;
    const std::string place = at_place(own->file, own->line);
    return text + " in " + printable(own->function) + (place.empty() ? "" : " (" + place + ')');
}

void show_frames(const end_row& end, const wishes& wished) {
    const bool has_own =
        std::any_of(end.frames.begin(), end.frames.end(), [](const auto& one) { return !one.of_runtime; });
    std::uint64_t left_out = 0;
    for (std::size_t i = 0; i < end.frames.size(); ++i) {
        if (end.frames[i].of_runtime && has_own && !wished.all) {
            ++left_out;
        } else {
            std::printf("  #%zu  %s\n", i, frame_text(end.frames[i]).c_str());
        }
    }
    if (left_out != 0) std::printf("  ... %s of the runtime; --all\n", counted(left_out, "frame").c_str());
}

std::string event_text(const inspect::event_row& event) {
    const std::string type = printable(event.type);
    const std::string peer = printable(event.peer_name);
    std::string text = printable(event.kind);
    if (text == "handling") text = "took";
    if (!type.empty()) text += ' ' + type;
    const bool came = event.kind == "handling" || event.kind == "taken" || event.kind == "handled";
    if (!peer.empty() && event.kind != "began" && event.kind != "ended") text += (came ? " from " : " ") + peer;
    if (event.kind == "began") text += " as incarnation " + std::to_string(event.position);
    return text;
}

void show_last(const end_row& end, const wishes& wished) {
    if (end.last.empty()) return;
    const std::size_t skipped = wished.all || end.last.size() <= shown_events ? 0 : end.last.size() - shown_events;
    std::puts("  what it did last, and how long before its end:");
    if (skipped != 0) std::printf("    ... %s before; --all\n", grouped(skipped).c_str());
    for (std::size_t i = skipped; i < end.last.size(); ++i) {
        const double before = end.at - end.last[i].at;
        std::printf("    %9s  %s\n", duration(before).c_str(), event_text(end.last[i]).c_str());
    }
}

void show(const end_row& end, const wishes& wished, double now) {
    std::printf("[%llu] %s ago, incarnation %u (pid %d): %s\n", static_cast<unsigned long long>(end.number),
                age(end.at, now).c_str(), end.incarnation, end.pid, sentence(end).c_str());
    if (!end.message.empty()) {
        std::printf("  handling %s%s, delivered %s\n", printable(end.message).c_str(),
                    end.from_name.empty() ? "" : (" from " + printable(end.from_name)).c_str(),
                    counted(end.deliveries, "time").c_str());
    }
    if (!end.exception_type.empty() && end.text.find(end.exception_type) == std::string::npos) {
        std::printf("  by %s: %s\n", printable(end.exception_type).c_str(), printable(end.exception_text).c_str());
    }
    show_frames(end, wished);
    if (end.lost != 0) {
        std::printf("  %s in its mailbox %s lost with it\n", counted(end.lost, "message").c_str(),
                    end.lost == 1 ? "was" : "were");
    }
    std::printf("  memory at most %s, CPU time %s\n", amount(end.peak_memory).c_str(), duration(end.cpu_time).c_str());
    show_last(end, wished);
}

bool lives(const actor_row* actor) {
    return actor != nullptr && actor->state != inspect::actor_state::dead && actor->state != inspect::actor_state::down;
}

std::string headline(const asked_for& found) {
    const std::string slot = found.actor != nullptr ? "slot " + std::to_string(found.actor->slot)
                                                    : "slot " + std::to_string(found.ends.front().slot);
    std::string text = found.name + " (" + slot + "): ended " + counted(found.ends.size(), "time");
    if (lives(found.actor)) {
        text += ", lives as incarnation " + std::to_string(found.actor->incarnation) + " (pid " +
                std::to_string(pid_of(*found.actor)) + ')';
    } else if (found.actor != nullptr && found.actor->state == inspect::actor_state::down) {
        text += ", and its supervisor starts it again";
    }
    return text;
}

void show(const asked_for& found, const wishes& wished) {
    if (found.ends.empty()) {
        std::puts(found.actor == nullptr ? "No actor of the program has ended."
                                         : (title_of(*found.actor) + " has not ended").c_str());
        return;
    }
    if (wished.last || found.ends.size() == 1) {
        const end_row& end = found.ends.front();
        std::printf("%s (slot %u)\n", found.name.empty() ? "an actor" : found.name.c_str(), end.slot);
    } else {
        std::puts(headline(found).c_str());
    }
    const double now = monotonic_now();
    for (const end_row& end : found.ends) show(end, wished, now);
}

void run(const wishes& wished, const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    const snapshot in = observer.look({.graph = false});
    if (!with.json) tell_damaged(in);
    asked_for found = find_ends(wished, in, inspect::read_ends(observer.view(), observer.types()));
    inspect::name_frames(observer.program(), found.ends);
    if (!with.json) return show(found, wished);
    json it = json_object(in);
    it["name"] = found.name;
    it["actor"] = found.actor != nullptr ? json(found.actor->id) : json(nullptr);
    it["pid"] = lives(found.actor) ? json(pid_of(*found.actor)) : json(nullptr);
    it["incarnation"] = lives(found.actor) ? json(found.actor->incarnation) : json(nullptr);
    it["ends"] = to_json(found.ends);
    print(it);
}

}  // namespace

void add_explain(CLI::App& app, invocation& with) {
    auto wished = std::make_shared<wishes>();
    CLI::App* command = app.add_subcommand("explain", "How an actor ended, each time, and what it did last");
    CLI::Option* what =
        command->add_option("actor", wished->what, "The actor: its name, its pid, or slot:7; or the number of an end")
            ->type_name("ACTOR");
    command->add_flag("--last", wished->last, "The last end in the program, whoever it was")->excludes(what);
    command->add_flag("--all", wished->all, "Show the frames of the runtime as well, and all that it did last");
    command->footer(
        "The ends of a program are numbered from 1 on; `troupe explain 3` shows the third alone. The last "
        "512 are kept, those of actors that are gone included.");
    command->callback([wished, &with] {
        if (wished->what.empty() && !wished->last) throw CLI::RequiredError("ACTOR, or --last,");
        run(*wished, with);
    });
}

}  // namespace troupe::tool
