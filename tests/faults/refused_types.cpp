// aggregates that reflection by braces finds hard
#include <cstdio>
#include <optional>
#include <troupe/troupe.hpp>
template <class T>
struct box {
    T value{};
    template <class U>
    box(U&& u)
        requires std::is_constructible_v<T, U&&>
        : value(std::forward<U>(u)) {}
    box() = default;
};
#if K == 1
struct [[gnu::packed]] msg {
    char c;
    int i;
    double d;
};
    #define MAKE msg{'c', 5, 2.5}
    #define SAME(got) (got.c == 'c' && got.i == 5 && got.d == 2.5)
#elif K == 2
struct inner {
    int a;
    char b;
};
struct msg {
    [[no_unique_address]] inner x;
    char c;
    std::string s;
};
    #define MAKE msg{{1, 'b'}, 'c', "s"}
    #define SAME(got) (got.x.a == 1 && got.x.b == 'b' && got.c == 'c' && got.s == "s")
#elif K == 3
struct msg {
    int a;
    union {
        int b;
        float f;
    };
    std::string s;
};
    #define MAKE msg{1, {2}, "s"}
    #define SAME(got) (got.a == 1 && got.b == 2)
#elif K == 4
struct msg {
    int a;
    struct {
        int b, c;
    };
};
    #define MAKE \
        msg { 1, {2, 3} }
    #define SAME(got) (got.a == 1 && got.b == 2 && got.c == 3)
#elif K == 5
struct greedy {
    std::string s;
    greedy() = default;
    template <class T>
    greedy(T&&) {}
};  // takes anything, as json values do
struct msg {
    greedy g;
    int x;
};
    #define MAKE msg{{}, 4}
    #define SAME(got) (got.x == 4)
#elif K == 6
struct ex {
    explicit ex() {}
};
struct msg {
    int a;
    ex e;
    std::string s;
};
    #define MAKE msg()
    #define SAME(got) (got.a == 0)
#elif K == 7
struct alignas(64) msg {
    std::string s;
    int x;
};
    #define MAKE msg{"over-aligned", 3}
    #define SAME(got) (got.s == "over-aligned" && reinterpret_cast<std::uintptr_t>(&got) % 64 == 0)
#elif K == 8
struct msg {
    std::string a;
    static inline int counted = 0;
    static constexpr int k = 3;
    int b = counted;
    using t = int;
    enum { e1 };
    int f() const { return b; }
};
    #define MAKE msg{"a", 9}
    #define SAME(got) (got.a == "a" && got.b == 9)
#elif K == 9
struct msg {
    int a : 16;
    int b;
};  // fits where the members as declared would
    #define MAKE msg{-5, 6}
    #define SAME(got) (got.a == -5 && got.b == 6)
#elif K == 10
struct msg {
    unsigned a : 5;
    unsigned : 3;
    std::string s;
};
    #define MAKE msg{7, "s"}
    #define SAME(got) (got.a == 7)
#elif K == 11
class hidden {
    int x = 3;

public:
    int get() const { return x; }
};
struct msg {
    hidden h;
};
    #define MAKE \
        msg {}
    #define SAME(got) (got.h.get() == 3)
#elif K == 12
struct msg {
    std::initializer_list<int> l;
};
    #define MAKE \
        msg {}
    #define SAME(got) true
#elif K == 13
struct msg {
    int x;
    msg() = delete;
};
    #define MAKE \
        msg {}
    #define SAME(got) true
#elif K == 14
struct msg {
    std::vector<struct later> v;
    int x;
};
struct later {
    int y;
};
    #define MAKE msg{{later{3}}, 4}
    #define SAME(got) (got.v[0].y == 3 && got.x == 4)
#elif K == 15
struct msg {
    bool b;
    std::optional<bool> o;
    bool c[3];
};
    #define MAKE                               \
        msg {                                  \
            true, false, { true, false, true } \
        }
    #define SAME(got) (got.b && !*got.o && got.c[2])
#elif K == 16
struct msg {
    volatile int v;
    int x;
};
    #define MAKE msg{1, 2}
    #define SAME(got) (got.x == 2)
#elif K == 17
struct msg {
    std::string s;
    mutable int m = 0;
    int n;
};
    #define MAKE msg{"s", 2, 3}
    #define SAME(got) (got.m == 2 && got.n == 3)
#elif K == 18
struct msg {
    std::string s;

private:
    int secret = 4;

public:
    int open = 1;
};
    #define MAKE \
        msg {}
    #define SAME(got) (got.open == 1)
#elif K == 19
struct msg {
    virtual ~msg() = default;
    int x = 1;
};
    #define MAKE \
        msg {}
    #define SAME(got) (got.x == 1)
#elif K == 20
template <class T>
struct crtp {};
struct msg : crtp<msg> {
    int x = 1;
};
    #define MAKE \
        msg {}
    #define SAME(got) (got.x == 1)
#endif
troupe::task<int> program() {
    troupe::queue<msg> q;
    co_await q.put(MAKE);
    auto a = co_await q.get();
    std::printf("K%d %s flat %d\n", K, SAME((*a)) ? "ok" : "BAD", (int)troupe::detail::is_flat<msg>);
    co_return 0;
}
int main(int c, char** v) { return troupe::run<program>(c, v); }
