// The actor functions of this executable, in a list that static initialisers make.
#include <troupe/detail/birth.hpp>

namespace troupe::detail {
namespace {

constinit const registration* first_registered = nullptr;

constexpr std::uint64_t fnv_start = 0xcbf29ce484222325, fnv_prime = 0x100000001b3;

std::uint64_t hash_of(std::string_view name) {
    std::uint64_t hash = fnv_start;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * fnv_prime;
    return hash;
}

}  // namespace

registration::registration(std::string_view name, actor_call call, message_names messages) noexcept
    : name_(name), call_(call), messages_(messages), key_(hash_of(name)), next_(first_registered) {
    for (const registration* one = first_registered; one != nullptr; one = one->next_) {
        if (one->name_ == name) {
            key_ = one->key_ * fnv_prime + 1;
            break;  // the one before of this name is the first that is met
        }
    }
    first_registered = this;
}

const registration* registration::find(std::uint64_t key) noexcept {
    for (const registration* one = first_registered; one != nullptr; one = one->next_) {
        if (one->key_ == key) return one;
    }
    return nullptr;
}

}  // namespace troupe::detail
