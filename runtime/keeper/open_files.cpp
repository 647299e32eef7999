#include "keeper/open_files.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/step.hpp"
#include "mail/parcel.hpp"
#include "process/message_socket.hpp"

namespace troupe::keepers {

using mail::file_answer;

// A quarter of the limit of this process, which is the program's. Asked for each time: the program may change it.
std::size_t open_files::most_now() noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur / 4, most));
}

void open_files::keep(const detail::handle_ref& ref, base::owned_fd file, int socket) noexcept {
    const file_answer said = add(ref, std::move(file));
    const bool told =
        process::send_message(socket, {reinterpret_cast<const std::byte*>(&said), sizeof said}, {}, false);
    if (!told && said == file_answer::done) remove(count_ - 1);
}

file_answer open_files::add(const detail::handle_ref& ref, base::owned_fd file) noexcept {
    if (!file) return file_answer::no_number;
    if (!mail::is_file(ref) || !mail::buffer_of(memory_, ref)) return file_answer::not_there;
    const std::size_t now = most_now();
    if (count_ >= now) close_unlisted();
    if (count_ >= now) return file_answer::too_many;
    stamps_[count_] = ref.object;
    roles_[count_] = ref.role;
    files_[count_] = file.release();
    ++count_;
    tell();
    TROUPE_STEP("keeper: file kept");
    return file_answer::done;
}

void open_files::give(const detail::handle_ref& ref, int socket) noexcept {
    const auto* const found = std::find(stamps_.data(), stamps_.data() + count_, ref.object);
    const auto at = static_cast<std::size_t>(found - stamps_.data());
    const shm::block_id block = mail::is_file(ref) ? mail::buffer_of(memory_, ref) : shm::block_id{};
    file_answer said = at < count_ && block ? file_answer::done : file_answer::not_there;
    if (said == file_answer::done) {
        // Before it is given: the block is its receiver's, who frees it, and it may be another's then.
        mail::mark_given(memory_, block);
        TROUPE_STEP("keeper: file marked as given");
        if (process::send_message(socket, {reinterpret_cast<const std::byte*>(&said), sizeof said}, {&files_[at], 1},
                                  false)) {
            TROUPE_STEP("keeper: file given");
            remove(at);
            return;
        }
        // Its receiver has ended, and the next one has it; or it asks again.
        said = errno == ETOOMANYREFS ? file_answer::not_now : file_answer::no_number;
        mail::unmark_given(memory_, block, ref);
    }
    process::send_message(socket, {reinterpret_cast<const std::byte*>(&said), sizeof said}, {}, false);
}

void open_files::close_unlisted() noexcept {
    due_ = false;
    for (std::size_t i = count_; i > 0; --i) {
        if (!mail::buffer_of(memory_, {stamps_[i - 1], roles_[i - 1]})) remove(i - 1);
    }
}

void open_files::remove(std::size_t at) noexcept {
    const base::owned_fd removed(files_[at]);  // closed when it is listed no more, as owned_fd says why
    --count_;
    stamps_[at] = stamps_[count_];
    roles_[at] = roles_[count_];
    files_[at] = files_[count_];
    tell();
}

// In a copy of the program, too, which has nothing to tell.
void open_files::close() noexcept {
    while (count_ > 0) ::close(files_[--count_]);
}

void open_files::tell() const noexcept { memory_.header().open_files.set(static_cast<std::uint32_t>(count_)); }

}  // namespace troupe::keepers
