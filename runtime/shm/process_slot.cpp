#include "shm/process_slot.hpp"

#include "base/step.hpp"

namespace troupe::shm {

void process_slot::begin_actor(detail::actor_id actor) noexcept {
    pid.clear();
    who.begin_actor();
    start.begin_actor();
    requests.begin_actor(actor.serial());
    activity.begin_actor();
    ending.begin_actor();
    supervision.begin_actor();
    handling.begin_actor();
    start.begin_process();
    activity.begin_process();
    handling.begin_process();
    told.begin_process();
    incarnation.next();
    id.set(actor);
}

void process_slot::begin_process() noexcept {
    pid.clear();
    start.begin_process();
    activity.begin_process();
    handling.begin_process();
    told.begin_process();
    supervision.restarts.set(supervision.restarts.get() + 1);
    incarnation.next();
    TROUPE_STEP("process: incarnation counted");
}

}  // namespace troupe::shm
