#include "message/reader.hpp"

#include <troupe/error.hpp>

#include <algorithm>
#include <utility>

namespace troupe::detail {
namespace {

constexpr shape alternative_shape{kind::u32, sizeof(std::uint32_t)};

template <class T>
void store(void* into, T value) {
    std::memcpy(into, &value, sizeof value);
}

}  // namespace

template <class Field, class Integer>
bool reader::store_as(Integer value) {
    if (!std::in_range<Field>(value)) return refuse("an integer that its field cannot hold");
    store(object_, static_cast<Field>(value));
    return true;
}

template <class Integer>
bool reader::store_integer(Integer value) {
    switch (target_->what) {
    case kind::i8: return store_as<std::int8_t>(value);
    case kind::i16: return store_as<std::int16_t>(value);
    case kind::i32: return store_as<std::int32_t>(value);
    case kind::i64: return store_as<std::int64_t>(value);
    case kind::u8: return store_as<std::uint8_t>(value);
    case kind::u16: return store_as<std::uint16_t>(value);
    case kind::u32: return store_as<std::uint32_t>(value);
    case kind::u64: return store_as<std::uint64_t>(value);
    case kind::handle: return value >= 0 ? adopt(static_cast<std::uint64_t>(value)) : refuse("a negative handle");
    default: return refuse("an integer where something else belongs");
    }
}

bool reader::visit_positive_integer(std::uint64_t value) { return store_integer(value); }
bool reader::visit_negative_integer(std::int64_t value) { return store_integer(value); }

bool reader::visit_boolean(bool value) {
    if (target_->what != kind::boolean) return refuse("a boolean where something else belongs");
    store(object_, value);
    return true;
}

bool reader::visit_float32(float value) {
    if (target_->what != kind::f32) return refuse("a float where something else belongs");
    store(object_, value);
    return true;
}

bool reader::visit_float64(double value) {
    if (target_->what != kind::f64) return refuse("a double where something else belongs");
    store(object_, value);
    return true;
}

bool reader::visit_str(const char* text, std::uint32_t size) {
    if (target_->what != kind::text) return refuse("a string where something else belongs");
    static_cast<std::string*>(object_)->assign(size != 0 ? text : "", size);
    return true;
}

bool reader::visit_bin(const char* bytes, std::uint32_t size) {
    const auto* const first = reinterpret_cast<const std::byte*>(bytes);
    switch (target_->what) {
    case kind::block:
        if (size != target_->size) return refuse("a block of bytes of another size than its field");
        std::memcpy(object_, first, size);
        return true;
    case kind::bulk: {
        const auto& bulk = static_cast<const bulk_shape&>(*target_);
        if (size % bulk.element_size != 0) return refuse("a list that ends inside an element");
        bulk.assign(object_, first, size / bulk.element_size);
        return true;
    }
    case kind::packed: static_cast<const packed_shape&>(*target_).unpack({first, size}, object_); return true;
    default: return refuse("bytes where something else belongs");
    }
}

bool reader::adopt(std::uint64_t place) {
    if (place >= handles_.size()) return refuse("a handle that the message does not carry");
    if (std::exchange(adopted_[place], 1) != 0) return refuse("a handle that was used before in this message");
    static_cast<const handle_shape&>(*target_).adopt(object_, handles_[place]);
    return true;
}

bool reader::fits(std::uint64_t items) {
    if (items > items_left_) return refuse("a count of more items than there are bytes");
    items_left_ -= items;
    return true;
}

std::size_t reader::take_room(std::size_t count, std::size_t size) {
    const std::size_t affordable = std::min(count, room_left_ / size);
    room_left_ -= affordable * size;
    return affordable;
}

bool reader::push() {
    if (depth_ == deepest_nesting) return refuse("values that nest more than 64 deep");
    frames_[depth_++] = {target_, object_, target_->what, 0, static_cast<std::uint32_t>(addressed_), nullptr};
    return true;
}

bool reader::start_array(std::uint32_t count) {
    if (!fits(count)) return false;
    switch (target_->what) {
    case kind::record: return start_record(count);
    case kind::row:
        if (count != static_cast<const row_shape&>(*target_).count) return refuse("an array of another length");
        break;
    case kind::sequence: {
        const auto& sequence = static_cast<const sequence_shape&>(*target_);
        sequence.clear(object_, take_room(count, sequence.element_size));
        break;
    }
    case kind::staged: {
        const auto& staged = static_cast<const staged_shape&>(*target_);
        if (staged.single && count != 1) return refuse("a value of one part with another number of them");
        staged.clear(object_);
        break;
    }
    case kind::optional:
        if (count > 1) return refuse("an optional of more than one value");
        static_cast<const optional_shape&>(*target_).reset(object_);
        break;
    case kind::variant:
        if (count != 2) return refuse("a variant that is not an index and a value");
        break;
    default: return refuse("a list where something else belongs");
    }
    return push();
}

bool reader::start_record(std::uint32_t count) {
    const auto& record = static_cast<const record_shape&>(*target_);
    if (count != record.count) return refuse("a struct with another number of fields");
    if (!push()) return false;
    if (addresses_.size() < addressed_ + count) addresses_.resize(addressed_ + most_fields);
    record.locate(object_, addresses_.data() + addressed_);
    addressed_ += count;
    return true;
}

bool reader::start_element() {
    frame& top = this->top();
    switch (top.sort) {
    case kind::row: {
        const auto& row = static_cast<const row_shape&>(*top.what);
        target_ = row.element;
        object_ = static_cast<std::byte*>(top.object) + top.position * row.stride;
        return true;
    }
    case kind::sequence: {
        const auto& sequence = static_cast<const sequence_shape&>(*top.what);
        target_ = sequence.element;
        object_ = sequence.append(top.object);
        return true;
    }
    case kind::staged: {
        const auto& staged = static_cast<const staged_shape&>(*top.what);
        if (top.made == nullptr) top.made = staged.make();
        target_ = staged.element;
        object_ = top.made;
        return true;
    }
    case kind::optional: {
        const auto& optional = static_cast<const optional_shape&>(*top.what);
        target_ = optional.element;
        object_ = optional.emplace(top.object);
        return true;
    }
    default: break;
    }
    const auto& variant = static_cast<const variant_shape&>(*top.what);
    if (top.position == 0) {
        target_ = &alternative_shape;
        object_ = &alternative_;
        return true;
    }
    if (alternative_ >= variant.count) return refuse("a variant's index that names no alternative");
    target_ = variant.alternatives[alternative_];
    object_ = variant.emplace(top.object, alternative_);
    return true;
}

bool reader::start_map(std::uint32_t count) {
    if (!fits(std::uint64_t{count} * 2)) return false;
    if (target_->what != kind::map) return refuse("a map where something else belongs");
    static_cast<const map_shape&>(*target_).clear(object_);
    return push();
}

bool reader::start_map_key() {
    frame& top = this->top();
    const auto& map = static_cast<const map_shape&>(*top.what);
    if (top.made == nullptr) top.made = map.make();
    target_ = map.key;
    object_ = map.key_of(top.made);
    return true;
}

bool reader::start_map_value() {
    const frame& top = this->top();
    const auto& map = static_cast<const map_shape&>(*top.what);
    target_ = map.value;
    object_ = map.value_of(top.made);
    return true;
}

bool reader::end_map_value() {
    frame& top = this->top();
    static_cast<const map_shape&>(*top.what).commit(top.object, top.made);
    ++top.position;
    return true;
}

void reader::discard(const frame& at) {
    if (at.sort == kind::map)
        static_cast<const map_shape&>(*at.what).discard(at.made);
    else
        static_cast<const staged_shape&>(*at.what).discard(at.made);
}

void reader::clear() noexcept {
    while (depth_ != 0) pop();
    busy_ = false;
}

std::string reader::place() const {
    std::string path;
    for (std::size_t i = 0; i < depth_; ++i) {
        const kind what = frames_[i].sort;
        path += path.empty() ? ", in " : ", ";
        path += what == kind::record ? "field " : what == kind::map ? "entry " : "element ";
        path += std::to_string(frames_[i].position + 1);
    }
    return path;
}

void reader::read(const shape& what, std::string_view name, const incoming& in, void* into) {
    struct cleared_at_end {
        reader& self;
        ~cleared_at_end() { self.clear(); }
    } const guard{*this};
    busy_ = true;
    target_ = &what;
    object_ = into;
    handles_ = in.handles;
    if (!handles_.empty()) adopted_.assign(handles_.size(), 0);
    items_left_ = in.bytes.empty() ? 0 : in.bytes.size() - 1;
    room_left_ = in.bytes.size();
    why_ = nullptr;

    context::init();
    std::size_t end = 0;
    const auto* const bytes = reinterpret_cast<const char*>(in.bytes.data());
    const auto result = execute(bytes, in.bytes.size(), end);
    if (result == msgpack::PARSE_SUCCESS && end == in.bytes.size()) return;

    if (result == msgpack::PARSE_SUCCESS) why_ = "bytes behind its end";
    if (result == msgpack::PARSE_CONTINUE) why_ = "an end before the value is complete";
    throw corrupt(std::string("corrupt: a message of type ").append(name).append(" has ") + why_ + place());
}

}  // namespace troupe::detail
