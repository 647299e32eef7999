#include <troupe/outcome.hpp>

#include "base/type_name.hpp"

namespace troupe::detail {

std::string outcome_base::why() const {
    if (ok()) return {};
    try {
        rethrow();
    } catch (const troupe::error& of_ours) {
        return of_ours.what();
    } catch (...) {
    }
    const base::caught caught = base::description_of(failure_);
    return caught.text.empty() ? caught.type : caught.type + ": " + caught.text;
}

std::optional<exit_status> outcome_base::status() const {
    if (ok()) return std::nullopt;
    try {
        rethrow();
    } catch (const actor_died& dead) {
        return dead.status();
    } catch (const gave_up& supervisor) {
        return supervisor.status();
    } catch (...) {
    }
    return std::nullopt;
}

}  // namespace troupe::detail
