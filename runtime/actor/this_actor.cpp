#include <troupe/error.hpp>
#include <troupe/this_actor.hpp>

#include <unistd.h>

#include <cstring>

#include "actor/own_process.hpp"
#include "channel/lone_inbox.hpp"
#include "process/cpus.hpp"
#include "shm/shared_text.hpp"

namespace troupe {
namespace this_actor {

std::string name() {
    const shm::process_slot& self = actors::own_process::here().participant().self();
    return shm::load_text(self.who.name);
}

int pid() {
    actors::own_process::here();
    return getpid();
}

int parent_pid() {
    actors::own_process& here = actors::own_process::here();
    // relaxed: written before this process was made
    const detail::actor_id parent{here.participant().self().who.parent.get()};
    return parent ? detail::refer::to<actor<>>(parent).pid() : 0;
}

bool stop_requested() { return actors::own_process::here().stop_requested(); }

unsigned incarnation() {
    // relaxed: written before this process was made
    return actors::own_process::here().participant().self().supervision.restarts.get();
}

namespace {

void ask_for_link(const detail::actor_base& other, int value) {
    if (!other) throw misuse("this reference names no actor: it was default-constructed");
    actors::own_process& here = actors::own_process::here();
    here.tell_keeper({.word = keepers::keeper_word::link,
                      .slot = here.participant().slot(),
                      .subject = other.id().value,
                      .value = value});
}

}  // namespace

void link(const detail::actor_base& other) { ask_for_link(other, 1); }
void unlink(const detail::actor_base& other) { ask_for_link(other, 0); }

std::vector<actor<>> children() {
    std::vector<actor<>> all;
    for (const actors::child& one : actors::own_process::here().children().living())
        all.push_back(detail::refer::to<actor<>>(one.actor));
    return all;
}

}  // namespace this_actor

namespace detail {

channel::inbox& own_mailbox() { return actors::own_process::here().needed_mailbox(); }

actor_id own_id() { return actors::own_process::here().participant().actor(); }

}  // namespace detail

unsigned usable_cpus() { return process::usable_cpus(); }

}  // namespace troupe
