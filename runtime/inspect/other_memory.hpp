// The memory of another process, read without its help. Whatever is read is input: the process may write to it
// meanwhile, and a pointer found there may point anywhere.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace troupe::inspect {

class other_memory {
public:
    explicit other_memory(pid_t pid) noexcept : pid_(pid) {}

    // As many bytes as can be read from `address` on, `most` at most.
    std::vector<std::byte> bytes_at(std::uint64_t address, std::size_t most) const;

    // A value; nothing if it cannot be read whole.
    template <class T>
        requires std::is_trivially_copyable_v<T>
    std::optional<T> value_at(std::uint64_t address) const {
        T value;
        return read(address, &value, sizeof value) == sizeof value ? std::optional(value) : std::nullopt;
    }
    // The text up to its zero; nothing if there is none among the first `most` bytes.
    std::optional<std::string> text_at(std::uint64_t address, std::size_t most) const;

private:
    std::size_t read(std::uint64_t address, void* into, std::size_t bytes) const noexcept;

    pid_t pid_;
};

}  // namespace troupe::inspect
