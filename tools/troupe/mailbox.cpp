// troupe mailbox: what waits for an actor, by type and by sender, and message by message.
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "inspect/observer.hpp"
#include "troupe/commands.hpp"
#include "troupe/contents.hpp"
#include "troupe/json.hpp"
#include "troupe/selection.hpp"
#include "troupe/table.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

struct wishes {
    std::string actor;
    bool contents = false;
    std::size_t first = 0;  // 0: all
};

// What was found of one mailbox.
struct findings {
    const inspect::observer& observer;
    const inspect::snapshot& in;
    const inspect::actor_row& actor;
    std::vector<inspect::message_row> messages;
    std::vector<inspect::message_count> types;
    std::vector<inspect::sender_count> senders;
};

bool receives(const inspect::actor_row& actor) {
    return std::any_of(actor.waits.begin(), actor.waits.end(), [&](const inspect::waiting_row& one) {
        return one.kind == "mailbox" && one.of == actor.mailbox->channel;
    });
}

// Whoever is awake may receive in the next moment.
bool may_receive(const inspect::actor_row& actor) { return actor.waits.empty() || !actor.waits_known; }

std::string receiving_text(const inspect::actor_row& actor) {
    if (receives(actor)) return name_of(actor) + " waits for it";
    if (may_receive(actor)) {
        return name_of(actor) +
               (actor.handling ? " is in its handler of " + printable(actor.handling->type) : " is awake");
    }
    if (!actor.handling) return "nobody receives from it";
    return "nobody receives from it while the handler of " + printable(actor.handling->type) + " waits";
}

json content_of(const inspect::observer& observer, const inspect::message_row& message) {
    const inspect::message_type* type = observer.types().find(message.type_number);
    return contents_of(type != nullptr ? *type : inspect::message_type{message.type_number, message.type, {}, {}},
                       observer.content_of(message), message.flat);
}

// {number: 0, weight: 0.5}
std::string in_words(const json& content) {
    std::string text;
    if (content.is_object()) {
        for (const auto& [key, value] : content.items()) {
            text += (text.empty() ? "" : ", ") + printable(key) + ": " + in_words(value);
        }
        return '{' + text + '}';
    }
    if (content.is_array()) {
        for (const json& value : content) text += (text.empty() ? "" : ", ") + in_words(value);
        return '[' + text + ']';
    }
    return printable(content.dump(-1, ' ', false, json::error_handler_t::replace));
}

using senders_by_type = std::map<std::uint32_t, std::map<std::string, std::uint64_t>>;

senders_by_type count_senders(const findings& found) {
    senders_by_type counts;
    for (const inspect::message_row& one : found.messages)
        ++counts[one.type_number][one.from_name.empty() ? "?" : printable(one.from_name)];
    return counts;
}

std::string text_of(const std::map<std::string, std::uint64_t>& senders) {
    std::vector<std::string> parts;
    for (const auto& [name, count] : senders) parts.push_back(name + ' ' + grouped(count));
    return joined(parts);
}

// How much of its room the messages take. Whoever sends to a full mailbox waits.
std::string fullness_text(const inspect::mailbox_row& box) {
    if (box.of_granules == 0 || box.granules == 0) return "empty";
    if (box.granules >= box.of_granules) return "full, so whoever sends to it waits";
    const double percent = static_cast<double>(box.granules) * 100 / static_cast<double>(box.of_granules);
    return percent < 1 ? "less than 1% full" : std::to_string(static_cast<int>(percent)) + "% full";
}

std::string headline(const inspect::actor_row& actor) {
    const inspect::mailbox_row& box = *actor.mailbox;
    const std::string most = box.at_most ? "at most " : "";
    std::string text =
        title_of(actor) + ": " + most + counted(box.messages, "message") + ", " + counted(box.bytes, "byte");
    if (box.oldest) text += ", oldest " + age(box.oldest, actor.taken_at);
    return text + "; " + fullness_text(box) + "; " + receiving_text(actor);
}

void show_messages(const findings& found, const wishes& wished) {
    const std::size_t most = wished.first != 0 ? std::min(wished.first, found.messages.size()) : found.messages.size();
    for (std::size_t i = 0; i < most; ++i) {
        const inspect::message_row& one = found.messages[i];
        std::string line = '#' + std::to_string(one.index) + "  " + age(one.sent, found.actor.taken_at) + "  ";
        if (one.in_flight) {
            std::puts((line + "is being written").c_str());
            continue;
        }
        line += printable(one.type) + "  " + counted(one.bytes, "byte") + "  from " +
                (one.from_name.empty() ? "somebody" : printable(one.from_name));
        if (one.request) line += ", a request";
        if (wished.contents) line += "  " + in_words(content_of(found.observer, one));
        std::puts(line.c_str());
    }
    if (most < found.messages.size()) std::printf("... %s more\n", grouped(found.messages.size() - most).c_str());
}

void show(const findings& found, const wishes& wished, const invocation& with) {
    std::puts(headline(found.actor).c_str());
    if (!found.types.empty()) {
        table rows({{"TYPE"}, {"COUNT", align::right}, {"BYTES", align::right}, {"OLDEST", align::right}, {"FROM"}});
        senders_by_type senders = count_senders(found);
        for (const inspect::message_count& one : found.types) {
            rows.add({printable(one.type), grouped(one.messages), grouped(one.bytes),
                      age(one.oldest, found.actor.taken_at), text_of(senders[one.type_number])});
        }
        rows.print(terminal(with));
    }
    if (wished.contents || wished.first != 0) show_messages(found, wished);
}

// A key for each row, though many may have the same name.
json by_name(const json& rows, const char* key) {
    json all = json::object();
    std::set<std::string> taken;
    std::map<std::string, int> again;  // how often a name has come again
    for (const json& row : rows) {
        const std::string name = row.at(key);
        int& times = again[name];
        std::string unique = name;
        while (!taken.insert(unique).second) unique = name + " (" + std::to_string(++times + 1) + ')';
        all[unique] = row;
    }
    return all;
}

json object_of(const findings& found, const wishes& wished) {
    const inspect::actor_row& actor = found.actor;
    json it = json_object(found.in);
    it["actor"] = actor.id;
    it["name"] = actor.name;
    it["pid"] = pid_of(actor);
    it["mailbox"] = to_json(*actor.mailbox, actor.taken_at);
    it["received_by"] = receives(actor) ? json(actor.id) : json(nullptr);
    it["awake"] = may_receive(actor);
    it["types"] = by_name(to_json(found.types, actor.taken_at), "type");
    it["senders"] = to_json(found.senders);
    it["from"] = json::object();
    const json senders = by_name(it["senders"], "name");
    for (const auto& [name, row] : senders.items()) it["from"][name] = row.at("messages");
    it["messages"] = json::array();
    for (const inspect::message_row& one : found.messages) {
        if (wished.first != 0 && it["messages"].size() == wished.first) break;
        it["messages"].push_back(to_json(one));
        if (one.in_flight || (!wished.contents && it["messages"].size() > 1)) continue;
        it["messages"].back()["content"] = content_of(found.observer, one);
    }
    return it;
}

void run(const wishes& wished, const invocation& with) {
    inspect::observer observer(inspect::choose_program(with.pid));
    const inspect::snapshot in = observer.look({.graph = false});
    if (!with.json) tell_damaged(in);
    const inspect::actor_row& actor = find_actor(in, wished.actor);
    if (!actor.mailbox) {
        if (!with.json) {
            std::puts((title_of(actor) + " has no mailbox").c_str());
            return;
        }
        json it = json_object(in);
        it["actor"] = actor.id;
        it["mailbox"] = nullptr;
        return print(it);
    }
    findings found{observer, in, actor, observer.messages(actor.mailbox->channel, wished.contents || with.json),
                   {},       {}};
    found.types = observer.by_type(found.messages);
    found.senders = observer.by_sender(found.messages);
    if (with.json) {
        print(object_of(found, wished));
    } else {
        show(found, wished, with);
    }
}

}  // namespace

void add_mailbox(CLI::App& app, invocation& with) {
    auto wished = std::make_shared<wishes>();
    CLI::App* command = app.add_subcommand("mailbox", "What waits in an actor's mailbox, by type and by sender");
    command->add_option("actor", wished->actor, "The actor: its name, its pid, or slot:7")
        ->required()
        ->type_name("ACTOR");
    command->add_flag("--contents", wished->contents, "Show each message with what is in it");
    command->add_option("--first", wished->first, "Show so many messages, the oldest first")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 32).description(""))
        ->type_name("N");
    command->footer(
        "What is in a message is shown by --contents alone; the JSON shows it of the oldest one. Fields have their "
        "names "
        "where the compiler could tell them to the program, and else their positions.");
    command->callback([wished, &with] { run(*wished, with); });
}

}  // namespace troupe::tool
