// must say: troupe: a mailbox names a message type twice
#include <troupe/troupe.hpp>

using number = int;

troupe::task<> store(troupe::mailbox<int, number> inbox) { co_await inbox.receive(); }
