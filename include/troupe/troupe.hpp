// troupe: actors that are operating-system processes.
//
// The words:
//   actor            a process running one actor function
//   mailbox          its inbox, in shared memory
//   actor reference  a value that names an actor and the messages it takes; it can be sent
//   queue            many senders, many receivers, first in first out
//   pipe             two connections, each with one owner
//   shared value     under a lock; a shared array has none
//   descriptor       an open file that one process owns; it can be sent
//   stream, socket   bytes to read and write: of a pipe or a file; of a connection
//   command          a program that is not troupe's, run by an actor
//   injector         the way from another thread of the process into its actor's mailbox
//   start method     spawn (a fresh exec), forkserver (cloned from a small clean server), fork (a copy of the parent)
//   parked           asleep in the kernel until its doorbell rings
//   exit status      how a process ended
//   name             of an actor, public: others find it by that
//   topic            a name and a message; what is published goes to all who have subscribed
//   group            a set of actors under a name
//   supervisor       restarts actors that end when they should not
//   log              lines that all actors write, whole, through one process
//   program          the first actor, in the process that called `run`
//
// Every call that waits is awaited, can be given a deadline (`with_timeout`) and can be cancelled. A wait that ended
// without success has taken nothing. Errors are exceptions derived from `troupe::error`.
#pragma once

#include <troupe/detail/compiler.hpp>

#include <troupe/actor.hpp>
#include <troupe/barrier.hpp>
#include <troupe/buffer.hpp>
#include <troupe/call.hpp>
#include <troupe/command.hpp>
#include <troupe/condition.hpp>
#include <troupe/descriptor.hpp>
#include <troupe/down.hpp>
#include <troupe/error.hpp>
#include <troupe/event.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/files.hpp>
#include <troupe/group.hpp>
#include <troupe/injector.hpp>
#include <troupe/limits.hpp>
#include <troupe/log.hpp>
#include <troupe/mailbox.hpp>
#include <troupe/mutex.hpp>
#include <troupe/names.hpp>
#include <troupe/object.hpp>
#include <troupe/outcome.hpp>
#include <troupe/pipe.hpp>
#include <troupe/pool.hpp>
#include <troupe/queue.hpp>
#include <troupe/readiness.hpp>
#include <troupe/run.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/shared.hpp>
#include <troupe/shared_array.hpp>
#include <troupe/signals.hpp>
#include <troupe/socket.hpp>
#include <troupe/spawn.hpp>
#include <troupe/start_method.hpp>
#include <troupe/stream.hpp>
#include <troupe/supervisor.hpp>
#include <troupe/sync_wait.hpp>
#include <troupe/task.hpp>
#include <troupe/task_group.hpp>
#include <troupe/this_actor.hpp>
#include <troupe/ticks.hpp>
#include <troupe/time.hpp>
#include <troupe/topic.hpp>
#include <troupe/watch.hpp>
#include <troupe/when.hpp>
