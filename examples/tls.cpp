// TLS with OpenSSL over a bare descriptor: `readable` and `writable` are all that a TLS library needs of troupe.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <troupe/troupe.hpp>

#include <arpa/inet.h>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

template <auto Free>
struct free_by {
    template <class T>
    void operator()(T* one) const { Free(one); }
};
using context = std::unique_ptr<SSL_CTX, free_by<SSL_CTX_free>>;
using certificate = std::unique_ptr<X509, free_by<X509_free>>;
using key = std::unique_ptr<EVP_PKEY, free_by<EVP_PKEY_free>>;

// A TLS stream over a connected socket, which it owns.
class stream {
public:
    stream(SSL_CTX* of, int fd) : tls_(SSL_new(of)), fd_(fd) {
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
        SSL_set_fd(tls_.get(), fd);
    }
    stream(const stream&) = delete;
    ~stream() { ::close(fd_); }

    troupe::task<int> accept() { return repeat([tls = tls_.get()] { return SSL_accept(tls); }); }
    troupe::task<int> connect() { return repeat([tls = tls_.get()] { return SSL_connect(tls); }); }
    troupe::task<int> read_some(char* into, int most) {
        return repeat([=, tls = tls_.get()] { return SSL_read(tls, into, most); });
    }
    troupe::task<int> write(const char* from, int bytes) {
        return repeat([=, tls = tls_.get()] { return SSL_write(tls, from, bytes); });
    }

private:
    // Gives what the call gives once it need not wait; 0 at the end of the stream.
    template <class Call>
    troupe::task<int> repeat(Call call) {
        for (;;) {
            ERR_clear_error();
            const int got = call();
            if (got > 0) co_return got;
            switch (SSL_get_error(tls_.get(), got)) {
            case SSL_ERROR_WANT_READ: co_await troupe::readable(fd_); break;
            case SSL_ERROR_WANT_WRITE: co_await troupe::writable(fd_); break;
            case SSL_ERROR_ZERO_RETURN: co_return 0;
            default: throw std::runtime_error("TLS: " + std::string(ERR_error_string(ERR_get_error(), nullptr)));
            }
        }
    }

    std::unique_ptr<SSL, free_by<SSL_free>> tls_;
    int fd_;
};

// A certificate that vouches for itself.
certificate make_certificate(EVP_PKEY* own) {
    certificate made(X509_new());
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), own);
    X509_NAME* name = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("troupe"), -1, -1, 0);
    X509_set_issuer_name(made.get(), name);
    X509_sign(made.get(), own, EVP_sha256());
    return made;
}

std::string as_text(X509* one) {
    std::unique_ptr<BIO, free_by<BIO_free_all>> memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(memory.get(), one);
    char* text = nullptr;
    const long bytes = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(bytes)};
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

struct place {
    std::uint16_t port;
    std::string certificate;
};

troupe::task<> server(troupe::queue<place> told) {
    const key own(EVP_EC_gen("P-256"));
    const certificate shown = make_certificate(own.get());
    const context terms(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(terms.get(), shown.get());
    SSL_CTX_use_PrivateKey(terms.get(), own.get());

    const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    ::bind(listening, reinterpret_cast<sockaddr*>(&address), length);
    ::listen(listening, 1);
    ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &length);
    co_await told.put({ntohs(address.sin_port), as_text(shown.get())});

    co_await troupe::readable(listening);
    stream client(terms.get(), ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
    ::close(listening);
    co_await client.accept();
    char name[64];
    const int got = co_await client.read_some(name, sizeof name);
    const std::string greeting = "hello, " + std::string(name, static_cast<std::size_t>(got));
    co_await client.write(greeting.data(), static_cast<int>(greeting.size()));
}

troupe::task<int> program() {
    troupe::queue<place> told;
    auto one = co_await troupe::spawn<server>(told);
    const place there = *co_await told.get();

    const context terms(SSL_CTX_new(TLS_client_method()));
    std::unique_ptr<BIO, free_by<BIO_free_all>> text(BIO_new_mem_buf(there.certificate.data(), -1));
    const certificate trusted(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
    X509_STORE_add_cert(SSL_CTX_get_cert_store(terms.get()), trusted.get());
    SSL_CTX_set_verify(terms.get(), SSL_VERIFY_PEER, nullptr);

    const int connected = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(there.port);
    ::connect(connected, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    stream to_server(terms.get(), connected);
    co_await to_server.connect();
    co_await to_server.write("Haruka", 6);
    char answer[64];
    const int got = co_await to_server.read_some(answer, sizeof answer);
    std::printf("%.*s, by TLS\n", got, answer);
    co_await one.join();
    co_return 0;
}

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
