// A program that loads plugins. What they answer, or what went wrong, it prints, a line each; check.py holds it to
// that.
//
// usage: host asks PLUGIN_OF_7 PLUGIN_OF_50      both are linked with the library that this program is linked with
//        host copies PLUGIN                      one that is linked with a copy of its own
//        host stranded PLUGIN                    the same
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

namespace {

using question = troupe::task<int> (*)(int);

class plugin {
public:
    explicit plugin(const std::string& file) : library_(dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
        if (library_ == nullptr) throw std::runtime_error(dlerror());
    }
    plugin(const plugin&) = delete;
    plugin& operator=(const plugin&) = delete;
    ~plugin() { dlclose(library_); }

    template <class Function>
    Function function(const char* name) const {
        return reinterpret_cast<Function>(dlsym(library_, name));
    }

private:
    void* library_;
};

void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

troupe::task<> ask(const plugin& of, const char* name, int number) {
    std::string line = std::string(name) + ": ";
    try {
        line += std::to_string(co_await of.function<question>(name)(number));
    } catch (const troupe::error& problem) {
        line += problem.what();
    }
    say(line);
}

int own_answer(int number) { return number; }

troupe::task<> ask_all(const plugin& of) {
    for (const char* name :
         {"ask_answer", "ask_named_alike", "ask_parent", "ask_sum", "ask_supervised", "ask_crash", "ask_refuse"}) {
        co_await ask(of, name, 1);
    }
}

bool is_loaded(const std::string& file) {
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_NOLOAD);
    if (library != nullptr) dlclose(library);
    return library != nullptr;
}

troupe::task<int> asks(std::string first, std::string second) {
    for (int round = 0; round < 2; ++round) {
        {
            const plugin of_7(first), of_50(second);
            co_await ask_all(of_7);
            co_await ask_all(of_50);
        }
        if (is_loaded(first) || is_loaded(second)) say("a plugin stayed");
        auto own = co_await troupe::spawn<own_answer>(3);
        say("own: " + std::to_string((co_await own.join()).code()));
    }
    // The other way round, by a path that leads elsewhere from another directory.
    const std::size_t name = second.rfind('/');
    if (chdir(second.substr(0, name).c_str()) != 0) co_return 1;
    const plugin of_50("./" + second.substr(name + 1)), of_7(first);
    if (chdir("/") != 0) co_return 1;
    co_await ask_all(of_50);
    co_await ask_all(of_7);
    co_return 0;
}

troupe::task<int> copies(std::string file) {
    const plugin other(file);
    for (const char* name : {"ask_answer", "ask_supervised", "first_sleep", "first_when_all", "first_group",
                             "first_task", "first_queue", "first_name", "nothing_else"}) {
        co_await ask(other, name, 1);
    }
    say("run_again: " + std::to_string(other.function<int (*)()>("run_again")()));
    auto own = co_await troupe::spawn<own_answer>(3);
    say("own: " + std::to_string((co_await own.join()).code()));
    co_return 0;
}

// Its end is told to the wrong loop, where no error reaches anybody.
troupe::task<int> stranded(std::string file) {
    const plugin other(file);
    co_await troupe::when_all(other.function<question>("nothing_else")(1), troupe::sleep_for(std::chrono::seconds(1)));
    co_return 0;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    if (arguments.at(0) == "asks") return asks(arguments.at(1), arguments.at(2));
    if (arguments.at(0) == "copies") return copies(arguments.at(1));
    return stranded(arguments.at(1));
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
