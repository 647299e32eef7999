// The actor functions of this process, in a list that static initialisers make. The newest stands first.
#include <troupe/detail/birth.hpp>

namespace troupe::detail {
namespace {

constinit registration* first_registered = nullptr;

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

registration::~registration() {
    registration** link = &first_registered;
    while (*link != nullptr && *link != this) link = &(*link)->next_;
    if (*link != nullptr) *link = next_;
}

const registration* registration::first() noexcept { return first_registered; }

const registration* registration::at(const void* place) noexcept {
    const registration* one = first_registered;
    while (one != nullptr && one != place) one = one->next_;
    return one;
}

const registration* registration::find(std::uint64_t key) noexcept {
    for (const registration* one = first_registered; one != nullptr; one = one->next_) {
        if (one->key_ == key) return one;
    }
    return nullptr;
}

}  // namespace troupe::detail
