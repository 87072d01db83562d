// How the runs of one network are laid out: one by one, as lanes of batches a thread each, or as
// lanes of one batch whose rows all threads share. Decided from sizes alone, never from timings or
// threads: plans are reproducible, and the numbers do not depend on it anyway.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "kernels/stored.hpp"

namespace needflow {

struct Layout {
  int lanes = 1;             ///< one of kLaneWidths
  bool shares_rows = false;  ///< all threads on the rows of one batch; otherwise a batch a thread
};

/// What a layout is chosen from.
struct RunSizes {
  std::int64_t providers = 0;
  std::int64_t recipients = 0;
  std::int64_t entries = 0;  ///< stored entries of the matrix
  std::int64_t runs = 0;  ///< what may be lanes: points × need types on it, or points of episodes
  bool one_by_one = false;  ///< traces are kept
  bool trusts = false;      ///< some runs have trust, and so weights of their own
  StatePrecision state = StatePrecision::f64;  ///< floats halve what a round gathers
};

/// From how many entries × lanes threads gain anything inside one batch.
inline constexpr std::int64_t kEntriesForThreads = 200'000;

/// `forced_lanes` overrules the width where runs may be lanes at all (tests, and measuring).
[[nodiscard]] Layout choose_layout(const RunSizes& sizes, std::optional<int> forced_lanes = {});

/// The width for a batch of so many runs, at most `lanes`: narrower where most would be empty.
[[nodiscard]] int batch_lanes(std::size_t runs, int lanes);

/// "one lane", "16 lanes, a batch a thread", "8 lanes, rows shared by all threads" …
[[nodiscard]] std::string layout_text(const Layout& layout);

}  // namespace needflow
