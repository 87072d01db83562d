// Reads with plain system calls: they give the errno that a message needs, and streams do not
// promise one.
#include "io/text_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <new>
#include <system_error>

#include "solver/error.hpp"

namespace needflow {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::size_t kFirstChunk = std::size_t{64} << 10U;

std::string error_text(int error) { return std::generic_category().message(error); }

class OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0)
      throw IoError(fmt::format("cannot open {}: {}", path.string(), error_text(errno)));
  }
  ~OpenFile() { ::close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

[[noreturn]] void refuse_size(std::string_view name, std::uint64_t largest) {
  throw IoError(fmt::format("{}: holds more than {}", name, readable_size(largest)));
}

/// A buffer's size, never more than one byte past the limit: enough to see that it is passed.
std::size_t bounded(std::uint64_t wanted, std::uint64_t largest) {
  return static_cast<std::size_t>(wanted > largest ? largest + 1 : wanted);
}

/// The size a full buffer grows to.
std::size_t grown(std::size_t size, std::uint64_t largest) {
  return bounded(std::max<std::uint64_t>(kFirstChunk, 2 * std::uint64_t{size}), largest);
}

std::size_t read_some(const OpenFile& file, const std::string& name, char* to, std::size_t room) {
  for (;;) {
    const ssize_t got = ::read(file.descriptor(), to, room);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw IoError(fmt::format("cannot read {}: {}", name, error_text(errno)));
  }
}

std::string read_bytes(const OpenFile& file, const std::string& name, std::uint64_t largest) {
  // A file that says its size is read into one buffer of that size and a byte, which meets the end.
  struct stat facts = {};
  const bool sized =
      ::fstat(file.descriptor(), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0;
  const std::uint64_t expected =
      sized ? static_cast<std::uint64_t>(facts.st_size) + 1 : kFirstChunk;
  std::string bytes(bounded(expected, largest), '\0');
  std::size_t used = 0;
  for (;;) {
    if (used > largest) refuse_size(name, largest);
    if (used == bytes.size()) bytes.resize(grown(used, largest));
    const std::size_t got = read_some(file, name, bytes.data() + used, bytes.size() - used);
    if (got == 0) break;
    used += got;
  }
  bytes.resize(used);
  return bytes;
}

/// zlib's state for gzip data, member after member.
class Inflater {
 public:
  Inflater() {
    constexpr int kGzipOnly = 15 + 16;  // the largest window; 16 asks for gzip's header
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  struct Step {
    int code;
    std::size_t taken;
    std::size_t made;
    bool full;  // the output had no room for more
  };

  Step step(std::string_view packed, char* to, std::size_t room) {
    constexpr std::size_t kMost = std::size_t{1} << 30U;  // zlib counts in 32 bits
    // zlib's interface is not const-correct; it only reads the input.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_.avail_in = static_cast<uInt>(std::min(packed.size(), kMost));
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(std::min(room, kMost));
    const uInt in = stream_.avail_in;
    const uInt out = stream_.avail_out;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    return {code, in - stream_.avail_in, out - stream_.avail_out, stream_.avail_out == 0};
  }

  void next_member() { inflateReset(&stream_); }
  std::string_view complaint() const { return stream_.msg != nullptr ? stream_.msg : "bad data"; }

 private:
  z_stream stream_ = {};
};

/// Gzip data end with their unpacked size modulo 2^32. It is a hint alone, as it may lie and
/// counts the last member only; deflate packs at most 1032 to 1.
std::size_t expected_size(std::string_view packed, std::uint64_t largest) {
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < 4 && packed.size() >= 4; ++i)
    size |= std::uint64_t{static_cast<unsigned char>(packed[packed.size() - 4 + i])} << (8 * i);
  size = std::min<std::uint64_t>(size, 1032 * std::uint64_t{packed.size()});
  return bounded(std::max<std::uint64_t>(size, 1) + 1, largest);
}

/// What follows a member: another one (true), nothing or padding (false).
bool another_member(std::string_view rest, std::string_view name) {
  if (rest.starts_with(kGzipMagic)) return true;
  if (rest.find_first_not_of('\0') == std::string_view::npos) return false;
  throw IoError(fmt::format("{}: bytes that are not gzip data follow the gzip data", name));
}

}  // namespace

std::string gunzip(std::string_view packed, std::string_view name, std::uint64_t largest) {
  Inflater inflater;
  std::string text(expected_size(packed, largest), '\0');
  std::size_t used = 0;
  for (;;) {
    const Inflater::Step step = inflater.step(packed, text.data() + used, text.size() - used);
    packed.remove_prefix(step.taken);
    used += step.made;
    if (used > largest) refuse_size(name, largest);
    if (step.code == Z_STREAM_END) {
      if (!another_member(packed, name)) break;
      inflater.next_member();
    } else if (step.code == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (step.code != Z_OK && step.code != Z_BUF_ERROR) {
      throw IoError(fmt::format("{}: damaged gzip data ({})", name, inflater.complaint()));
    } else if (packed.empty() && !step.full) {
      throw IoError(fmt::format("{}: truncated gzip data", name));
    }
    if (used == text.size()) text.resize(grown(used, largest));
  }
  text.resize(used);
  return text;
}

std::string read_text_file(const std::filesystem::path& path, std::uint64_t largest) {
  const std::string name = path.string();
  // The system would stop at the NUL and open another file than the one that was named.
  if (name.find('\0') != std::string::npos)
    throw IoError(fmt::format("cannot open {}: its name holds a NUL byte", name.c_str()));
  std::string bytes = read_bytes(OpenFile(path), name, largest);
  return bytes.starts_with(kGzipMagic) ? gunzip(bytes, name, largest) : bytes;
}

std::string readable_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  double size = static_cast<double>(bytes) / 1024.0;
  std::size_t unit = 0;
  for (; size >= 1023.95; size /= 1024.0) ++unit;  // 1023.95 would print as 1024.0
  return fmt::format("{:.1f} {}", size, kUnits[unit]);
}

}  // namespace needflow
