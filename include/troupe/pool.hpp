// A pool: processes that work on tasks, each task a call of a function with arguments of its own.
//
//     troupe::pool crew({.workers = 8, .task_timeout = 10s});
//     auto results = crew.map<&decode>(files);
//     while (auto one = co_await results.next()) {
//         if (one->ok()) use(one->value());
//         else std::printf("%s: %s\n", files[one->index()].c_str(), one->why().c_str());
//     }
//
// A task that crashes its worker, hangs or runs out of memory fails with the cause, and costs nothing else: the worker
// is replaced, and the tasks that waited behind go to others. Every task has exactly one outcome. A task is called
// once, unless `attempts` or `again` allow more.
//
// A pool is an object of the actor that makes it, and works while that actor awaits something. While the actor
// computes, the workers go on with the tasks that they have been handed; no input is read and no worker is replaced.
// The workers are children of the actor, and end with it.
//
// Small tasks are handed out in batches, of about a millisecond's work, measured as they go.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <troupe/detail/carries_files.hpp>
#include <troupe/detail/mapping.hpp>
#include <troupe/detail/pool_job.hpp>
#include <troupe/detail/pool_task.hpp>
#include <troupe/detail/repeatable.hpp>
#include <troupe/detail/timer.hpp>
#include <troupe/error.hpp>
#include <troupe/outcome.hpp>
#include <troupe/queue.hpp>
#include <troupe/spawn.hpp>
#include <troupe/task.hpp>

namespace troupe {

// A function and its arguments, to be called later in another process; see pool_options::prepare. Empty if
// default-constructed.
class deferred_call {
public:
    deferred_call() noexcept = default;
    explicit deferred_call(std::shared_ptr<const detail::repeatable> what) noexcept : what_(std::move(what)) {}
    explicit operator bool() const noexcept { return what_ != nullptr; }
    detail::start_request request() const { return what_->request(); }

private:
    std::shared_ptr<const detail::repeatable> what_;
};

namespace detail {

template <auto Fn>
class repeatable_call final : public repeatable {
public:
    template <class... Args>
    explicit repeatable_call(std::in_place_t, Args&&... args) : arguments_(std::forward<Args>(args)...) {}
    start_request request() const override { return {&known_deferred<Fn>::entry, encoded(arguments_), false}; }

private:
    typename called_function<Fn>::arguments arguments_;
};

template <class T>
inline constexpr bool is_queue = false;
template <class T>
inline constexpr bool is_queue<queue<T>> = true;

// Whether `Fn` can be called with such arguments in another process; fails with a sentence if not.
template <auto Fn, class... Args>
consteval bool can_be_called_with() {
    using function = called_function<Fn>;
    using arguments = typename function::arguments;
    if constexpr (function::sound) {
        constexpr bool enough = sizeof...(Args) == std::tuple_size_v<arguments>;
        static_assert(enough, "troupe: the function takes more or fewer arguments than it was given");
        if constexpr (enough) {
            constexpr bool convert = std::is_constructible_v<arguments, Args&&...>;
            static_assert(convert, "troupe: an argument does not convert to what the function takes");
            return convert;
        }
    }
    return false;
}

}  // namespace detail

// Returns a call of `Fn` with these arguments, which are copied. `Fn` is a function or a captureless lambda, plain or a
// coroutine; what it returns is dropped.
template <auto Fn, class... Args>
deferred_call deferred(Args&&... args) {
    if constexpr (detail::can_be_called_with<Fn, Args...>()) {
        static_assert(!detail::carries_files<typename detail::called_function<Fn>::arguments>,
                      "troupe: an argument of a deferred call cannot hold a descriptor, because it is passed to each "
                      "process; open the file in the function");
        static_assert(std::is_copy_constructible_v<typename detail::called_function<Fn>::arguments>,
                      "troupe: an argument of a deferred call must be copyable, because it is passed to each process");
        return deferred_call(
            std::make_shared<const detail::repeatable_call<Fn>>(std::in_place, std::forward<Args>(args)...));
    } else {
        return {};
    }
}

struct pool_options {
    unsigned workers = 0;  // how many processes work; 0 means usable_cpus()
    // How long one task may take; 0 means as long as it likes. A task that takes longer fails, and its worker is
    // killed, whether it loops, is stopped or is blocked in a system call. Time for which the whole program was
    // stopped, or the worker was traced, does not count. TROUPE_DEADLINES=off turns it off.
    detail::length_of_time task_timeout = {};
    // How often a task may be given to a worker in all, if workers die with it. What the task did before its worker
    // died is then done again.
    unsigned attempts = 1;
    // After so many tasks a worker is replaced; 0 means never. The same for its own memory in bytes, looked at between
    // batches.
    unsigned tasks_per_worker = 0;
    std::size_t worker_memory = 0;
    // How many tasks may be under way: given to the pool one by one, or read from one range without their results
    // having been taken. Whoever gives in one more waits.
    std::size_t waiting = 1024;
    bool lazy = false;  // if true, workers are started as tasks come, not when the pool is made
    // Called once in each worker, before its first task: troupe::deferred<function>(arguments...). If it fails in four
    // workers in a row, the pool fails with its error, and so does every task.
    deferred_call prepare = {};
    // Name, limits, directory, environment and start method of the workers. `daemon`, `linked`, `mailbox` and
    // `message_deadline` have no meaning here.
    spawn_options worker = {};
};

struct map_options {
    // If false, outcomes come as they are ready, and not in the order of the inputs.
    bool ordered = true;
    // Asked about every task that failed, after so many attempts, instead of `pool_options::attempts`: if it returns
    // true, the task is given to a worker again. What it throws is why the task failed then.
    bool (*again)(const outcome<void>& failure, unsigned attempts) = nullptr;
};

// The outcomes of a mapping. If it is destroyed, inputs that are not begun never are; what runs goes on, and its result
// is dropped; whoever awaits it all the same gets `closed`. It may outlive the pool; it must not outlive a range that
// was given as an lvalue.
template <class R>
class [[nodiscard]] results {
public:
    results(results&&) noexcept = default;
    results& operator=(results&& other) noexcept {
        results(std::move(other)).swap(*this);
        return *this;
    }
    ~results() {
        if (job_) detail::drop_job(core_, *job_);
    }
    void swap(results& other) noexcept {
        std::swap(core_, other.core_);
        std::swap(job_, other.job_);
    }

    // Waits for the next outcome. Awaiting it gives a std::optional<outcome<R>>; nullopt at the end. outcome::index()
    // is the place of its input. A task that failed is an outcome like any other. Throws what the range threw, after
    // the outcomes of the inputs before that.
    task<std::optional<outcome<R>>> next() {
        check_not_moved_from();
        return next_of(core_, job_);
    }

    // Waits for all that were not taken. Awaiting it gives their values, as a std::vector<R> in the order of the
    // inputs, or nothing if R is void. The first failure cancels the rest and is thrown. Of a temporary, the task keeps
    // the results.
    auto collect() & {
        check_not_moved_from();
        return collect_from(core_, job_, results());
    }
    auto collect() && {
        check_not_moved_from();
        core of = core_;
        job what = job_;
        return collect_from(std::move(of), std::move(what), std::move(*this));
    }

    // Returns how many tasks have their outcomes, taken or not.
    std::size_t done() const noexcept { return job_ ? job_->settled() : 0; }

private:
    friend class pool;
    using core = std::shared_ptr<detail::pool_core>;
    using job = std::shared_ptr<detail::mapped<R>>;
    results() noexcept = default;
    results(core of, job what) noexcept : core_(std::move(of)), job_(std::move(what)) {}
    void check_not_moved_from() const {
        if (!job_) throw misuse("these results of a pool were moved from, and cannot be used any more");
    }

    static task<std::optional<outcome<R>>> next_of(core of, job what) {
        detail::check_waiter(*of, *what);
        what->gather_no_more();
        detail::work_on(*of);  // what was taken since makes room
        if (!what->has_news()) co_await what->wait_for_news(of);
        co_return what->take_next();
    }
    static task<> gather(core of, job what) {
        detail::check_waiter(*of, *what);
        what->gather();
        detail::work_on(*of);
        struct dropping {
            const core& of;
            detail::mapped<R>& what;
            ~dropping() {
                if (!what.exhausted()) detail::drop_job(of, what);
            }
        } const unless_complete{of, *what};
        co_await what->wait_for_news(of);
    }
    static task<std::vector<R>> collect_from(core of, job what, results kept)
        requires(!std::is_void_v<R>)
    {
        const results until_the_end(std::move(kept));
        co_await gather(of, what);
        std::vector<R> values;
        values.reserve(what->settled());
        what->take_gathered([&values](outcome<R>&& one) { values.push_back(std::move(one).value()); });
        co_return values;
    }
    static task<> collect_from(core of, job what, results kept)
        requires std::is_void_v<R>
    {
        const results until_the_end(std::move(kept));
        co_await gather(of, what);
        what->take_gathered([](outcome<R>&&) {});
    }

    core core_;
    job job_;
};

class pool {
public:
    // Starts the workers, and does not wait for them. Throws misuse outside of `run`, and if an option makes no sense.
    explicit pool(pool_options options = {}) : pool(std::move(options), detail::known_worker<>::entry) {}
    pool(const pool&) = delete;
    pool& operator=(const pool&) = delete;
    // Kills the workers, and does not wait for them. What is under way fails as `closed`.
    ~pool();

    // Returns a task that gives what `Fn` returns for these arguments: a message type, or nothing. It waits for room,
    // and then for the result. `Fn` is a function or a captureless lambda, plain or a coroutine. The arguments are
    // encoded when you call `run`, and errors of encoding are thrown there.
    //
    // The task throws remote_error if `Fn` throws, or if what it returns cannot be sent; actor_died, with the exit
    // status of the worker, if that ended with the task in hand; closed if the pool was closed. If it is cancelled
    // before a worker has begun, `Fn` is not called; otherwise it goes on, and its result is dropped.
    template <auto Fn, class... Args>
    task<typename detail::called_function<Fn>::value> run(Args&&... args) {
        if constexpr (detail::can_be_called_with<Fn, Args...>()) {
            using value = typename detail::called_function<Fn>::value;
            check_open();
            return run_when_there_is_room<value>(core_, job_for<Fn>(std::forward<Args>(args)...));
        }
    }
    // The same if there is room now: the task is given to the pool at once, and awaiting it waits for the result.
    // Returns nullopt if the pool is full. If the task is dropped before a worker has begun, `Fn` is not called.
    template <auto Fn, class... Args>
    std::optional<task<typename detail::called_function<Fn>::value>> try_run(Args&&... args) {
        if constexpr (detail::can_be_called_with<Fn, Args...>()) {
            using value = typename detail::called_function<Fn>::value;
            check_open();
            if (!has_room()) return std::nullopt;
            auto job = job_for<Fn>(std::forward<Args>(args)...);
            submit(job);
            return result_of<value>(job, wanted(core_, job));
        } else {
            return std::nullopt;
        }
    }

    // Calls `Fn` for each element of a range, and returns the results. An element is the argument of `Fn`, or a tuple
    // of its arguments. A range that is an lvalue must outlive the results; an rvalue is moved in. Inputs are read as
    // results are taken: at most `pool_options::waiting` of them are under way.
    template <auto Fn, class Range>
        requires(!detail::is_queue<std::remove_cvref_t<Range>>)
    results<typename detail::called_function<Fn>::value> map(Range&& inputs, map_options options = {}) {
        using function = detail::task_function<Fn>;
        using element = detail::element_of<Range>;
        constexpr bool converts = std::is_constructible_v<typename function::input, element>;
        static_assert(function::parameters != 0, "troupe: a function that is mapped takes an argument");
        static_assert(!function::sound || converts || function::parameters == 0,
                      "troupe: the elements of the range do not convert to what the function takes");
        if constexpr (function::sound && converts && function::parameters != 0) {
            using stored = std::conditional_t<std::is_lvalue_reference_v<Range>, Range, std::remove_cvref_t<Range>>;
            check_open();
            auto job = std::make_shared<detail::mapping<Fn, stored>>(options.again, options.ordered,
                                                                     std::forward<Range>(inputs));
            submit(job);
            return {core_, std::move(job)};
        }
    }

    // The same for what comes through a queue, until that is closed and empty. The queue is read while you await the
    // results.
    template <auto Fn, class T>
    results<typename detail::called_function<Fn>::value> map(const queue<T>& inputs, map_options options = {}) {
        using function = detail::task_function<Fn>;
        constexpr bool converts = std::is_constructible_v<typename function::input, T>;
        static_assert(function::parameters != 0, "troupe: a function that is mapped takes an argument");
        static_assert(!function::sound || converts || function::parameters == 0,
                      "troupe: the items of the queue do not convert to what the function takes");
        if constexpr (function::sound && converts && function::parameters != 0) {
            check_open();
            auto job = std::make_shared<detail::queue_mapping<Fn, T>>(options.again, options.ordered, inputs);
            submit(job);
            return {core_, std::move(job)};
        }
    }

    // Takes no more tasks, and waits until all that were given in have their outcomes; then it ends the workers. What
    // has no outcome within the budget fails as `closed`, and its worker is killed. So is a worker that does not end by
    // itself by then, after a second at least. Results can still be taken afterwards.
    task<> close(detail::length_of_time budget = (std::chrono::nanoseconds::max)());

    // Returns the number of tasks that are given in and not begun, that are being worked on, that have their outcomes,
    // and of workers that have been replaced.
    std::size_t waiting() const noexcept;
    std::size_t running() const noexcept;
    std::size_t done() const noexcept;
    std::size_t replaced() const noexcept;

private:
    pool(pool_options options, const detail::registration& worker);

    template <auto Fn, class... Args>
    static auto job_for(Args&&... args) {
        using function = detail::task_function<Fn>;
        if constexpr (function::parameters == 0) {
            return std::make_shared<detail::single_job<typename function::value>>(detail::sort_of<Fn>(),
                                                                                  detail::encoded_message());
        } else {
            const typename function::input input(std::forward<Args>(args)...);
            return std::make_shared<detail::single_job<typename function::value>>(detail::sort_of<Fn>(),
                                                                                  detail::encoded(input));
        }
    }
    // Ends before the result is here: nobody wants it any more. In a task that is not awaited, too.
    class wanted {
    public:
        wanted(std::shared_ptr<detail::pool_core> core, std::shared_ptr<detail::pool_job> job) noexcept
            : core_(std::move(core)), job_(std::move(job)) {}
        wanted(wanted&&) noexcept = default;
        wanted& operator=(wanted&&) = delete;
        ~wanted() {
            if (job_ && !job_->has_news()) detail::drop_job(core_, *job_);
        }

    private:
        std::shared_ptr<detail::pool_core> core_;
        std::shared_ptr<detail::pool_job> job_;
    };

    template <class T>
    static task<T> run_when_there_is_room(std::shared_ptr<detail::pool_core> core,
                                          std::shared_ptr<detail::single_job<T>> job) {
        if (!detail::has_room_in(*core)) co_await detail::room_in(core);
        detail::submit_to(*core, job);
        const wanted until_it_is_here(core, job);
        if (!job->has_news()) co_await detail::job_wait(*job);
        co_return job->take();
    }
    template <class T>
    static task<T> result_of(std::shared_ptr<detail::single_job<T>> job, wanted by_somebody) {
        const wanted until_it_is_here(std::move(by_somebody));
        if (!job->has_news()) co_await detail::job_wait(*job);
        co_return job->take();
    }

    void check_open() const;
    bool has_room() const noexcept;
    void submit(std::shared_ptr<detail::pool_job> job);

    std::shared_ptr<detail::pool_core> core_;
};

}  // namespace troupe
