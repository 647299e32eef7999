#include "troupe/server.hpp"

#include <sys/random.h>
#include <sys/socket.h>

#include <httplib.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "inspect/failure.hpp"
#include "troupe/page.hpp"
#include "troupe/page_events.hpp"
#include "troupe/page_json.hpp"

namespace troupe::tool {
namespace {

using json = nlohmann::ordered_json;
using httplib::Request;
using httplib::Response;

constexpr const char* here = "127.0.0.1";
constexpr const char* key_header = "X-Troupe";
constexpr std::size_t most_bytes_of_a_request = 4096;
constexpr std::size_t threads_beside_pages = 8;

// 128 random bits, in hex.
std::string secret() {
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw inspect::failure(std::string("the system gave no random bytes: ") + std::strerror(errno));
    }
    std::string text;
    for (const unsigned char byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

// Takes the same time wherever they differ.
bool same(std::string_view one, std::string_view other) {
    if (one.size() != other.size()) return false;
    unsigned differing = 0;
    for (std::size_t i = 0; i < one.size(); ++i) differing |= static_cast<unsigned char>(one[i] ^ other[i]);
    return differing == 0;
}

// The port may be another than ours, because ssh may lead here from another.
bool is_host_here(const std::string& host) {
    const std::string name = host.substr(0, host.find(':'));
    return name == here || name == "localhost";
}

std::string cookie_of(const Request& asked, const std::string& name) {
    const std::string all = asked.get_header_value("Cookie");
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t end = (std::min)(all.find(';', at), all.size());
        std::string_view one = std::string_view(all).substr(at, end - at);
        while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
        if (one.size() > name.size() && one.substr(0, name.size()) == name && one[name.size()] == '=') {
            return std::string(one.substr(name.size() + 1));
        }
        at = end + 1;
    }
    return {};
}

std::optional<std::uint64_t> number_in(const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (wrong != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// What the page never sends, and what the library would take without a limit: a body whose length is not said or that
// is packed, and an answer in pieces, each of which may be the whole.
bool has_no_limit(const Request& asked) {
    const bool may_have_a_body = asked.method != "GET" && asked.method != "HEAD" && asked.method != "OPTIONS";
    return asked.has_header("Transfer-Encoding") || asked.has_header("Content-Encoding") || asked.has_header("Range") ||
           (may_have_a_body && !asked.has_header("Content-Length"));
}

void say(Response& to, json object, int status = 200) {
    to.status = status;
    to.set_content(page_text(std::move(object)), "application/json");
}
void refuse(Response& to, int status, const std::string& why) { say(to, {{"error", why}}, status); }

// What a failure says is for the user of the page.
template <class Work>
void say_result(Response& to, const Work& work) {
    try {
        say(to, work());
    } catch (const inspect::failure& failed) {
        refuse(to, 409, failed.what());
    }
}

}  // namespace

struct server::inside {
    page_source& from;
    control allowed;
    page_events events;
    httplib::Server http;
    int port = 0;
    std::string token = secret(), cookie = secret(), key = secret();

    inside(page_source& source, control orders)
        : from(source), allowed(orders), events(source, {{"control", orders == control::orders}}) {}

    void listen(std::uint16_t wanted);
    void route();

    std::string cookie_name() const { return "troupe-" + std::to_string(port); }

    bool is_from_page(const Request& asked) const;
    bool knows_secrets(const Request& asked) const;
    httplib::Server::Handler for_those_who_know(httplib::Server::Handler handler);
    httplib::Server::Handler for_the_page(httplib::Server::Handler handler);

    void show_page(const Request& asked, Response& to) const;
    void begin_session(const Request& asked, Response& to) const;
    void tell_events(Response& to);
    void answer(std::string_view what, const Request& asked, Response& to);
    void carry_out(const Request& asked, Response& to);
};

void server::inside::listen(std::uint16_t wanted) {
    // The library would share the port with a second server of the same user, and each would have half of the requests.
    http.set_socket_options([](int socket) {
        const int yes = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    if (wanted == 0) {
        port = http.bind_to_any_port(here);
        if (port <= 0) throw inspect::failure("no port of 127.0.0.1 is free");
        return;
    }
    port = wanted;
    if (http.bind_to_port(here, wanted)) return;
    const std::string why = errno == EADDRINUSE ? "another program has it" : std::strerror(errno);
    throw inspect::failure("port " + std::to_string(wanted) + " of 127.0.0.1 cannot be had: " + why +
                           "; name another with --port, or 0 for one that is free");
}

// Whether a script of the page sent it: a form or a script of another origin cannot set both headers so.
bool server::inside::is_from_page(const Request& asked) const {
    return asked.get_header_value("Origin") == "http://" + asked.get_header_value("Host") &&
           asked.has_header(key_header);
}

bool server::inside::knows_secrets(const Request& asked) const {
    const std::string shown = asked.has_header(key_header) ? asked.get_header_value(key_header)
                                                           : asked.get_param_value("key");  // of an event source
    return same(cookie_of(asked, cookie_name()), cookie) && same(shown, key);
}

httplib::Server::Handler server::inside::for_those_who_know(httplib::Server::Handler handler) {
    return [this, handler = std::move(handler)](const Request& asked, Response& to) {
        if (!is_host_here(asked.get_header_value("Host")))
            return refuse(to, 403, "This is not the host that is asked for.");
        if (!knows_secrets(asked)) {
            return refuse(to, 403, "This needs the address that troupe dash printed, with all that follows the #.");
        }
        handler(asked, to);
    };
}

httplib::Server::Handler server::inside::for_the_page(httplib::Server::Handler handler) {
    return for_those_who_know([this, handler = std::move(handler)](const Request& asked, Response& to) {
        if (!is_from_page(asked)) return refuse(to, 403, "Only the page that is served here may ask for this.");
        handler(asked, to);
    });
}

void server::inside::show_page(const Request& asked, Response& to) const {
    if (!is_host_here(asked.get_header_value("Host")))
        return refuse(to, 403, "This is not the host that is asked for.");
    to.set_header("Content-Security-Policy", "frame-ancestors 'none'");  // the rest stands in the page
    to.set_content(page().data(), page().size(), "text/html; charset=utf-8");
}

void server::inside::begin_session(const Request& asked, Response& to) const {
    const json said = json::parse(asked.body, nullptr, false);
    const bool is_object = said.is_object() && said.contains("token") && said["token"].is_string();
    if (!is_host_here(asked.get_header_value("Host")) || !is_from_page(asked) || !is_object ||
        !same(said["token"].get<std::string>(), token)) {
        return refuse(to, 403, "The token is not that of this troupe dash: open the address that it printed.");
    }
    to.set_header("Set-Cookie", cookie_name() + "=" + cookie + "; HttpOnly; SameSite=Strict; Path=/");
    say(to, {{"key", key}});
}

void server::inside::tell_events(Response& to) {
    const auto page = events.open();
    if (!page) {
        return refuse(to, 503, "There are " + std::to_string(page_events::most_pages) + " open pages: close one.");
    }
    to.set_chunked_content_provider("text/event-stream", [page](std::size_t, httplib::DataSink& sink) {
        const std::optional<std::string> next = page->next();
        if (!next) {
            sink.done();
            return true;
        }
        return sink.write(next->data(), next->size());
    });
}

void server::inside::answer(std::string_view what, const Request& asked, Response& to) {
    std::uint64_t actor = 0;
    if (asked.has_param("actor")) {
        const auto number = number_in(asked.get_param_value("actor"));
        if (!number) return refuse(to, 400, "An actor is named by its id here, a number.");
        actor = *number;
    }
    say_result(to, [&] { return from.answer(what, actor); });
}

void server::inside::carry_out(const Request& asked, Response& to) {
    const json said = json::parse(asked.body, nullptr, false);
    const auto text = [&](const char* name) {
        return said.is_object() && said.contains(name) && said[name].is_string();
    };
    const auto number = [&](const char* name) {
        return said.is_object() && said.contains(name) && said[name].is_number_unsigned();
    };
    if (!text("order") || !number("actor") || !number("pid")) {
        return refuse(to, 400, R"(An order is {"order": "restart", "actor": its id, "pid": of its process}.)");
    }
    const page_source::order wanted{said["order"], said["actor"], said["pid"]};
    if (wanted.kind != "restart" && wanted.kind != "stop" && wanted.kind != "kill") {
        return refuse(to, 400, "The orders are restart, stop and kill.");
    }
    say_result(to, [&] { return json{{"text", from.carry_out(wanted)}}; });
}

void server::inside::route() {
    http.set_default_headers({{"Cache-Control", "no-store"},
                              {"X-Content-Type-Options", "nosniff"},
                              {"X-Frame-Options", "DENY"},
                              {"Referrer-Policy", "no-referrer"},
                              {"Cross-Origin-Resource-Policy", "same-origin"},
                              {"Cross-Origin-Opener-Policy", "same-origin"}});
    http.set_pre_routing_handler([](const Request& asked, Response& to) {  // before a body is read
        if (!has_no_limit(asked)) return httplib::Server::HandlerResponse::Unhandled;
        to.set_header("Connection", "close");
        refuse(to, 400, "This asks for more than the page ever does.");
        return httplib::Server::HandlerResponse::Handled;
    });
    http.Get("/", [this](const Request& asked, Response& to) { show_page(asked, to); });
    http.Post("/session", [this](const Request& asked, Response& to) { begin_session(asked, to); });
    http.Get("/events", for_those_who_know([this](const Request&, Response& to) { tell_events(to); }));
    for (const char* what : {"actor", "stack", "ends", "doctor"}) {
        http.Get(std::string("/") + what,
                 for_those_who_know([this, what](const Request& asked, Response& to) { answer(what, asked, to); }));
    }
    // The actors measure for it, so it is asked for by the page alone.
    http.Post("/latencies",
              for_the_page([this](const Request& asked, Response& to) { answer("latencies", asked, to); }));
    if (allowed == control::orders) {
        http.Post("/order", for_the_page([this](const Request& asked, Response& to) { carry_out(asked, to); }));
    }
    http.set_error_handler([](const Request&, Response& to) {
        if (to.body.empty()) refuse(to, to.status, "There is nothing here that could be asked for so.");
    });
    http.set_exception_handler([](const Request&, Response& to, std::exception_ptr thrown) {
        try {
            std::rethrow_exception(std::move(thrown));
        } catch (const std::exception& failed) {
            refuse(to, 500, failed.what());
        }
    });
    http.set_payload_max_length(most_bytes_of_a_request);
    http.set_keep_alive_max_count(1000);
    http.set_keep_alive_timeout(1);
    http.new_task_queue = [] { return new httplib::ThreadPool(page_events::most_pages + threads_beside_pages); };
}

server::server(page_source& from, std::uint16_t port, control allowed)
    : inside_(std::make_unique<inside>(from, allowed)) {
    inside_->route();
    inside_->listen(port);
}

server::~server() = default;

std::string server::address() const {
    return "http://" + std::string(here) + ":" + std::to_string(inside_->port) + "/#" + inside_->token;
}

void server::serve() { inside_->http.listen_after_bind(); }

void server::stop() {
    inside_->events.close();
    inside_->http.stop();
}

}  // namespace troupe::tool
