// Whole text files as strings, gzip unpacked on the way. What decides is the content's first two
// bytes, not the name's ending, because downloads come under both. The packed file is read whole
// before it is unpacked: it is the small part, and unpacking memory can be tested without files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace needflow {

/// The most bytes a file may hold once unpacked: a few kilobytes of gzip can claim terabytes.
inline constexpr std::uint64_t kLargestText = std::uint64_t{8} << 30U;

/// The bytes of a file (a pipe such as /dev/stdin is welcome), unpacked if they are gzip data.
/// Throws IoError if the file cannot be opened or read, is a directory, holds truncated or damaged
/// gzip data, or more than `largest` bytes.
std::string read_text_file(const std::filesystem::path& path, std::uint64_t largest = kLargestText);

/// Unpacks gzip data of one or several members; zero bytes may follow them, as tapes pad. `name`
/// stands in the messages. Throws IoError as above.
std::string gunzip(std::string_view packed, std::string_view name,
                   std::uint64_t largest = kLargestText);

/// Bytes for people, in binary units: "512 bytes", "1.5 KiB", "8.0 GiB".
std::string readable_size(std::uint64_t bytes);

}  // namespace needflow
