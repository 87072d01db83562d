// The journal of a sweep: an append-only file beside the output that holds every finished point, so
// that a crash, a kill or a full disk costs no result. HDF5 survives none of them; this does.
//
// What a process has written is safe from its own death at once, from a power cut after the next
// sync, about a second later. What follows the first byte that is not as it was written is not
// believed: the points in it are computed again.
//
// Cost: 40 to 170 bytes a point of one need type, packed into columns and summed (CRC32C, 0.02 ns a
// byte); a thread of its own gives them to the page cache in large pieces, and syncs, for a disk
// may take a tenth of a second over it. bench/journal_cost.py measures it, and says what bounds it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "io/journal_records.hpp"

namespace needflow {

/// Names beside the output: `OUT.journal` and `OUT.inflight`, `OUT.journal.R` for rank R of
/// several.
[[nodiscard]] std::filesystem::path journal_path(const std::filesystem::path& output,
                                                 std::optional<int> rank = {});
[[nodiscard]] std::filesystem::path in_flight_path(const std::filesystem::path& output,
                                                   std::optional<int> rank = {});

/// Whether there is a journal that holds anything. One that a process was making when it died ends
/// within its header, or is empty: nothing was lost with it, and it stands in nobody's way.
[[nodiscard]] bool journal_is_begun(const std::filesystem::path& path);

enum class Journals { begun, all };
/// The journals of an output that exist, `OUT.journal` first, then by rank.
[[nodiscard]] std::vector<std::filesystem::path> journals_of(const std::filesystem::path& output,
                                                             Journals which = Journals::begun);

/// The in-flight table that goes with a journal.
[[nodiscard]] std::filesystem::path in_flight_of(const std::filesystem::path& journal);

/// What a journal holds. A point that occurs twice counts as it is last.
struct JournalContents {
  JournalHeader header;
  std::vector<OutcomeBatch> batches;
  std::vector<MeasuredNetwork> networks;
  CrashMarks crashes;  ///< deaths in all, as last recorded
  std::vector<JournalSession> sessions;
  bool ended = false;
  std::uint64_t good_bytes = 0;  ///< up to here everything is as it was written
  std::uint64_t file_bytes = 0;
  std::string damage;  ///< what is wrong from there on; empty: nothing
};

/// Reads all that can be trusted. Throws IoError where there is no journal, or not even its header
/// can be read.
[[nodiscard]] JournalContents read_journal(const std::filesystem::path& path);

/// The same of a copy of its bytes. Throws MalformedRecord.
[[nodiscard]] JournalContents read_journal(std::span<const std::byte> bytes);

/// Reads journals of one plan (of ranks, of shards) into one; `header` is that of the first.
/// Throws ScenarioError where two are of different plans.
[[nodiscard]] JournalContents read_journals(const std::vector<std::filesystem::path>& paths);

/// Why a journal cannot be gone on with under this header, line by line; empty: it can. Shards and
/// ranks are not compared.
[[nodiscard]] std::string journal_difference(const JournalHeader& journal,
                                             const JournalHeader& now);

/// Whether some process holds the journal open for writing; false as well where the file system
/// knows no locks. Does not disturb that process.
[[nodiscard]] bool journal_is_live(const std::filesystem::path& path);

/// Appends to a journal, which it locks. Everything may be called from any thread. Every trouble is
/// an IoError, thrown by the call that meets it and by all that follow; what was written before
/// stays as it is.
class JournalWriter {
 public:
  /// A new journal, or a new start for one that exists; its header is written when this returns.
  /// Throws IoError; ScenarioError where another process writes it.
  JournalWriter(const std::filesystem::path& path, const JournalHeader& header);
  /// Goes on with one that exists; nothing may be added before cut(). Locked first and read then,
  /// so that nobody else writes in between.
  explicit JournalWriter(const std::filesystem::path& path);
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;
  /// Writes what is left, as far as that can be done, and closes; sync() before tells of troubles.
  ~JournalWriter();

  /// Drops what follows the first so many bytes (JournalContents::good_bytes).
  void cut(std::uint64_t good_bytes);

  void add(const OutcomeBatch& batch);
  void add(std::span<const std::size_t> points, const GraphMetrics& metrics);
  void add(const CrashMarks& marks);
  void add(const JournalSession& session);
  void add_end();

  /// Everything added so far is safe from this process's death.
  void flush();
  /// … and from a power cut.
  void sync();
  /// From now on every record is flushed at once: this process may be killed any moment.
  void hurry();

  /// Removes the file; nothing may be added any more.
  void remove();

  [[nodiscard]] std::uint64_t bytes() const;  ///< added, the header and what was there before too
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  void open(int flags);
  void take_lock();
  void empty_file();
  /// Runs `encode` into the buffer and makes a record of what it wrote. Locks.
  template <class Encode>
  void append(RecordType type, const Encode& encode_payload);
  void require_sound() const;
  [[noreturn]] void fail(int error);
  void keep_writing();

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::mutex disk_;  ///< held while bytes go to the file; taken before mutex_
  Bytes outgoing_;   ///< guarded by disk_
  mutable std::mutex mutex_;
  Bytes buffer_;
  bool due_ = false;  ///< the thread was told to write
  std::uint64_t added_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t synced_ = 0;
  std::chrono::steady_clock::time_point flushed_at_;
  bool hurry_ = false;
  std::atomic<bool> name_synced_ = false;
  std::string error_;  ///< the first one, for all who come later
  bool ends_ = false;
  std::condition_variable wake_;
  std::thread thread_;  ///< writes and syncs; started last
};

}  // namespace needflow
