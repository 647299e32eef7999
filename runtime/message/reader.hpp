// The parsing walker: msgpack-cxx's parser calls it item by item, and it writes each straight into its field. It builds
// no tree and, once its stacks have grown, allocates nothing itself.
//
// The bytes are another process's. Invariants, whatever they are:
//   1. Every array and map says how many items follow. All those numbers together never pass the number of bytes, since
//      an item takes at least one. One that would is refused before anything is made room for.
//   2. Room set aside on the strength of such a number is at most as large as the message, over all containers
//      together.
//   3. A frame of the stack is popped by the item that closes it, or by clear(); an element that was made and not moved
//      into its container is freed then.
#pragma once

#include <troupe/detail/codec.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#define MSGPACK_NO_BOOST
#include <msgpack/unpack.hpp>

namespace troupe::detail {

class reader : public msgpack::detail::context<reader> {
public:
    ~reader() { clear(); }

    // Fills `into`; throws corrupt.
    void read(const shape& what, std::string_view name, const incoming& in, void* into);
    bool busy() const noexcept { return busy_; }

    // What msgpack-cxx's parser asks for. A visit that gives false stops it; why_ then says why.
    reader& visitor() noexcept { return *this; }
    void init() noexcept {}
    bool visit_nil() { return refuse("a nil where something else belongs"); }
    bool visit_boolean(bool value);
    bool visit_positive_integer(std::uint64_t value);
    bool visit_negative_integer(std::int64_t value);
    bool visit_float32(float value);
    bool visit_float64(double value);
    bool visit_str(const char* text, std::uint32_t size);
    bool visit_bin(const char* bytes, std::uint32_t size);
    bool visit_ext(const char*, std::uint32_t) { return refuse("an extension type"); }
    bool start_array(std::uint32_t count);
    bool start_array_item() {
        const frame& at = top();
        if (at.sort != kind::record) return start_element();
        target_ = static_cast<const record_shape&>(*at.what).fields[at.position];
        object_ = addresses_[at.addresses + at.position];
        return true;
    }
    bool end_array_item() {
        frame& at = top();
        if (at.sort == kind::staged) static_cast<const staged_shape&>(*at.what).commit(at.object, at.made);
        ++at.position;
        return true;
    }
    bool end_array() { return pop(); }
    bool start_map(std::uint32_t count);
    bool start_map_key();
    bool end_map_key() { return true; }
    bool start_map_value();
    bool end_map_value();
    bool end_map() { return pop(); }
    void parse_error(std::size_t, std::size_t) { refuse("a byte that is not msgpack"); }

private:
    // A value under way: the object whose parts are being read.
    struct frame {
        const shape* what;
        void* object;
        kind sort;                // of `what`
        std::uint32_t position;   // parts that are complete
        std::uint32_t addresses;  // where its fields' addresses begin, for a record
        void* made;               // the element under way, for a container that takes complete ones
    };

    frame& top() noexcept { return frames_[depth_ - 1]; }
    bool refuse(const char* why) {
        why_ = why;
        return false;
    }
    template <class Integer>
    bool store_integer(Integer value);
    template <class Field, class Integer>
    bool store_as(Integer value);
    bool adopt(std::uint64_t place);
    bool start_record(std::uint32_t count);
    bool push();
    bool pop() {
        const frame& at = top();
        if (at.made != nullptr) discard(at);
        addressed_ = at.addresses;
        --depth_;
        return true;
    }
    static void discard(const frame& at);
    bool start_element();
    bool fits(std::uint64_t items);
    std::size_t take_room(std::size_t count, std::size_t size);
    void clear() noexcept;
    std::string place() const;

    // Where the next value goes.
    const shape* target_ = nullptr;
    void* object_ = nullptr;

    std::array<frame, deepest_nesting> frames_;
    std::size_t depth_ = 0;         // frames in use
    std::vector<void*> addresses_;  // of the fields of all records under way; only ever grows
    std::size_t addressed_ = 0;     // addresses in use
    std::vector<unsigned char> adopted_;
    std::span<const handle_ref> handles_;
    std::uint64_t items_left_ = 0;  // invariant 1
    std::size_t room_left_ = 0;     // invariant 2
    std::uint32_t alternative_ = 0;
    const char* why_ = nullptr;
    bool busy_ = false;
};

}  // namespace troupe::detail
