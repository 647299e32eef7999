// A program whose main does something odd before `run`, or whose actors begin under odd conditions: what, it is told by
// its first argument. What it sees it prints, a line each; check.py holds it to that.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <troupe/troupe.hpp>

namespace {

using namespace std::chrono_literals;

std::string seen;  // the arguments that main began with
char** arguments_of_main = nullptr;
std::FILE* shared_file = nullptr;

void say(const std::string& line) {
    const std::string whole = line + '\n';
    if (write(STDOUT_FILENO, whole.data(), whole.size()) < 0) std::abort();
}

// --- what main does before run

void clear_environment() { clearenv(); }
void drop_environment() { environ = nullptr; }

void take_out_options() {
    char** argv = arguments_of_main;
    if (argv[3] != nullptr && argv[4] != nullptr) argv[3] = argv[4];
}
void overwrite_arguments() {
    for (char** one = arguments_of_main; *one != nullptr; ++one) std::memset(*one, 'x', std::strlen(*one));
}

// A process that executes itself keeps its pid.
bool executed_again() {
    const char* by = std::getenv("AGAIN");
    return by != nullptr && std::atoi(by) == getpid();
}
void execute_again(bool with_environment) {
    if (executed_again()) return;
    const char* method = std::getenv("TROUPE_START_METHOD");
    const std::string kept = std::string("TROUPE_START_METHOD=") + (method != nullptr ? method : "");
    const std::string again = "AGAIN=" + std::to_string(getpid());
    std::vector<char*> lines{const_cast<char*>(again.c_str()), const_cast<char*>(kept.c_str())};
    for (char** one = environ; with_environment && *one != nullptr; ++one) lines.push_back(*one);
    lines.push_back(nullptr);
    execve("/proc/self/exe", arguments_of_main, lines.data());
}
void execute_again_with_environment() { execute_again(true); }
void execute_again_without_environment() { execute_again(false); }
void close_all_and_execute_again() {
    if (!executed_again()) closefrom(3);
    execute_again(false);
}

bool is_child() { return std::getenv("TROUPE_CHILD") != nullptr; }
void interrupt_itself() {
    if (is_child()) raise(SIGINT);
}
void execute_another() {
    if (!is_child() || std::getenv("ANOTHER") != nullptr) return;
    setenv("ANOTHER", "1", 1);
    execv(arguments_of_main[3], arguments_of_main);
}
void close_descriptors() { closefrom(3); }
// As daemon() does it.
void leave_by_fork() {
    const pid_t child = fork();
    if (child == 0) return;
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WEXITSTATUS(status));
}
void leave_by_fork_and_execute_again() {
    if (!executed_again()) leave_by_fork();
    execute_again(false);
}

void log_in_thread() {
    shared_file = std::fopen("/dev/null", "w");
    std::thread([] {
        for (;;) {
            for (int i = 0; i < 100; ++i) std::fprintf(shared_file, "a line of some log, of an ordinary length\n");
            delete[] new char[100'000];
        }
    }).detach();
}
// From glibc 2.41 on `exit` waits for whoever reads a FILE, in any program: these end by _exit.
bool somebody_reads = false;
void wait_for_input_in_thread() {
    somebody_reads = true;
    std::thread([] {
        if (std::getchar() == 'q') say("it was read");
    }).detach();
}
void wait_for_a_pipe_in_thread() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    somebody_reads = true;
    std::thread([reader = fdopen(ends[0], "r")] { std::fgetc(reader); }).detach();
}
void print_before_run() { std::printf("printed before run\n"); }
void spoil_method() { setenv("TROUPE_START_METHOD", "nonsense", 1); }
void nothing() {}

// --- actors

int show() {
    char here[4096];
    say("actor: " + seen + ", in " + (getcwd(here, sizeof here) != nullptr ? here : "nowhere"));
    return 7;
}

int read_input() {
    char line[256];
    std::string word;
    if (std::fgets(line, sizeof line, stdin) != nullptr) say(std::string("the actor found ") + line);
    if (std::getline(std::cin, word)) say("the actor found " + word);
    return 7;
}

int read_descriptor() {
    char byte = 0;
    return read(STDIN_FILENO, &byte, 1) == 0 ? 7 : 1;
}

int write_to_file() {
    std::fprintf(shared_file, "of an actor\n");
    return 7;
}

int fork_again() {
    std::thread([] { pause(); }).detach();
    try {
        static_cast<void>(troupe::sync_wait(troupe::spawn<&show>({.method = troupe::start_method::fork})));
    } catch (const troupe::spawn_failed& failure) {
        say(failure.what());
    }
    return 7;
}

int count_of_forks = 0;
int return_count() { return count_of_forks; }

// A mutex in memory of its own that is shared; whoever dies with it must be noticed.
int die_with_mutex(std::string path) {
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
    auto* mutex = static_cast<pthread_mutex_t*>(
        mmap(nullptr, sizeof(pthread_mutex_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    pthread_mutex_lock(mutex);
    _exit(7);
}
int try_mutex() {
    char path[] = "/tmp/troupe_mutex_XXXXXX";
    const int fd = mkstemp(path);
    if (ftruncate(fd, sizeof(pthread_mutex_t)) != 0) std::abort();
    auto* mutex = static_cast<pthread_mutex_t*>(
        mmap(nullptr, sizeof(pthread_mutex_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    pthread_mutexattr_t shared;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(mutex, &shared);
    const auto holder = troupe::sync_wait(troupe::spawn<&die_with_mutex>(std::string(path)));
    troupe::sync_wait(holder.join());
    say(pthread_mutex_trylock(mutex) == EOWNERDEAD ? "its death was noticed" : "its death was not noticed");
    unlink(path);
    return 7;
}

int give_up_rights() {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return 1;
    return 7;
}

struct question {
    using reply = int;
};

troupe::task<> answer_at_second_try(troupe::mailbox<question> inbox) {
    co_await inbox.serve([](question) {
        const auto incarnation = static_cast<int>(troupe::this_actor::incarnation());
        if (incarnation == 0) std::abort();
        return incarnation;
    });
}

troupe::task<> answer_late(troupe::mailbox<question> inbox) {
    co_await inbox.serve([](question) {
        std::this_thread::sleep_for(300ms);
        return 1;
    });
}

// One that waits, is rung and starts another.
troupe::task<int> answer_by_child(troupe::mailbox<question> inbox) {
    auto asked = co_await inbox.receive<question>();
    const auto child = co_await troupe::spawn<&answer_late>();
    asked->reply(co_await child.ask(question{}));
    child.stop();
    co_return 7;
}

// --- the program

template <auto Actor>
troupe::task<> one() {
    const auto actor = co_await troupe::spawn<Actor>();
    const auto status = co_await actor.join();
    if (status.code() != 7) say("its actor " + to_string(status));
}

template <auto Actor, int Times = 1>
troupe::task<> begin() {
    for (int i = 0; i < Times; ++i) co_await one<Actor>();
}

troupe::task<> read_lines() {
    char line[256];
    while (std::fgets(line, sizeof line, stdin) != nullptr) {
        say(std::string("the program read ") + line);
        co_await one<&read_input>();
    }
}
troupe::task<> read_lines_unsynchronised() {
    std::ios::sync_with_stdio(false);
    for (std::string line; std::getline(std::cin, line);) {
        say("the program read " + line);
        co_await one<&read_input>();
    }
}

troupe::task<> write_in_turn() {
    char* text = nullptr;
    std::size_t length = 0;
    std::FILE* memory = open_memstream(&text, &length);
    std::fputs("kept", memory);
    char path[] = "/tmp/troupe_file_XXXXXX";
    shared_file = fdopen(mkstemp(path), "w+");
    std::fprintf(shared_file, "of the program\n");
    co_await one<&write_to_file>();
    std::fflush(shared_file);
    std::rewind(shared_file);
    char line[256];
    while (std::fgets(line, sizeof line, shared_file) != nullptr) {
        line[std::strcspn(line, "\n")] = '\0';
        say(line);
    }
    std::fclose(memory);
    say(text);
    std::free(text);
    unlink(path);
}

troupe::task<> count_forks() {
    pthread_atfork(nullptr, nullptr, [] { ++count_of_forks; });
    const auto actor = co_await troupe::spawn<&return_count>();
    say("handlers run: " + std::to_string((co_await actor.join()).code()));
}

troupe::task<> go_to_folder_that_is_gone() {
    char path[] = "/tmp/troupe_gone_XXXXXX";
    if (mkdtemp(path) == nullptr || chdir(path) != 0 || rmdir(path) != 0) std::abort();
    co_await one<&show>();
}

troupe::task<> name_relative_folder() {
    co_await one<&show>();  // the forkserver stands where it was started
    if (chdir("/usr") != 0) std::abort();
    const auto actor = co_await troupe::spawn<&show>({.directory = "lib"});
    co_await actor.join();
}

troupe::task<> restart_one() {
    troupe::supervisor crew;
    const auto one = co_await crew.spawn<&answer_at_second_try>();
    for (int incarnation = 0; incarnation == 0;) {
        try {
            incarnation = co_await one.ask(question{});
        } catch (const troupe::actor_died&) {
            continue;
        }
        say("incarnation " + std::to_string(incarnation) + " answers");
    }
    co_await crew.stop();
}

troupe::task<> outlive_deadline() {
    const auto one = co_await troupe::spawn<&answer_late>({.message_deadline = 50ms});
    co_await one.ask(question{});
    say("it answers");
    one.stop();
    co_await one.join();
}

troupe::task<> ask_child_of_child() {
    const auto one = co_await troupe::spawn<&answer_by_child>();
    if (co_await one.ask(question{}) != 1) std::abort();
    if ((co_await one.join()).code() != 7) std::abort();
}

void close_streams() {
    for (int fd = 0; fd < 3; ++fd) close(fd);
}

// Where there is no /dev, nobody is told by what stands in stdout's place.
troupe::task<> use_closed_streams() {
    if (write(STDOUT_FILENO, "a", 1) == 1) std::abort();
    for (int i = 0; i < 3; ++i) co_await ask_child_of_child();
    co_await begin<&read_descriptor>();
}

troupe::task<> close_streams_and_ask() {
    co_await one<&show>();
    close_streams();
    for (int i = 0; i < 3; ++i) co_await ask_child_of_child();
}

struct odd_case {
    void (*before)() = &nothing;
    troupe::task<> (*program)() = &begin<&show>;
};

const std::map<std::string_view, odd_case>& cases() {
    static const std::map<std::string_view, odd_case> all{
        {"plain", {}},
        {"clear_environment", {&clear_environment}},
        {"interrupt_actors", {&interrupt_itself}},
        {"drop_environment", {&drop_environment}},
        {"take_out_options", {&take_out_options}},
        {"overwrite_arguments", {&overwrite_arguments}},
        {"execute_again", {&execute_again_with_environment}},
        {"execute_again_without_environment", {&execute_again_without_environment}},
        {"close_all_and_execute_again", {&close_all_and_execute_again}},
        {"execute_another", {&execute_another}},
        {"close_descriptors", {&close_descriptors}},
        {"leave_by_fork", {&leave_by_fork}},
        {"leave_by_fork_and_execute_again", {&leave_by_fork_and_execute_again}},
        {"log_in_thread", {&log_in_thread, &begin<&show, 20>}},
        {"wait_for_input_in_thread", {&wait_for_input_in_thread}},
        {"wait_for_a_pipe_in_thread", {&wait_for_a_pipe_in_thread}},
        {"print_before_run", {&print_before_run, &begin<&show, 3>}},
        {"spoil_method", {&spoil_method}},
        {"read_lines", {&nothing, &read_lines}},
        {"read_lines_unsynchronised", {&nothing, &read_lines_unsynchronised}},
        {"write_in_turn", {&nothing, &write_in_turn}},
        {"count_forks", {&nothing, &count_forks}},
        {"fork_again", {&nothing, &begin<&fork_again>}},
        {"try_mutex", {&nothing, &begin<&try_mutex>}},
        {"give_up_rights", {&nothing, &begin<&give_up_rights, 5>}},
        {"restart_with_threads", {&wait_for_a_pipe_in_thread, &restart_one}},
        {"outlive_deadline", {&nothing, &outlive_deadline}},
        {"close_streams", {&close_streams, &ask_child_of_child}},
        {"use_closed_streams", {&close_streams, &use_closed_streams}},
        {"read_descriptor", {&nothing, &begin<&read_descriptor>}},
        {"close_streams_later", {&nothing, &close_streams_and_ask}},
        {"folder_that_is_gone", {&nothing, &go_to_folder_that_is_gone}},
        {"relative_folder", {&nothing, &name_relative_folder}},
    };
    return all;
}

troupe::task<> (*chosen)() = nullptr;

troupe::task<int> program() {
    try {
        co_await chosen();
    } catch (const troupe::error& failure) {
        say(std::string("error: ") + failure.what());
        co_return 9;
    }
    co_return 0;
}

// A byte for each time that main is reached: what starts itself without end is ended.
void count_main(const char* path) {
    const int counter = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (write(counter, ".", 1) != 1 || lseek(counter, 0, SEEK_END) > 60) _exit(42);
    close(counter);
}

}  // namespace

// odd_main CASE COUNTER ARGUMENT...
int main(int argc, char** argv) {
    arguments_of_main = argv;
    for (char** one = argv + 1; *one != nullptr; ++one) seen += (seen.empty() ? "" : " ") + std::string(*one);
    if (argc < 3) return 1;
    count_main(argv[2]);
    const auto found = cases().find(argv[1]);
    if (found == cases().end()) return 1;
    chosen = found->second.program;
    found->second.before();
    const int code = troupe::run<&program>(argc, argv);
    if (somebody_reads) {
        std::fflush(stdout);
        std::_Exit(code);
    }
    return code;
}
