#include <troupe/error.hpp>

namespace troupe {
namespace {

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "troupe"; }
    std::string message(int code) const override {
        switch (static_cast<errc>(code)) {
        case errc::actor_died: return "the actor is dead";
        case errc::closed: return "closed";
        case errc::timed_out: return "timed out";
        case errc::cancelled: return "cancelled";
        case errc::remote_error: return "the handler of the request threw";
        case errc::too_large: return "too large";
        case errc::corrupt: return "corrupt bytes from another process";
        case errc::spawn_failed: return "the actor could not be started";
        case errc::out_of_memory: return "the program's shared memory is used up";
        case errc::misuse: return "a rule of the interface was broken";
        case errc::gave_up: return "a supervisor gave up";
        case errc::broken_barrier: return "a barrier is broken";
        case errc::io_failed: return "the system refused an operation on a file, a stream or a socket";
        case errc::name_taken: return "another actor has the name";
        }
        return "unknown error";
    }
};

}  // namespace

const std::error_category& error_category() noexcept {
    static const category the_category;
    return the_category;
}

error::error(errc code, const std::string& what) : std::system_error(make_error_code(code)), text_(what) {}

actor_died::actor_died(const std::string& who, exit_status status, const std::string& advice)
    : error(errc::actor_died, who + ' ' + to_string(status) + (advice.empty() ? "" : "; ") + advice),
      status_(std::move(status)) {}

closed::closed(const std::string& what) : error(errc::closed, what) {}
timed_out::timed_out(const std::string& what) : error(errc::timed_out, what) {}
cancelled::cancelled(const std::string& what) : error(errc::cancelled, what) {}
too_large::too_large(const std::string& what) : error(errc::too_large, what) {}
corrupt::corrupt(const std::string& what) : error(errc::corrupt, what) {}
spawn_failed::spawn_failed(const std::string& what) : error(errc::spawn_failed, what) {}
out_of_memory::out_of_memory(const std::string& what) : error(errc::out_of_memory, what) {}
gave_up::gave_up(const std::string& what, exit_status status)
    : error(errc::gave_up, what), status_(std::move(status)) {}
io_failed::io_failed(const std::string& what, int number)
    : error(errc::io_failed, what), reason_(number, std::generic_category()) {}
name_taken::name_taken(const std::string& what) : error(errc::name_taken, what) {}
misuse::misuse(const std::string& what) : error(errc::misuse, what) {}

remote_error::remote_error(std::string type, std::string text)
    : error(errc::remote_error, "the handler threw " + type + (text.empty() ? "" : ": " + text)),
      type_(std::move(type)),
      remote_text_(std::move(text)) {}

}  // namespace troupe
