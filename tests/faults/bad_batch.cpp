// One word of a batch's label in shared memory is overwritten: the reader is to say `corrupt`, or to pass it over.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <troupe/troupe.hpp>
#include "shm/program_layout.hpp"
using namespace std::chrono_literals;
struct two {
    std::uint8_t a, b;
};
struct go {};
troupe::task<int> reader(troupe::mailbox<go, two> in) {
    co_await in.receive<go>();
    int n = 0, bad = 0;
    for (;;) {
        bool broken = false;
        try {
            auto m = co_await troupe::with_timeout(500ms, in.receive<two>());
            if (!m) break;
            ++n;
        } catch (const troupe::corrupt&) {
            broken = true;
        } catch (const troupe::timed_out&) {
            break;
        }
        if (broken) ++bad;
    }
    std::printf("reader: %d messages, %d times corrupt\n", n, bad);
    co_return 0;
}
// Where the ring of the default mailbox class lies in this process.
static std::byte* segment() {
    std::ifstream f("/proc/self/maps");
    for (std::string l; std::getline(f, l);)
        if (l.find("memfd:troupe") != std::string::npos) {
            unsigned long from = 0, to = 0;
            std::sscanf(l.c_str(), "%lx-%lx", &from, &to);
            if (to - from > (1ul << 30)) return reinterpret_cast<std::byte*>(from);
        }
    return nullptr;
}
troupe::task<int> program() {
    auto r = co_await troupe::spawn<reader>({.name = "reader"});
    std::array<two, 1000> all{};
    co_await r.send_many(all);
    co_await troupe::sleep_for(50ms);
    // A wild store of 4 bytes: the label {count 1000, size 2} becomes {2000, 1}.
    std::byte* base = segment();
    const auto& c = troupe::shm::layout.classes[troupe::shm::message_classes + 2];  // rings of 4096 granules
    int hits = 0;
    for (std::uint32_t i = 0; i < 4; ++i) {
        std::byte* ring = base + c.offset(i) + 2048 + 16 * 4096;
        for (int g = 0; g < 4096; ++g) {
            std::uint16_t label[2];
            std::memcpy(label, ring + g * 64 + 8 + sizeof(troupe::detail::message_frame), 4);
            if (label[0] == 1000 && label[1] == 2) {
                label[0] = 2000;
                label[1] = 1;
                std::memcpy(ring + g * 64 + 8 + sizeof(troupe::detail::message_frame), label, 4);
                ++hits;
            }
        }
    }
    std::printf("labels overwritten: %d\n", hits);
    co_await r.send(go{});
    auto end = co_await r.join();
    std::printf("reader %s\n", to_string(end).c_str());
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
