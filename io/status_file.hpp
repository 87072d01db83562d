// OUT.status.json: how a running sweep stands, for machines that would rather not read a journal.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>

namespace needflow {

/// Replaced as a whole every five seconds, removed at the end. Nothing fails for its sake: a file
/// that cannot be written is left out.
class StatusFile {
 public:
  using Clock = std::chrono::steady_clock;

  /// Of `points` an earlier process has done `before`.
  StatusFile(const std::filesystem::path& output, std::size_t points, std::size_t before);
  StatusFile(const StatusFile&) = delete;
  StatusFile& operator=(const StatusFile&) = delete;
  ~StatusFile();

  /// After each batch.
  void update(std::size_t done, std::size_t troubled, Clock::time_point now = Clock::now());

 private:
  void write(std::size_t done, std::size_t troubled, Clock::time_point now);

  std::filesystem::path path_;
  std::size_t points_;
  std::size_t before_;
  Clock::time_point start_;
  Clock::time_point written_;
  bool exists_ = false;
};

/// A text between quotation marks, as JSON writes it.
[[nodiscard]] std::string json_text(const std::string& text);

}  // namespace needflow
