#include "io/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "io/posix_files.hpp"
#include "solver/error.hpp"

namespace needflow {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse_existing(const fs::path& path) {
  throw ScenarioError(fmt::format("{} exists; --overwrite replaces it", path.string()));
}

/// The path to rename to, once it is clear that a rename there harms nothing: it would replace a
/// device such as /dev/null, or a link, by a file.
fs::path rename_target(const fs::path& path, IfExists if_exists) {
  if (path.native().find('\0') != std::string::npos)
    throw IoError(fmt::format("cannot write {}: its name holds a NUL byte", path.c_str()));
  if (!path.has_filename() || path.filename() == "." || path.filename() == "..")
    throw IoError(fmt::format("cannot write {}: it names a folder", path.string()));
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status))
    throw IoError(fmt::format("cannot write {}: it is {}", path.string(),
                              fs::is_directory(status) ? "a folder" : "not a regular file"));
  if (error && error != std::errc::no_such_file_or_directory) {  // a name too long, say
    throw IoError(fmt::format("cannot write {}: {}", path.string(), error.message()));
  }
  const bool is_link = fs::is_symlink(fs::symlink_status(path, error));
  if (if_exists == IfExists::kRefuse && (fs::exists(status) || is_link)) refuse_existing(path);
  if (!is_link) return path;
  fs::path target = fs::canonical(path, error);
  if (error)
    throw IoError(fmt::format("cannot write {}: it is a link to {}, which does not exist",
                              path.string(), fs::read_symlink(path, error).string()));
  return target;
}

/// A name leaves room for the temporary's additions within the usual 255 bytes.
std::string shortened(std::string name) {
  constexpr std::size_t kLongest = 200;
  if (name.size() <= kLongest) return name;
  std::size_t length = kLongest;
  while (length > 1 && (static_cast<unsigned char>(name[length]) & 0xC0U) == 0x80U) --length;
  return name.substr(0, length);
}

/// Some file systems refuse to rename without replacing; the check before the rename must do there.
int rename_file(const fs::path& from, const fs::path& to, IfExists if_exists) {
  if (if_exists == IfExists::kRefuse) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
    std::error_code error;
    if (fs::exists(fs::symlink_status(to, error))) return EEXIST;
  }
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& final_path, IfExists if_exists)
    : final_(final_path), target_(rename_target(final_path, if_exists)), if_exists_(if_exists) {
  make_temporary();
}

void AtomicFile::make_temporary() {
  const fs::path folder = folder_of(target_);
  const std::string stem = shortened(target_.filename().string());
  for (int n = 0;; ++n) {
    temporary_ = folder / fmt::format(".{}.tmp-{}-{}", stem, ::getpid(), n);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) return;
    if (errno == EEXIST) continue;  // another one of ours, or left by a process of the same number
    const std::string reason = error_text(errno);
    throw IoError(fmt::format("cannot write {}: cannot make a file in folder {}: {}",
                              final_.string(), folder.string(), reason));
  }
}

void AtomicFile::remove_leftovers() const {
  const std::string begin = fmt::format(".{}.tmp-", shortened(target_.filename().string()));
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_of(target_), ignored)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(begin) && name != temporary_.filename()) fs::remove(entry, ignored);
  }
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : final_(std::move(other.final_)),
      target_(std::move(other.target_)),
      temporary_(std::move(other.temporary_)),
      if_exists_(other.if_exists_),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this == &other) return *this;
  release();
  final_ = std::move(other.final_);
  target_ = std::move(other.target_);
  temporary_ = std::move(other.temporary_);
  if_exists_ = other.if_exists_;
  descriptor_ = std::exchange(other.descriptor_, -1);
  return *this;
}

AtomicFile::~AtomicFile() { release(); }

void AtomicFile::release() noexcept {
  if (descriptor_ < 0) return;
  ::close(std::exchange(descriptor_, -1));
  ::unlink(temporary_.c_str());
}

void AtomicFile::require_open() const {
  if (descriptor_ < 0) throw std::logic_error("AtomicFile used after publish() or a move");
}

void AtomicFile::fail_write(int error) const { throw_write_error(final_, target_, error); }

void AtomicFile::write(std::span<const std::byte> bytes) {
  require_open();
  if (const int error = write_all(descriptor_, bytes); error != 0) fail_write(error);
}

void AtomicFile::write(std::string_view text) { write(std::as_bytes(std::span(text))); }

void AtomicFile::publish() {
  require_open();
  if (::fsync(descriptor_) != 0) fail_write(errno);
  const int error = rename_file(temporary_, target_, if_exists_);
  if (error == EEXIST && if_exists_ == IfExists::kRefuse) refuse_existing(final_);
  if (error != 0)
    throw IoError(fmt::format("cannot rename {} to {}: {}", temporary_.string(), target_.string(),
                              error_text(error)));
  ::close(std::exchange(descriptor_, -1));  // fsync has reported what close could
  if (const int sync_error = sync_folder(folder_of(target_)); sync_error != 0)
    throw IoError(fmt::format("{} is written, but its folder cannot be synced: {}", final_.string(),
                              error_text(sync_error)));
}

}  // namespace needflow
