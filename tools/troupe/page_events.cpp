#include "troupe/page_events.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "troupe/page_json.hpp"

namespace troupe::tool {
namespace {

using json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds pace{500};

std::string event(const char* name, json said) {
    return std::string("event: ") + name + "\ndata: " + page_text(std::move(said)) + "\n\n";
}

}  // namespace

page_events::page_events(page_source& from, json with)
    : from_(from), with_(std::move(with)), watcher_([this] { watch(); }) {}

page_events::~page_events() {
    close();
    watcher_.join();
}

std::shared_ptr<page_events::listener> page_events::open() {
    const std::lock_guard lock(mutex_);
    if (pages_ == most_pages) return nullptr;
    auto it = std::make_shared<listener>(*this);
    ++pages_;
    wanted_.notify_all();
    return it;
}

void page_events::leave() {
    const std::lock_guard lock(mutex_);
    if (--pages_ == 0) last_ = nullptr;
}

void page_events::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wanted_.notify_all();
    news_.notify_all();
}

void page_events::watch() {
    std::unique_lock lock(mutex_);
    while (true) {
        wanted_.wait(lock, [this] { return closed_ || (pages_ != 0 && !end_); });
        if (closed_) return;
        const auto began = std::chrono::steady_clock::now();
        look(lock);
        const auto now = std::chrono::steady_clock::now();
        // A large program is looked at no more than half of the time.
        const auto next = std::max(began + pace, now + (now - began));
        wanted_.wait_until(lock, next, [this] { return closed_ || (pages_ != 0 && last_.is_null()); });
    }
}

void page_events::look(std::unique_lock<std::mutex>& lock) {
    lock.unlock();
    json seen;
    std::optional<std::string> end;
    try {
        seen = from_.look();
        take_out_ages(seen);
    } catch (const std::exception& failed) {
        end = event("ended", {{"text", failed.what()}});
    }
    lock.lock();
    if (end) {
        end_ = std::move(end);
    } else if (pages_ != 0) {
        change_ = last_.is_null() ? std::string() : event("change", changes(last_, seen));
        last_ = std::move(seen);
        ++looks_;
    }
    news_.notify_all();
}

page_events::listener::~listener() { of_.leave(); }

std::optional<std::string> page_events::listener::next() {
    std::unique_lock lock(of_.mutex_);
    of_.news_.wait(lock, [this] { return of_.closed_ || of_.end_ || (!of_.last_.is_null() && of_.looks_ != heard_); });
    if (of_.closed_ || told_end_) return std::nullopt;
    if (of_.end_) {
        told_end_ = true;
        return of_.end_;
    }
    const bool follows = heard_ != 0 && heard_ + 1 == of_.looks_ && !of_.change_.empty();
    heard_ = of_.looks_;
    if (follows) return of_.change_;
    json all = of_.last_;
    lock.unlock();
    all.update(of_.with_);
    return event("all", std::move(all));
}

}  // namespace troupe::tool
