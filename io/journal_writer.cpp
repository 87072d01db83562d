#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "io/journal.hpp"
#include "io/posix_files.hpp"
#include "solver/error.hpp"

namespace needflow {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Cost: a record of 64 points takes 1.6 µs to pack, a piece 0.14 ms to write, most of it pages that
// the kernel finds and fills. So writing is the thread's that syncs: nobody who computes waits for
// it, or holds the lock meanwhile. What did not help: pieces of 32 KiB to 1 MiB, O_DIRECT, room
// taken beforehand (fallocate), a look every 10 ms in place of being woken.
constexpr std::size_t kPiece = std::size_t{1} << 18;
constexpr std::size_t kMostWaiting = 64 * kPiece;  // on a slow disk those who add wait from here on
// A batch that took longer than this is worth a write of its own.
constexpr auto kFlushInterval = std::chrono::milliseconds(50);
constexpr auto kSyncInterval = std::chrono::seconds(1);

/// Before a payload: the head and the type.
constexpr std::size_t kHeadBytes = sizeof(RecordHead) + 1;

}  // namespace

JournalWriter::JournalWriter(const fs::path& path, const JournalHeader& header) : path_(path) {
  const bool existed = fs::exists(path);
  open(O_WRONLY | O_CREAT);
  try {
    empty_file();
    append(RecordType::header, [&] { encode(header, buffer_); });
    flush();  // synced with the first points: two syncs now would be a tenth of a short sweep
  } catch (const IoError&) {
    if (!existed) ::unlink(path_.c_str());
    ::close(descriptor_);
    throw;
  }
  thread_ = std::thread([this] { keep_writing(); });
}

JournalWriter::JournalWriter(const fs::path& path) : path_(path) {
  open(O_WRONLY);
  thread_ = std::thread([this] { keep_writing(); });
}

void JournalWriter::open(int flags) {
  flushed_at_ = Clock::now();
  descriptor_ = ::open(path_.c_str(), flags | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw_write_error(path_, path_, errno);
  try {
    take_lock();
  } catch (const ScenarioError&) {
    ::close(descriptor_);
    throw;
  }
}

/// One that is empty stays as it is: ext4 takes a file that was emptied for one that replaces
/// another, and writes all of it to the disk when it is closed (auto_da_alloc), though it has been
/// removed by then: 10 MB at the end of a sweep of half a second.
void JournalWriter::empty_file() {
  struct stat facts = {};
  if (::fstat(descriptor_, &facts) == 0 && facts.st_size == 0) return;
  if (::ftruncate(descriptor_, 0) != 0) fail(errno);
}

void JournalWriter::take_lock() {
  // `status` holds it for an instant; another sweep holds it for good.
  for (int tries = 0; tries < 20; ++tries) {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    if (errno != EWOULDBLOCK && errno != EINTR) return;  // no locks on this file system
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  throw ScenarioError(
      fmt::format("{} is being written by another process; needflow status shows how far it is",
                  path_.string()));
}

JournalWriter::~JournalWriter() {
  {
    const std::scoped_lock lock(mutex_);
    ends_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (descriptor_ < 0) return;
  if (error_.empty()) (void)write_all(descriptor_, buffer_);
  ::close(descriptor_);
}

void JournalWriter::cut(std::uint64_t good_bytes) {
  const std::scoped_lock lock(disk_, mutex_);
  require_sound();
  const auto length = static_cast<off_t>(good_bytes);
  if (::ftruncate(descriptor_, length) != 0) fail(errno);
  if (::lseek(descriptor_, length, SEEK_SET) != length) fail(errno);
  added_ = written_ = synced_ = good_bytes;
}

template <class Encode>
void JournalWriter::append(RecordType type, const Encode& encode_payload) {
  std::unique_lock lock(mutex_);
  require_sound();
  const std::size_t begin = buffer_.size();
  buffer_.resize(begin + kHeadBytes);
  encode_payload();
  const std::size_t length = buffer_.size() - begin - kHeadBytes;
  if (length > std::numeric_limits<std::uint32_t>::max()) {
    buffer_.resize(begin);
    error_ = fmt::format(
        "cannot write {}: a point's rows of agents take {} bytes, more than a "
        "record of 4 GiB holds",
        path_.string(), length);
    throw IoError(error_);
  }
  buffer_[begin + sizeof(RecordHead)] = static_cast<std::byte>(type);
  const RecordHead head{static_cast<std::uint32_t>(length),
                        crc32c(std::span(buffer_).subspan(begin + sizeof(RecordHead)))};
  std::memcpy(&buffer_[begin], &head, sizeof(head));
  added_ += buffer_.size() - begin;
  if (hurry_ || buffer_.size() >= kMostWaiting) {
    lock.unlock();
    flush();
  } else if (!due_ && (buffer_.size() >= kPiece || Clock::now() - flushed_at_ >= kFlushInterval)) {
    due_ = true;
    wake_.notify_one();
  }
}

void JournalWriter::add(const OutcomeBatch& batch) {
  append(RecordType::outcomes, [&] { encode(batch, buffer_); });
}

void JournalWriter::add(std::span<const std::size_t> points, const GraphMetrics& metrics) {
  append(RecordType::network, [&] { encode(points, metrics, buffer_); });
}

void JournalWriter::add(const CrashMarks& marks) {
  append(RecordType::crash, [&] { encode(marks, buffer_); });
}

void JournalWriter::add(const JournalSession& session) {
  append(RecordType::session, [&] { encode(session, buffer_); });
}

void JournalWriter::add_end() {
  append(RecordType::end, [] {});
}

void JournalWriter::flush() {
  const std::scoped_lock in_order(disk_);
  {
    const std::scoped_lock lock(mutex_);
    require_sound();
    due_ = false;
    flushed_at_ = Clock::now();
    std::swap(buffer_, outgoing_);
  }
  // Others go on adding meanwhile.
  const int error = write_all(descriptor_, outgoing_);
  const std::scoped_lock lock(mutex_);
  if (error != 0) fail(error);
  written_ += outgoing_.size();
  outgoing_.clear();
}

void JournalWriter::sync() {
  flush();
  std::uint64_t written = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (written_ == synced_) return;
    written = written_;
  }
  int error = ::fdatasync(descriptor_) == 0 ? 0 : errno;
  if (error == 0 && !name_synced_.exchange(true)) error = sync_folder(folder_of(path_));
  const std::scoped_lock lock(mutex_);
  if (error != 0 && error != EINVAL && error != EROFS) fail(error);  // pipes cannot, and need not
  synced_ = std::max(synced_, written);
}

void JournalWriter::hurry() {
  const std::scoped_lock lock(mutex_);
  hurry_ = true;
}

void JournalWriter::remove() {
  const std::scoped_lock lock(mutex_);
  require_sound();
  error_ = fmt::format("{} is removed", path_.string());
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
    throw IoError(fmt::format("cannot remove {}: {}", path_.string(), error_text(errno)));
  }
}

std::uint64_t JournalWriter::bytes() const {
  const std::scoped_lock lock(mutex_);
  return added_;
}

void JournalWriter::require_sound() const {
  if (!error_.empty()) throw IoError(error_);
}

void JournalWriter::fail(int error) {
  try {
    throw_write_error(path_, path_, error);
  } catch (const IoError& problem) {
    error_ = problem.what();
    throw;
  }
}

void JournalWriter::keep_writing() {
  auto next_sync = Clock::now() + kSyncInterval;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait_until(lock, next_sync, [this] { return ends_ || due_; });
    if (ends_) return;
    lock.unlock();
    try {
      if (Clock::now() < next_sync) {
        flush();
      } else {
        sync();
        next_sync = Clock::now() + kSyncInterval;
      }
    } catch (const IoError&) {
      return;  // error_ tells whoever adds next
    }
    lock.lock();
  }
}

}  // namespace needflow
