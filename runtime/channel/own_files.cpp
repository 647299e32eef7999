#include "channel/own_files.hpp"

#include <ctime>

#include <string>
#include <utility>

#include <troupe/error.hpp>

#include "base/step.hpp"
#include "channel/participant.hpp"
#include "mail/parcel.hpp"

namespace troupe::channel {
namespace {

// For what others have between two processes to arrive.
constexpr int most_tries = 2000;
constexpr timespec between_tries{.tv_sec = 0, .tv_nsec = 1'000'000};

template <class Try>
mail::file_answer until_it_is_now(Try&& once) {
    mail::file_answer said = once();
    for (int i = 0; said == mail::file_answer::not_now && i < most_tries; ++i) {
        nanosleep(&between_tries, nullptr);
        said = once();
    }
    return said;
}

[[noreturn]] void throw_not_kept(mail::file_answer why) {
    switch (why) {
    case mail::file_answer::not_open:
        throw misuse(
            "the file of a troupe::descriptor in this message was closed behind its back; let the descriptor "
            "close it");
    case mail::file_answer::no_number:
        throw too_large("no descriptor is left to send an open file with; raise the limit of open files (ulimit -n)");
    default:
        throw too_large(
            "as many open files are on their way in messages as there can be: a quarter of the program's "
            "limit of open files, and 16384 at most; let receivers catch up, or raise the limit (ulimit -n)");
    }
}

}  // namespace

detail::handle_ref own_files::put(int fd) {
    files_.reserve(files_.size() + 1);
    const detail::handle_ref made = or_make_room(here_, [&] { return mail::make_file(here_.memory(), here_.owner()); });
    files_.push_back({.stamp = made.object, .file = base::owned_fd(fd)});
    return made;
}

own_files::outgoing_file* own_files::find(std::uint64_t stamp) noexcept {
    for (outgoing_file& one : files_) {
        if (one.stamp == stamp) return &one;
    }
    return nullptr;
}

base::owned_fd own_files::forget(outgoing_file& one) noexcept {
    base::owned_fd file = std::move(one.file);
    if (&one != &files_.back()) one = std::move(files_.back());
    files_.pop_back();
    return file;
}

void own_files::hand_over(std::span<const detail::handle_ref> handles) {
    for (const detail::handle_ref& ref : handles) {
        outgoing_file* const one = mail::is_file(ref) ? find(ref.object) : nullptr;
        if (one == nullptr || one->handed_over) continue;
        TROUPE_STEP("file: about to be handed over");
        const mail::file_answer said = until_it_is_now([&] { return here_.keeper().keep_file(ref, one->file.get()); });
        if (said != mail::file_answer::done) throw_not_kept(said);
        one->handed_over = true;
        TROUPE_STEP("file: handed over");
    }
}

void own_files::note_packed(std::uint64_t parcel) {
    const auto content = mail::look_into_parcel(here_.memory(), {parcel});
    if (!content || files_.empty()) return;
    for (const detail::handle_ref& ref : content->handles) {
        if (outgoing_file* const one = mail::is_file(ref) ? find(ref.object) : nullptr) one->parcel = parcel;
    }
}

void own_files::close_those_of(std::uint64_t parcel) noexcept {
    std::erase_if(files_, [parcel](const outgoing_file& one) { return one.parcel == parcel; });
}

base::owned_fd own_files::take_out(const detail::handle_ref& listed) {
    const shm::block_id block = mail::buffer_of(here_.memory(), listed);
    if (!block || !here_.memory().blocks().belongs_to(block, here_.owner())) {
        throw corrupt("an open file in a message is not there");
    }
    outgoing_file* const own = find(listed.object);
    const bool with_keeper = own != nullptr && own->handed_over;
    base::owned_fd file;
    try {
        file = own != nullptr ? forget(*own) : ask_for(listed);
    } catch (const too_large&) {
        // If it was on its way already, its block is without a stamp, and not freed with the message.
        if (!mail::buffer_of(here_.memory(), listed)) mail::free_block(here_.memory(), block);
        throw;
    }
    TROUPE_STEP("file: taken out");
    // crash: the dead one's, and nobody finds a file there any more; the keeper frees it
    mail::free_block(here_.memory(), block);
    if (with_keeper) here_.keeper().look_at(mail::every_file);
    return file;
}

base::owned_fd own_files::ask_for(const detail::handle_ref& listed) {
    base::owned_fd file;
    TROUPE_STEP("file: about to be asked for");
    switch (until_it_is_now([&] { return here_.keeper().give_file(listed, file); })) {
    case mail::file_answer::done: break;
    case mail::file_answer::no_number:
    case mail::file_answer::not_now:
        throw too_large(
            "an open file arrived in a message, and this process has no number left for it; raise its "
            "limit of open files (ulimit -n)");
    default: throw corrupt("an open file in a message is not there");
    }
    TROUPE_STEP("file: received");
    return file;
}

void own_files::drop(const detail::handle_ref& one) noexcept {
    outgoing_file* const own = find(one.object);
    const bool with_keeper = own != nullptr && own->handed_over;
    if (own != nullptr) forget(*own);
    const shm::block_id block = mail::buffer_of(here_.memory(), one);
    if (block && here_.memory().blocks().belongs_to(block, here_.owner())) mail::free_block(here_.memory(), block);
    if (with_keeper) here_.keeper().look_at(mail::every_file);
}

}  // namespace troupe::channel
