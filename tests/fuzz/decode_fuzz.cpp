// libFuzzer: random bytes decoded as several types. They give a value or `corrupt`; a value that decodes must survive
// being sent once more. The first byte picks the type.
#include <troupe/detail/codec.hpp>
#include <troupe/error.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

using namespace troupe::detail;

struct flat {
    std::uint64_t id;
    std::int32_t x, y;
    bool operator==(const flat&) const = default;
};
struct tree {
    std::string name;
    std::variant<std::monostate, bool, std::int8_t, std::optional<std::string>> value;
    std::vector<tree> children;
    bool operator==(const tree&) const = default;
};
struct wide {
    std::int8_t a;
    std::uint16_t b;
    std::int64_t c;
    bool d;
    char name[8];
    std::vector<flat> flats;
    std::vector<bool> bits;
    std::set<std::string> set;
    std::chrono::milliseconds time;
    bool operator==(const wide&) const = default;
};
using keyed = std::map<std::pair<int, std::string>, std::vector<std::optional<std::string>>>;
using hashed = std::unordered_map<std::string, std::tuple<bool, std::u16string>>;

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "decode_fuzz: %s\n", what);
    std::abort();
}

template <class T>
void try_as(std::span<const std::byte> bytes) {
    T value{};
    try {
        decode({bytes, {}, is_flat<T>}, value);
    } catch (const troupe::corrupt&) {
        return;
    }
    outgoing again;
    encode(value, again);
    T copy{};
    decode(as_incoming(again), copy);  // a throw ends the run
    if (!(copy == value)) give_up("what was decoded does not survive being sent");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
    switch (data[0] % 7) {
    case 0: try_as<flat>(bytes); break;
    case 1: try_as<tree>(bytes); break;
    case 2: try_as<wide>(bytes); break;
    case 3: try_as<keyed>(bytes); break;
    case 4: try_as<hashed>(bytes); break;
    case 5: try_as<std::vector<std::vector<std::string>>>(bytes); break;
    default: try_as<std::tuple<flat, std::string>>(bytes); break;
    }
    return 0;
}
