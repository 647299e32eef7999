// The checks of a test that is a program of its own: each prints its sentence, the last line counts them.
#pragma once

#include <cstdio>
#include <exception>
#include <string>

class verdict {
public:
    explicit verdict(std::FILE* out = stdout) : out_(out) {}

    void check(const char* sentence, bool holds) {
        std::fprintf(out_, "%s%s\n", holds ? "" : "FAILED: ", sentence);
        ++(holds ? passed_ : failed_);
    }
    // What the call throws is an Error whose text has both parts in it.
    template <class Error, class Call>
    void refuses(const char* sentence, Call call, const std::string& part, const std::string& other = "") {
        std::string text = "nothing was thrown";
        try {
            call();
        } catch (const Error& error) {
            text = error.what();
            if (text.find(part) != std::string::npos && text.find(other) != std::string::npos) {
                return check(sentence, true);
            }
        } catch (const std::exception& error) {
            text = std::string("another exception: ") + error.what();
        }
        check(sentence, false);
        std::fprintf(out_, "    %s\n", text.c_str());
    }
    // Prints the closing line; the program's exit code.
    int close() {
        std::fprintf(out_, "%d passed, %d failed\n", passed_, failed_);
        std::fflush(out_);
        return failed_ == 0 ? 0 : 1;
    }

private:
    std::FILE* out_;
    int passed_ = 0;
    int failed_ = 0;
};
