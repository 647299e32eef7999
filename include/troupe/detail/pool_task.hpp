// A task of a pool, as its worker calls it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <troupe/call.hpp>
#include <troupe/detail/birth.hpp>
#include <troupe/detail/carries_files.hpp>
#include <troupe/detail/codec.hpp>
#include <troupe/detail/decoded.hpp>
#include <troupe/detail/encoded_message.hpp>
#include <troupe/detail/shape_of.hpp>
#include <troupe/task.hpp>

namespace troupe::detail {

// A function that a worker calls with arguments from another process. One that is a coroutine leaves in `rest` what is
// to be awaited.
class call_in_hand : public birth {
public:
    void begin() override {}
    reply_address caller() override { return {}; }

    task<> rest;

protected:
    ~call_in_hand() = default;
};

// A batch of tasks of one function: `arguments` is the input of the task in hand.
class tasks_in_hand : public call_in_hand {
public:
    // Begins the next task. Returns false if none is left.
    virtual bool begin_next() = 0;
    // The result of the task in hand: the bytes of a flat value, or a value that is encoded.
    virtual void succeed(const void* value, std::size_t bytes) = 0;
    virtual void succeed(outgoing& value) = 0;
    // Call inside a catch block.
    virtual void refuse() = 0;

protected:
    ~tasks_in_hand() = default;
};

// One parameter travels as it is, several as a tuple.
template <class Arguments>
struct input_of {
    using type = Arguments;
};
template <class Argument>
struct input_of<std::tuple<Argument>> {
    using type = Argument;
};

template <class T>
void give_result(tasks_in_hand& hand, const T& result) {
    if constexpr (is_flat<T>) {
        hand.succeed(address_of(result), sizeof result);
    } else {
        hand.succeed(*encoded(result));
    }
}

// What `Fn` is as a task.
template <auto Fn>
struct task_function : called_function<Fn> {
    using base = called_function<Fn>;
    using typename base::arguments;
    using typename base::result;
    using typename base::value;
    using input = typename input_of<arguments>::type;
    static_assert(
        !carries_files<arguments> && !carries_files<value>,
        "troupe: neither an argument nor the result of a pool's task can hold a descriptor, because a task may "
        "be given to another worker; open the file in the task, or send the descriptor to an actor");
    static constexpr std::size_t parameters = std::tuple_size_v<arguments>;
    static constexpr bool is_coroutine = is_task<std::remove_cvref_t<result>>;

    static input decode_input(tasks_in_hand& hand) {
        if constexpr (parameters == 0) {
            return {};
        } else {
            return decoded<input>(hand.arguments());
        }
    }
    static decltype(auto) call(input& with) {
        if constexpr (parameters == 1) {
            return Fn(std::move(with));
        } else {
            return std::apply([](auto&... each) -> decltype(auto) { return Fn(std::move(each)...); }, with);
        }
    }
    static void run_all(tasks_in_hand& hand)
        requires(!is_coroutine)
    {
        while (hand.begin_next()) {
            try {
                input with = decode_input(hand);
                if constexpr (std::is_void_v<value>) {
                    call(with);
                    hand.succeed(nullptr, 0);
                } else {
                    give_result<value>(hand, call(with));
                }
            } catch (const cancelled&) {
                throw;
            } catch (...) {
                hand.refuse();
            }
        }
    }
    static task<> run_all(tasks_in_hand* hand)
        requires is_coroutine
    {
        while (hand->begin_next()) {
            try {
                input with = decode_input(*hand);
                if constexpr (std::is_void_v<value>) {
                    co_await call(with);
                    hand->succeed(nullptr, 0);
                } else {
                    const value result = co_await call(with);
                    give_result(*hand, result);
                }
            } catch (const cancelled&) {
                throw;
            } catch (...) {
                hand->refuse();
            }
        }
    }
};

template <auto Fn>
int call_tasks(birth& born) {
    auto& hand = static_cast<tasks_in_hand&>(born);
    if constexpr (task_function<Fn>::is_coroutine) {
        hand.rest = task_function<Fn>::run_all(&hand);
    } else {
        task_function<Fn>::run_all(hand);
    }
    return 0;
}

template <auto Fn>
struct [[gnu::visibility("hidden")]] known_task {
    static constexpr std::uint64_t hash = hash_of(type_name<known_task>());
    static inline const registration entry{type_name<known_task>(), hash, &call_tasks<Fn>,
                                           &called_function<Fn>::message_name};
};

// A function that is called once in each worker, before its first task.
template <auto Fn>
decltype(auto) call_with_tuple(typename called_function<Fn>::arguments& arguments) {
    return std::apply([](auto&... each) -> decltype(auto) { return Fn(std::move(each)...); }, arguments);
}
template <auto Fn>
task<> await_with_tuple(typename called_function<Fn>::arguments arguments) {
    static_cast<void>(co_await call_with_tuple<Fn>(arguments));
}

template <auto Fn>
int call_deferred(birth& born) {
    using function = called_function<Fn>;
    auto arguments = decoded<typename function::arguments>(born.arguments());
    if constexpr (is_task<std::remove_cvref_t<typename function::result>>) {
        static_cast<call_in_hand&>(born).rest = await_with_tuple<Fn>(std::move(arguments));
    } else {
        static_cast<void>(call_with_tuple<Fn>(arguments));
    }
    return 0;
}

template <auto Fn>
struct [[gnu::visibility("hidden")]] known_deferred {
    static constexpr std::uint64_t hash = hash_of(type_name<known_deferred>());
    static inline const registration entry{type_name<known_deferred>(), hash, &call_deferred<Fn>,
                                           &called_function<Fn>::message_name};
};

// What a worker's process does until its pool has no more for it.
int work_for_pool(birth& born);
std::string_view name_in_hand(std::uint32_t type);

template <class = void>
struct [[gnu::visibility("hidden")]] known_worker {
    static constexpr std::uint64_t hash = hash_of("troupe::detail::known_worker");
    static inline const registration entry{"troupe::detail::known_worker", hash, &work_for_pool, &name_in_hand};
};

}  // namespace troupe::detail
