// The program's stderr, for whole lines.
//
// Where the system refuses what is written (no space left on the device, an error of a disk), the lines are lost, but
// not the count of them: the next line that can be written stands behind one that says how many, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.hpp"

namespace troupe::logging {

class error_stream {
public:
    // Waits where nobody reads what was written, but no longer than until then: after that it writes what can be
    // written at once. Allocates nothing.
    void write(std::string_view lines, base::time_point until = base::time_point::max()) noexcept;
    // What was written last was refused.
    bool refused() const noexcept { return lost_ != 0; }

private:
    bool tell_lost(base::time_point until) noexcept;
    std::size_t put(std::string_view bytes, base::time_point until) noexcept;  // how many; errno says why not all

    std::uint64_t lost_ = 0;  // lines that were refused
    int error_ = 0;           // why
    bool mid_line_ = false;   // the beginning of a line was written, and not its end
};

}  // namespace troupe::logging
