// The packing walker: follows the shapes down a value and writes msgpack. It recurses, so its depth is bounded by the
// same limit that the reader keeps.
#include <troupe/detail/codec.hpp>
#include <troupe/error.hpp>

#include <bit>
#include <string>

#define MSGPACK_NO_BOOST
#include <msgpack/pack.hpp>

namespace troupe::detail {
namespace {

struct sink {
    byte_buffer& bytes;
    void write(const char* from, std::size_t n) { bytes.append(from, n); }
};

template <class T>
T load(const void* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

class writer {
public:
    explicit writer(outgoing& out) : out_(out), sink_{out.bytes}, packer_(sink_) {}

    void write(const shape& what, const void* value) {
        switch (what.what) {
        case kind::boolean: load<bool>(value) ? packer_.pack_true() : packer_.pack_false(); return;
        case kind::i8: packer_.pack_int8(load<std::int8_t>(value)); return;
        case kind::i16: packer_.pack_int16(load<std::int16_t>(value)); return;
        case kind::i32: packer_.pack_int32(load<std::int32_t>(value)); return;
        case kind::i64: packer_.pack_int64(load<std::int64_t>(value)); return;
        case kind::u8: packer_.pack_uint8(load<std::uint8_t>(value)); return;
        case kind::u16: packer_.pack_uint16(load<std::uint16_t>(value)); return;
        case kind::u32: packer_.pack_uint32(load<std::uint32_t>(value)); return;
        case kind::u64: packer_.pack_uint64(load<std::uint64_t>(value)); return;
        case kind::f32: write_float<std::uint32_t>('\xca', load<std::uint32_t>(value)); return;
        case kind::f64: write_float<std::uint64_t>('\xcb', load<std::uint64_t>(value)); return;
        case kind::text: write_text(*static_cast<const std::string*>(value)); return;
        case kind::block: write_bin({static_cast<const std::byte*>(value), what.size}); return;
        case kind::bulk: write_bin(static_cast<const bulk_shape&>(what).view(value)); return;
        case kind::handle: write_handle(static_cast<const handle_shape&>(what), value); return;
        case kind::packed: write_packed(static_cast<const packed_shape&>(what), value); return;
        default: break;
        }
        if (++depth_ > deepest_nesting)
            throw too_large("too large: a message may nest 64 deep; send the value in a flatter form, such as a list");
        write_nested(what, value);
        --depth_;
    }

private:
    struct parts {
        writer& self;
        const shape& first;
        const shape& second;
    };

    void write_nested(const shape& what, const void* value) {
        switch (what.what) {
        case kind::record: return write_record(static_cast<const record_shape&>(what), value);
        case kind::row: return write_row(static_cast<const row_shape&>(what), value);
        case kind::sequence: return write_elements(static_cast<const sequence_shape&>(what), value);
        case kind::staged: return write_elements(static_cast<const staged_shape&>(what), value);
        case kind::map: return write_map(static_cast<const map_shape&>(what), value);
        case kind::optional: return write_optional(static_cast<const optional_shape&>(what), value);
        default: return write_variant(static_cast<const variant_shape&>(what), value);
        }
    }

    // Not pack_double: msgpack-cxx turns a whole number into an integer, which loses the sign of -0.0.
    template <class Bits>
    void write_float(char marker, Bits bits) {
        char encoded[1 + sizeof bits] = {marker};
        for (std::size_t i = 0; i < sizeof bits; ++i)
            encoded[1 + i] = static_cast<char>(bits >> (8 * (sizeof bits - 1 - i)));
        sink_.write(encoded, sizeof encoded);
    }

    // msgpack counts with 32 bits. What it cannot count is past `largest_message` anyway.
    static std::uint32_t counted(std::size_t n) {
        if (n > largest_message) throw too_large("too large: a message may have 1 GiB; send the value in parts");
        return static_cast<std::uint32_t>(n);
    }

    void write_text(const std::string& text) {
        packer_.pack_str(counted(text.size()));
        sink_.write(text.data(), text.size());
    }

    void write_bin(std::span<const std::byte> bytes) {
        packer_.pack_bin(counted(bytes.size()));
        out_.bytes.append(bytes.data(), bytes.size());
    }

    void write_record(const record_shape& what, const void* value) {
        void* address[most_fields];
        what.locate(const_cast<void*>(value), address);  // the addresses are only read through
        packer_.pack_array(what.count);
        for (std::uint32_t i = 0; i < what.count; ++i) write(*what.fields[i], address[i]);
    }

    void write_row(const row_shape& what, const void* value) {
        packer_.pack_array(what.count);
        const auto* element = static_cast<const std::byte*>(value);
        for (std::size_t i = 0; i < what.count; ++i, element += what.stride) write(*what.element, element);
    }

    template <class Shape>
    void write_elements(const Shape& what, const void* value) {
        packer_.pack_array(counted(what.count(value)));
        parts each{*this, *what.element, *what.element};
        what.each(value, &each, [](void* to, const void* element) {
            const parts& p = *static_cast<parts*>(to);
            p.self.write(p.first, element);
        });
    }

    void write_map(const map_shape& what, const void* value) {
        packer_.pack_map(counted(what.count(value)));
        parts each{*this, *what.key, *what.value};
        what.each(value, &each, [](void* to, const void* key, const void* mapped) {
            const parts& p = *static_cast<parts*>(to);
            p.self.write(p.first, key);
            p.self.write(p.second, mapped);
        });
    }

    void write_optional(const optional_shape& what, const void* value) {
        const void* const element = what.get(value);
        packer_.pack_array(element != nullptr ? 1 : 0);
        if (element != nullptr) write(*what.element, element);
    }

    void write_variant(const variant_shape& what, const void* value) {
        const std::uint32_t index = what.index(value);
        if (index >= what.count)
            throw misuse("misuse: a variant that lost its value in an exception cannot be sent; give it one");
        packer_.pack_array(2);
        packer_.pack_uint32(index);
        write(*what.alternatives[index], what.get(value));
    }

    void write_handle(const handle_shape& what, const void* value) {
        packer_.pack_uint32(counted(out_.handles.size()));
        out_.handles.push_back(what.refer(value));
        if (what.give_back != nullptr)
            out_.moved.push_back({what.home(value), what.give_back, out_.handles.size() - 1});
    }

    void write_packed(const packed_shape& what, const void* value) {
        byte_buffer own;
        what.pack(value, own);
        write_bin(own);
    }

    outgoing& out_;
    sink sink_;
    msgpack::packer<sink> packer_;
    std::size_t depth_ = 0;
};

}  // namespace

void encode_shape(const shape& what, const void* value, outgoing& out) {
    const std::size_t bytes = out.bytes.size();
    const std::size_t lent = out.moved.size();
    try {
        writer(out).write(what, value);
    } catch (...) {
        out.bytes.truncate(bytes);
        for (; out.moved.size() > lent; out.moved.pop_back()) {
            const moved_handle& last = out.moved.back();
            last.give_back(last.home, out.handles[last.index]);
        }
        throw;
    }
}

}  // namespace troupe::detail
