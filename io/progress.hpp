// Progress of long work: a bar on a terminal, a plain line an interval elsewhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <string>

namespace needflow {

enum class ProgressStyle { none, bar, lines };

/// Not thread-safe: the sink that owns it is called by one thread at a time.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  /// `out` must outlive it; `total` points, of which an earlier process has done `before`: they
  /// count as done and not for the rate.
  Progress(std::ostream& out, ProgressStyle style, std::size_t total, std::size_t before = 0);

  /// After each batch; prints at most ten times a second (bar) or every ten seconds (lines). The
  /// clock takes 25 ns: nothing a batch, much a point.
  void update(std::size_t done, std::size_t troubled);
  void update(std::size_t done, std::size_t troubled, Clock::time_point now);

  /// A line that must be seen at once, such as a failed point; the bar moves below it.
  void say(const std::string& line);

  /// The last state, and an end of line.
  void finish(Clock::time_point now = Clock::now());

 private:
  [[nodiscard]] std::string text(Clock::time_point now) const;
  void print(Clock::time_point now);

  std::ostream& out_;
  ProgressStyle style_;
  std::size_t total_;
  std::size_t before_;
  std::size_t done_;
  std::size_t troubled_ = 0;
  Clock::time_point start_;
  Clock::time_point printed_;
  bool bar_on_screen_ = false;
};

/// "0.4 s", "12 s", "3 min 20 s", "2 h 05 min", "3 d 4 h".
[[nodiscard]] std::string readable_duration(double seconds);

}  // namespace needflow
