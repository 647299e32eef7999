// A debugger at its prompt: a process that traces another one, and looks at nothing that happens to it.
#pragma once

#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

namespace testing {

class tracer {
public:
    explicit tracer(pid_t traced) {
        int attached[2], leave[2];
        if (pipe(attached) != 0 || pipe(leave) != 0) return;
        pid_ = fork();
        if (pid_ == 0) {
            close(leave[1]);
            const char well = ptrace(PTRACE_SEIZE, traced, nullptr, nullptr) == 0 ? 1 : 0;
            [[maybe_unused]] const ssize_t told = write(attached[1], &well, 1);
            char nothing = 0;
            [[maybe_unused]] const ssize_t gone = read(leave[0], &nothing, 1);
            _exit(0);  // it lets go
        }
        close(attached[1]);
        close(leave[0]);
        char well = 0;
        attached_ = read(attached[0], &well, 1) == 1 && well == 1;
        close(attached[0]);
        leave_ = leave[1];
    }
    tracer(const tracer&) = delete;
    tracer& operator=(const tracer&) = delete;
    ~tracer() { let_go(); }

    bool attached() const { return attached_; }
    void let_go() {
        if (leave_ < 0) return;
        close(leave_);
        leave_ = -1;
        waitpid(pid_, nullptr, 0);
    }

private:
    pid_t pid_ = -1;
    int leave_ = -1;
    bool attached_ = false;
};

}  // namespace testing
