// What changes in a directory, or at a path where a file is or will be.
//
//     troupe::watch settings("/etc/service.conf");
//     for (;;) {
//         const troupe::change what = co_await settings.next();
//         if (what.how == troupe::change::written) load();
//     }
#pragma once

#include <memory>
#include <string>

#include <troupe/task.hpp>

namespace troupe {

struct change {
    enum kind {
        written,      // it is there, and was written to, or put in place of another
        removed,      // it is not there any more
        lost_changes  // more has changed than the system kept: look at everything. `path` is what is watched
    };
    kind how;
    std::string path;
};

// A watch of a directory tells of the entries of the directory, but not of directories below it. A watch of a file goes
// by its path, so that a file which is put in the place of another (write_file does that) is told of as well; the file
// need not be there yet, but its directory must. What changes between two calls of `next` is not lost.
class watch {
public:
    watch() noexcept = default;  // an empty one: `next` throws misuse
    // Throws io_failed if it cannot be watched.
    explicit watch(const std::string& path);

    // Waits for the next change. Changes of one kind to one entry that follow upon each other may be told as one.
    // Throws io_failed when what is watched, or the directory of a watched file, has itself been removed or renamed. A
    // wait that is cancelled has taken nothing.
    task<change> next();

    void close() noexcept;
    explicit operator bool() const noexcept { return core_ != nullptr; }

    class core;
    struct end_core {
        void operator()(core* one) const noexcept;
    };

private:
    std::unique_ptr<core, end_core> core_;
};

}  // namespace troupe
