// Publishing a file in one step: readers, crashes and full disks see the old file or the new one,
// never half of it. The bytes go to a temporary in the same folder, which is synced and renamed.
// The temporary is made at once, so that a folder that cannot be written is found before hours of
// computing, not after.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace needflow {

enum class IfExists { kReplace, kRefuse };

class AtomicFile {
 public:
  /// Makes `.NAME.tmp-PID-N` beside the final file; a link is followed, so that it stays a link.
  /// Throws IoError if that cannot be done or the final path is something else than a regular
  /// file, ScenarioError if it exists and must not be replaced.
  explicit AtomicFile(const std::filesystem::path& final_path,
                      IfExists if_exists = IfExists::kReplace);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  /// Removes the temporary if it was not published.
  ~AtomicFile();

  /// The temporary. Others may write it by this name (keeping the file: truncate, not replace), or
  /// read it to check before publish().
  const std::filesystem::path& path() const { return temporary_; }

  /// Removes temporaries that other processes left for this file: for those who know that none of
  /// them still runs.
  void remove_leftovers() const;

  /// Appends. Throws IoError naming the final file, the reason and the space left.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);

  /// Syncs, renames, syncs the folder. Throws IoError; ScenarioError if the final file has come
  /// into being and must not be replaced. After a failure up to the rename it may be tried again;
  /// once published, write() and publish() throw std::logic_error.
  void publish();

 private:
  void make_temporary();
  void require_open() const;
  [[noreturn]] void fail_write(int error) const;
  void release() noexcept;

  std::filesystem::path final_;   // as the user named it, for messages
  std::filesystem::path target_;  // with links resolved
  std::filesystem::path temporary_;
  IfExists if_exists_ = IfExists::kReplace;
  int descriptor_ = -1;  // -1: published or moved from
};

}  // namespace needflow
