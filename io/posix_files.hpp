// What writers of files share below the C++ library: whole writes, errors in words, folders synced.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace needflow {

/// "No space left on device" for ENOSPC.
[[nodiscard]] std::string error_text(int error);

/// Where a file lies; "." for a bare name.
[[nodiscard]] std::filesystem::path folder_of(const std::filesystem::path& file);

/// Writes all of it, however often that takes. Returns 0 or the error.
[[nodiscard]] int write_all(int descriptor, std::span<const std::byte> bytes);

/// Makes a rename or a new name in the folder last through a power cut. Returns 0 or the error.
[[nodiscard]] int sync_folder(const std::filesystem::path& folder);

/// Throws the IoError of a failed write: the name, the reason, the folder of `target` and what is
/// free there.
[[noreturn]] void throw_write_error(const std::filesystem::path& name,
                                    const std::filesystem::path& target, int error);

}  // namespace needflow
