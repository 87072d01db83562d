// The limits of the machine that a round can run into, measured in the same process as the
// kernels: how fast memory streams, how fast numbers are fetched from random places, and how fast
// they are multiplied and added.
//
// A share of these limits says more than a time: the host may give us near cores or far ones, and
// the limits move with them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/lanes.hpp"
#include "kernels/large_pages.hpp"
#include "kernels/parallel.hpp"

namespace needflow::bench {

/// Whether a gather asks for its rows some visits ahead: it helps beyond the caches and costs
/// within.
enum class Prefetch { no, yes };

/// Seconds since some moment: CPU time of the caller for one thread, which others at work on the
/// machine do not lengthen, and wall time for several.
[[nodiscard]] double seconds_now(Threads threads);

/// Σ of the rows of `lanes` (1, 8 or 16) words at these places.
[[nodiscard]] std::uint64_t sum_of_places(const std::uint64_t* rows,
                                          std::span<const std::uint32_t> places, int lanes,
                                          Prefetch prefetch);

/// Threads::all means those of the caller's arena, as it does for the kernels.
class Machine {
 public:
  Machine();

  [[nodiscard]] std::size_t stream_bytes() const;
  [[nodiscard]] std::size_t gathers() const;

  /// Reads memory once from end to end. Returns a number that depends on all of it.
  [[nodiscard]] std::uint64_t stream(Threads threads) const;
  /// gathers() visits to random rows of `lanes` (1, 8 or 16) doubles in a vector of `rows` such
  /// rows.
  [[nodiscard]] std::uint64_t gather(std::size_t rows, int lanes, Prefetch prefetch,
                                     Threads threads);
  /// Fused multiply-adds in registers for some milliseconds; returns how many floating-point
  /// operations they are, two each.
  [[nodiscard]] double multiply_adds(Threads threads) const;

  /// Bytes per second of stream(), the best of a few.
  [[nodiscard]] double read_bandwidth(Threads threads) const;
  /// Seconds a visit of gather(), the best of a few with and without prefetch; all threads
  /// together, so two threads halve it.
  [[nodiscard]] double gather_seconds(std::size_t rows, int lanes, Threads threads);
  /// Floating-point operations per second of multiply_adds(), the best of a few.
  [[nodiscard]] double fma_rate(Threads threads) const;

 private:
  void draw_places(std::size_t rows);

  GatheredVector<std::uint64_t> memory_;
  std::vector<std::uint32_t> places_;
  std::size_t rows_drawn_ = 0;
};

}  // namespace needflow::bench
