// The actor functions of this executable, in a list that static initialisers make.
#include <troupe/detail/birth.hpp>

namespace troupe::detail {
namespace {

constinit const registration* first_registered = nullptr;

}  // namespace

registration::registration(std::string_view name, std::uint64_t hash, actor_call call, message_names messages) noexcept
    : name_(name), call_(call), messages_(messages), hash_(hash), key_(hash), next_(first_registered) {
    for (const registration* one = first_registered; one != nullptr; one = one->next_) {
        if (one->hash_ == hash) {
            key_ = one->key_ * hash_prime + 1;
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
