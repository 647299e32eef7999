// Prints the SHA-256 of every file below the given folders, as sha256sum does, with a pool of processes. Files that cannot
// be read are named on stderr, and cost no other file. With --check, reads such a list, and names the files that differ.
#include <troupe/troupe.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

namespace files = std::filesystem;

std::string sha256_of(std::string path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
    if (!file) throw std::system_error(errno, std::generic_category(), path);
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> digest(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    if (!digest || EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) != 1) throw std::runtime_error("no SHA-256");
    static std::array<unsigned char, 1 << 18> bytes;
    while (const std::size_t read = std::fread(bytes.data(), 1, bytes.size(), file.get()))
        EVP_DigestUpdate(digest.get(), bytes.data(), read);
    if (std::ferror(file.get()) != 0) throw std::system_error(errno, std::generic_category(), path);
    std::array<unsigned char, EVP_MAX_MD_SIZE> sum;
    unsigned length = 0;
    EVP_DigestFinal_ex(digest.get(), sum.data(), &length);
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
        char two[3];
        std::snprintf(two, sizeof two, "%02x", sum[i]);
        text += two;
    }
    return text;
}

class progress {
public:
    explicit progress(std::size_t all) : all_(all), shown_(isatty(STDERR_FILENO) == 1) {}
    ~progress() {
        if (shown_) std::fprintf(stderr, "\r\x1b[K");
    }
    void show(std::size_t done) {
        if (!shown_ || (done % 64 != 0 && done != all_)) return;
        std::string bar(40, '.');
        std::fill_n(bar.begin(), 40 * done / std::max<std::size_t>(all_, 1), '#');
        std::fprintf(stderr, "\r[%s] %zu of %zu files", bar.c_str(), done, all_);
    }

private:
    std::size_t all_;
    bool shown_;
};

std::vector<std::string> files_below(const std::vector<std::string>& folders) {
    std::vector<std::string> found;
    for (const auto& folder : folders) {
        if (!files::is_directory(folder)) found.push_back(folder);
        std::error_code unreadable;
        for (files::recursive_directory_iterator at(folder, unreadable), end; at != end; at.increment(unreadable))
            if (at->is_regular_file(unreadable) && !at->is_symlink(unreadable)) found.push_back(at->path());
    }
    std::sort(found.begin(), found.end());
    return found;
}

struct entry {
    std::string sum, path;
};

std::vector<entry> listed_in(const std::string& path) {
    std::ifstream list(path);
    if (!list) throw std::runtime_error("cannot read the list " + path);
    std::vector<entry> entries;
    for (std::string line; std::getline(list, line);) {
        if (line.size() < 67) throw std::runtime_error(path + ": this is no line of a list: " + line);
        entries.push_back({line.substr(0, 64), line.substr(66)});
    }
    return entries;
}

troupe::task<int> program(std::vector<std::string> args) {
    const bool checks = args.size() == 2 && args[0] == "--check";
    std::vector<entry> entries;
    if (checks) entries = listed_in(args[1]);
    else for (auto& path : files_below(args)) entries.push_back({{}, std::move(path)});
    std::vector<std::string> paths;
    for (const auto& one : entries) paths.push_back(one.path);

    troupe::pool crew;
    std::size_t done = 0, failed = 0;
    try {
        progress bar(paths.size());
        auto sums = crew.map<sha256_of>(paths);
        while (auto sum = co_await sums.next()) {
            bar.show(++done);
            const entry& one = entries[sum->index()];
            if (!sum->ok()) {
                std::fprintf(stderr, "%s: %s\n", one.path.c_str(), sum->why().c_str());
            } else if (!checks) {
                std::printf("%s  %s\n", sum->value().c_str(), one.path.c_str());
            } else if (sum->value() != one.sum) {
                std::printf("%s: FAILED\n", one.path.c_str());
            } else {
                continue;
            }
            failed += !sum->ok() || checks ? 1 : 0;
        }
    } catch (const troupe::cancelled&) {  // Ctrl-C
        std::fprintf(stderr, "interrupted after %zu of %zu files\n", done, paths.size());
        throw;
    }
    if (checks) std::printf("%zu of %zu files are as they were\n", paths.size() - failed, paths.size());
    co_await crew.close();
    co_return failed == 0 ? 0 : 1;
}

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
