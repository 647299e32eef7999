// The server of the page. It listens on 127.0.0.1 alone, and other users of the machine reach that too; so all but the
// page itself needs what only the one has who saw the address that was printed.
//
// The token stands behind `#` in that address, which browsers send to nobody. The page trades it for a cookie and a
// key. The cookie is out of reach of scripts; but browsers send it to every server on 127.0.0.1, whatever its port, so
// it is not enough: the key stays with the page, and all data need both. A request that names another host is refused,
// because a name that leads to 127.0.0.1 would let a foreign page read what is served here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "troupe/page_source.hpp"

namespace troupe::tool {

enum class control : bool { none, orders };

class server {
public:
    // Listens; port 0 takes one that is free. Throws inspect::failure where the port cannot be had.
    server(page_source& from, std::uint16_t port, control allowed);
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    // With the token.
    std::string address() const;
    // Serves until `stop`, which any thread may call.
    void serve();
    void stop();

private:
    struct inside;
    std::unique_ptr<inside> inside_;
};

}  // namespace troupe::tool
