// Compilers that would build a program which is wrong.
#pragma once

#if defined(__clang__)
    #if __clang_major__ < 16
        #error "troupe: clang before 16 cannot compile this: use clang 16 or later, or GCC 13 or later"
    #endif
#elif defined(__GNUC__) && __GNUC__ < 13
    #error \
        "troupe: GCC before 13 destroys the message of `co_await f(message{...})` twice (GCC bug 107288): use GCC 13 or later, or clang 16 or later"
#endif
