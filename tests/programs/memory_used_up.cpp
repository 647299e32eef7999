// A program whose shared memory is used up: its actors answer all the same, and go on.
#include <cstddef>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

namespace {

struct page {
    using reply = std::string;
    std::size_t size = 0;
};

troupe::task<> print(troupe::mailbox<page> inbox) {
    co_await inbox.serve([](page p) { return std::string(p.size, 'p'); });
}

std::string answer_of(const troupe::actor<page>& one) {
    try {
        return std::to_string(troupe::sync_wait(one.ask(page{1000})).size());
    } catch (const troupe::remote_error& error) {
        return error.type();
    } catch (const troupe::error& error) {
        return error.what();
    }
}

int live() {
    verdict said;
    const auto printer = troupe::sync_wait(troupe::spawn<&print>());
    said.check("memory used up: an actor answers before", answer_of(printer) == "1000");
    {
        std::vector<troupe::buffer> all;
        try {
            for (;;) all.emplace_back(std::size_t{1});
        } catch (const troupe::out_of_memory&) {
        }
        const std::string answer = answer_of(printer);
        said.check("memory used up: who asks is told that there was none for the reply",
                   answer.find("out_of_memory") != std::string::npos);
    }
    said.check("memory used up: the actor goes on", answer_of(printer) == "1000");
    printer.stop();
    said.check("memory used up: and ends when it is told to", troupe::sync_wait(printer.join()).code() == 0);
    return said.close();
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<live>(argc, argv, {.memory = std::size_t{8} << 20}); }
