// must say: troupe: a member of this message is a class that is not a plain struct
#include <troupe/detail/codec.hpp>

class json {
public:
    using value_type = json;
    using const_iterator = const json*;
    const_iterator begin() const;
    const_iterator end() const;
    std::size_t size() const;
    void clear();
    json& emplace_back();
    json& back();

private:
    std::string text_;
};
struct message {
    json content;
};

void send(const message& m, troupe::detail::outgoing& out) { encode(m, out); }
