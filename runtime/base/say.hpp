// What the runtime has to say to a person, without anybody asking: on stderr, a line each.
#pragma once

namespace troupe::base {

// "troupe: " and the line, as printf makes it; cut at 500 bytes. Waits for nobody: where stderr takes nothing more, the
// line is lost. Allocates nothing.
[[gnu::format(printf, 1, 2)]] void say(const char* format, ...) noexcept;

}  // namespace troupe::base
