// What a test that spawns must leave as it found it.
//
// The listener itself is in the source file; it is part of every program that links it. After each test case it fails
// the case when something is left, once the keeper has had time to put away what has ended.
#pragma once

#include <cstddef>
#include <set>
#include <string>

// Of this process, the program: what it holds now.
struct belongings {
    std::set<int> children;             // pids, zombies too; without the forkserver
    std::set<std::string> descriptors;  // number and what it names; without the doorbells kept for the next ring
    std::size_t channels = 0;           // mailboxes, queues and directions of pipes in the program's shared memory
    std::size_t blocks = 0;             // large messages and arguments there
    std::size_t cells = 0;              // locks, arrays, events, barriers, semaphores there
    std::size_t places = 0;             // in their lines
    bool logs = false;                  // its log has a ring; that and the logger are counted nowhere
};
belongings what_is_held();

// In words, what `now` has more than `before`; empty when it has nothing more.
std::string left_behind(const belongings& before, const belongings& now);
