// What the open pages are told: one thread looks at the program for all of them, each half second while a page is open,
// and not at all while none is.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "troupe/page_source.hpp"

namespace troupe::tool {

class page_events {
public:
    static constexpr unsigned most_pages = 16;

    // `with` is added to each first event of a page: what the server allows.
    page_events(page_source& from, nlohmann::ordered_json with);
    ~page_events();
    page_events(const page_events&) = delete;
    page_events& operator=(const page_events&) = delete;

    // A page that is open.
    class listener {
    public:
        explicit listener(page_events& of) : of_(of) {}
        ~listener();
        listener(const listener&) = delete;
        listener& operator=(const listener&) = delete;

        // The next event, as server-sent events are written: all at first, then what has changed, and at last that the
        // program has ended. Nothing after that, and once the server stops.
        std::optional<std::string> next();

    private:
        page_events& of_;
        std::uint64_t heard_ = 0;
        bool told_end_ = false;
    };

    // Null while there are too many.
    std::shared_ptr<listener> open();
    // Ends all that listen.
    void close();

private:
    void watch();
    void look(std::unique_lock<std::mutex>& lock);
    void leave();

    page_source& from_;
    const nlohmann::ordered_json with_;
    std::mutex mutex_;
    std::condition_variable wanted_;  // a page was opened, or all is over
    std::condition_variable news_;
    unsigned pages_ = 0;
    std::uint64_t looks_ = 0;
    nlohmann::ordered_json last_;  // what was seen; null: nothing that is still good
    std::string change_;           // from the look before to that
    std::optional<std::string> end_;
    bool closed_ = false;
    std::thread watcher_;  // last: it uses all above
};

}  // namespace troupe::tool
