#include "io/posix_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "io/text_file.hpp"
#include "solver/error.hpp"

namespace needflow {

namespace {

namespace fs = std::filesystem;

std::string free_space(const fs::path& folder) {
  struct statvfs facts = {};
  if (::statvfs(folder.c_str(), &facts) != 0) return "free space unknown";
  return readable_size(std::uint64_t{facts.f_bavail} * facts.f_frsize) + " free";
}

}  // namespace

std::string error_text(int error) { return std::generic_category().message(error); }

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

int write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

// Folders that cannot be opened or synced (write-only ones, some network file systems) are no
// error: the file itself is complete.
int sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno == EACCES ? 0 : errno;
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  return error == EINVAL || error == EOPNOTSUPP ? 0 : error;
}

void throw_write_error(const fs::path& name, const fs::path& target, int error) {
  const fs::path folder = folder_of(target);
  throw IoError(fmt::format("cannot write {}: {} (folder {}: {})", name.string(), error_text(error),
                            folder.string(), free_space(folder)));
}

}  // namespace needflow
