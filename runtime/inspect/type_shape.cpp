#include "inspect/type_shape.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace troupe::inspect {
namespace {

constexpr std::size_t longest_text = 8192, most_nodes = 4096, deepest = 64;
constexpr std::uint64_t largest = std::uint64_t{1} << 40;  // bytes of a message; what is larger is no size

std::optional<std::uint64_t> sum(std::optional<std::uint64_t> one, std::optional<std::uint64_t> other) {
    if (!one || !other || *one + *other > largest) return std::nullopt;
    return *one + *other;
}

std::optional<std::uint64_t> product(std::uint64_t count, std::optional<std::uint64_t> each) {
    if (count == 0 || !each || *each == 0 || count > largest / *each) return std::nullopt;
    return count * *each;
}

bool is_in_a_name(char c) {
    constexpr std::string_view ends = ",={}[]()<>|:?@^*~";
    return ends.find(c) == std::string_view::npos && static_cast<unsigned char>(c) > ' ' && c != '\x7f';
}

struct damaged {};

class shape_reader {
public:
    shape_reader(std::string_view text, std::vector<shape_node>& nodes) : rest_(text), nodes_(nodes) {}

    void read_all() {
        read();
        if (!rest_.empty()) throw damaged();
    }

private:
    std::uint32_t read() {
        if (depth_ == deepest || nodes_.size() == most_nodes) throw damaged();
        ++depth_;
        const char sign = next();
        const std::uint32_t place = sign == '^' ? outer_record() : read_as(sign);
        --depth_;
        return place;
    }

    std::uint32_t read_as(char sign) {
        switch (sign) {
        case 'b': return number(shape_kind::boolean, 1);
        case 'i': return number(shape_kind::signed_integer, 16);
        case 'u': return number(shape_kind::unsigned_integer, 16);
        case 'f': return number(shape_kind::real, 8);
        case 'c': return number(shape_kind::character, 1);
        case 'x': return number(shape_kind::opaque, 1024);
        case 's': return add(shape_kind::text);
        case 'p': return add(shape_kind::packed);
        case '*': return add(shape_kind::unknown);
        case '@': return handle();
        case '{': return record();
        case '[': return list();
        case '(': return map();
        case '<': return variant();
        case '?': return with_one_part(shape_kind::optional);
        case '=': return with_one_part(shape_kind::single);
        default: throw damaged();
        }
    }

    std::uint32_t add(shape_kind kind) {
        nodes_.push_back({});
        nodes_.back().kind = kind;
        return static_cast<std::uint32_t>(nodes_.size() - 1);
    }

    std::uint32_t number(shape_kind kind, std::uint64_t most_bytes) {
        const std::uint64_t bytes = digits();
        if (bytes == 0 || bytes > most_bytes) throw damaged();
        const std::uint32_t place = add(kind);
        nodes_[place].count = bytes;
        if (kind != shape_kind::boolean) nodes_[place].flat = bytes;
        return place;
    }

    std::uint32_t handle() {
        std::string name = word();
        if (name.empty()) throw damaged();
        const std::uint32_t place = add(name == "actor" ? shape_kind::actor : shape_kind::handle);
        if (nodes_[place].kind == shape_kind::actor) nodes_[place].flat = sizeof(std::uint64_t);
        nodes_[place].names.push_back(std::move(name));
        return place;
    }

    std::uint32_t record() {
        const std::uint32_t place = add(shape_kind::record);
        records_.push_back(place);
        nodes_[place].backwards = take('~');
        std::optional<std::uint64_t> bytes = 0;
        bool named = true;
        for (bool first = true; !take('}'); first = false) {
            if (!first) expect(',');
            std::string name = field_name();
            named = named && !name.empty();
            nodes_[place].names.push_back(std::move(name));
            const std::uint32_t part = read();
            nodes_[place].parts.push_back(part);
            bytes = sum(bytes, nodes_[part].flat);
        }
        records_.pop_back();
        if (!named) nodes_[place].names.clear();
        if (!nodes_[place].parts.empty()) nodes_[place].flat = bytes;
        return place;
    }

    std::uint32_t list() {
        const std::uint32_t place = add(shape_kind::list);
        if (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
            nodes_[place].kind = shape_kind::array;
            nodes_[place].count = digits();
            expect('*');
        }
        const std::uint32_t element = read();
        expect(']');
        nodes_[place].parts.push_back(element);
        if (nodes_[place].kind == shape_kind::array) {
            nodes_[place].flat = product(nodes_[place].count, nodes_[element].flat);
        }
        return place;
    }

    std::uint32_t map() {
        const std::uint32_t place = add(shape_kind::map);
        const std::uint32_t key = read();
        expect(':');
        const std::uint32_t value = read();
        expect(')');
        nodes_[place].parts = {key, value};
        return place;
    }

    std::uint32_t variant() {
        const std::uint32_t place = add(shape_kind::variant);
        for (bool first = true; first || !take('>'); first = false) {
            if (!first) expect('|');
            const std::uint32_t part = read();
            nodes_[place].parts.push_back(part);
        }
        return place;
    }

    std::uint32_t with_one_part(shape_kind kind) {
        const std::uint32_t place = add(kind);
        const std::uint32_t part = read();
        nodes_[place].parts.push_back(part);
        return place;
    }

    std::uint32_t outer_record() {
        const std::uint64_t outwards = digits();
        if (outwards >= records_.size()) throw damaged();
        return records_[records_.size() - 1 - outwards];
    }

    // The name before a "="; empty where there is none.
    std::string field_name() {
        const std::string_view before = rest_;
        std::string name = word();
        if (!name.empty() && take('=')) return name;
        rest_ = before;
        return {};
    }
    std::string word() {
        const auto end = std::ranges::find_if_not(rest_, is_in_a_name);
        std::string found(rest_.begin(), end);
        rest_.remove_prefix(found.size());
        return found;
    }
    std::uint64_t digits() {
        std::uint64_t value = 0;
        const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (read.ec != std::errc()) throw damaged();
        rest_.remove_prefix(static_cast<std::size_t>(read.ptr - rest_.data()));
        return value;
    }
    char next() {
        if (rest_.empty()) throw damaged();
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }
    bool take(char wanted) {
        if (rest_.empty() || rest_.front() != wanted) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char wanted) {
        if (!take(wanted)) throw damaged();
    }

    std::string_view rest_;
    std::vector<shape_node>& nodes_;
    std::vector<std::uint32_t> records_;  // that are open, outermost first
    std::size_t depth_ = 0;
};

}  // namespace

type_shape::type_shape(std::string_view text) {
    try {
        if (text.size() > longest_text) throw damaged();
        shape_reader(text, nodes_).read_all();
    } catch (const damaged&) {
        nodes_.assign(1, shape_node{});
    }
}

}  // namespace troupe::inspect
