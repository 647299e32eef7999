// troupe dash: one page about a program, in a browser.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <thread>

#include "inspect/failure.hpp"
#include "inspect/programs.hpp"
#include "troupe/commands.hpp"
#include "troupe/json.hpp"
#include "troupe/page_content.hpp"
#include "troupe/server.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

constexpr std::chrono::seconds longest_end(2);

struct wishes {
    std::uint16_t port = 8642;
    bool control = false;
};

// Waits for SIGINT or SIGTERM, which end a thread that waits for them and nothing else.
class signal_wait {
public:
    // Before any other thread begins: they all inherit that the signals are blocked.
    signal_wait() {
        sigemptyset(&awaited_);
        for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&awaited_, number);
        pthread_sigmask(SIG_BLOCK, &awaited_, nullptr);
        std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): of a browser that has gone away
    }
    void wait() const {
        int number = 0;
        sigwait(&awaited_, &number);
    }

private:
    sigset_t awaited_{};
};

void announce(const inspect::program_found& program, const std::string& address, const wishes& wished, bool as_json) {
    if (as_json) {
        json it = json_object();
        it["url"] = address;
        it["pid"] = program.pid;
        print(it);
    } else {
        std::printf("%s (pid %d) is shown at\n  %s\n", printable(program.name).c_str(), program.pid, address.c_str());
        std::puts(wished.control
                      ? "The page can restart, stop and kill actors. Ctrl-C ends it."
                      : "The page only looks. With --control it could restart, stop and kill. Ctrl-C ends it.");
    }
    std::fflush(stdout);
}

void run(const wishes& wished, const invocation& with) {
    const signal_wait signals;
    const inspect::program_found program = inspect::choose_program(with.pid);
    page_content shown(program);
    server serving(shown, wished.port, wished.control ? control::orders : control::none);
    announce(program, serving.address(), wished, with.json);
    std::promise<void> served;
    const std::future<void> is_over = served.get_future();
    std::thread server_thread([&serving, &served] {
        serving.serve();
        served.set_value();
        ::kill(::getpid(), SIGTERM);  // if nobody has: the wait below is for signals alone
    });
    signals.wait();
    const bool by_itself = is_over.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    serving.stop();
    if (is_over.wait_for(longest_end) == std::future_status::timeout) {
        // Whoever sends or reads slowly would hold it up for as long as he likes.
        std::fflush(stdout);
        std::_Exit(exit_done);
    }
    server_thread.join();
    if (by_itself) throw inspect::failure("the page is not served any more: the system gives no connections");
}

}  // namespace

void add_dash(CLI::App& app, invocation& with) {
    auto wished = std::make_shared<wishes>();
    CLI::App* command = app.add_subcommand("dash", "A page about a program for a browser of this machine");
    command->add_option("--port", wished->port, "The port on 127.0.0.1 to listen on (0: any that is free)")
        ->type_name("PORT")
        ->capture_default_str();
    command->add_flag("--control", wished->control, "Let the page restart, stop and kill actors");
    command->footer(
        "The address that is printed has a token behind the #: whoever has it sees what the page shows. Only this "
        "machine can reach it; from another one, forward the port: ssh -L 8642:127.0.0.1:8642 HOST.");
    command->callback([wished, &with] { run(*wished, with); });
}

}  // namespace troupe::tool
