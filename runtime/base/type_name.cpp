#include "base/type_name.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <new>

namespace troupe::base {

std::string type_name(const std::type_info& type) {
    int failed = 0;
    const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &failed),
                                                      std::free);
    return failed == 0 ? name.get() : type.name();
}

namespace {

caught described() {
    try {
        throw;
    } catch (const std::exception& e) {
        const char* const text = e.what();
        return {type_name(typeid(e)), text != nullptr ? text : ""};
    } catch (...) {
        const std::type_info* type = abi::__cxa_current_exception_type();
        return {type != nullptr ? type_name(*type) : "an exception of another language", {}};
    }
}

}  // namespace

caught current_exception_description() {
    try {
        return described();
    } catch (const std::bad_alloc&) {
        return {"an exception", {}};  // there is no memory to describe it with, and these fit without
    }
}

caught description_of(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (...) {
        return current_exception_description();
    }
}

}  // namespace troupe::base
