#include <troupe/detail/method.hpp>

#include <troupe/detail/reply_address.hpp>
#include <troupe/error.hpp>

namespace troupe::detail {

void refuse_method(receive_wait& taken) {
    const bool is_asked = taken.in_hand().frame.is_request();
    reply_address from = reply_address_of(taken.in_hand());  // nobody, if the asker has ended by now
    taken.consume();
    try {
        throw misuse(
            "the process of this object does not know the method: it was called from a library that is not "
            "loaded there; call the method somewhere in the executable, too");
    } catch (const misuse&) {
        if (!is_asked) throw;
        from.answer_with_exception();
    }
}

}  // namespace troupe::detail
