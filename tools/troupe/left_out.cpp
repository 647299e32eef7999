#include "inspect/failure.hpp"
#include "troupe/commands.hpp"

namespace troupe::tool {

void add_left_out(CLI::App& app, const std::string& name, const std::string& summary, const std::string& library,
                  const std::string& package) {
    CLI::App* command = app.add_subcommand(name, summary);
    command->allow_extras();  // whatever options it would have
    command->footer("This troupe was built without " + library + ", and is without this command.");
    command->callback([library, package] {
        throw inspect::failure("this troupe was built without " + library + ": install " + package +
                               " and build it again");
    });
}

}  // namespace troupe::tool
