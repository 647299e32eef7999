// The page that `troupe dash` serves: tools/dashboard/page.html, as a part of the program.
#pragma once

#include <string_view>

namespace troupe::tool {

std::string_view page();

}  // namespace troupe::tool
