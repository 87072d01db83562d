// M6: what an episode's trust and strategies come to, as numbers of a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

#include "solver/strategies.hpp"

namespace needflow {

/// One need type of one episode. What does not exist is NaN or −1: satisfaction of strategies that
/// nobody has, trust where it is off, flags without detection.
struct TrustFigures {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  // After the episode's update, the same for all types.
  double trust_mean = kNone;
  double trust_variance = kNone;
  double trust_gap = kNone;
  double trust_auc = kNone;
  // Of this type.
  double satisfied_cooperative = kNone;
  double satisfied_aggressive = kNone;
  double satisfied_strategic = kNone;
  double satisfied_deceptive = kNone;
  double deception_gain = kNone;
  // All episodes up to this one, the same for all types.
  double flag_precision = kNone;
  double flag_recall = kNone;
  std::int64_t first_flag_episode = -1;
  // This episode, the same for all types.
  std::int64_t flagged_count = -1;
  std::int64_t quarantined_count = -1;
  std::int64_t eigentrust_sweeps = -1;
};
static_assert(std::is_trivially_copyable_v<TrustFigures> && sizeof(TrustFigures) == 15 * 8,
              "a batch of them is written as it lies");

/// One column of them.
struct TrustMetric {
  const char* name;  ///< promised, see the result file's schema
  const char* long_name;
  const char* unit;
  double TrustFigures::*real;  ///< exactly one of the two is set
  std::int64_t TrustFigures::*integer;
};
[[nodiscard]] std::span<const TrustMetric> trust_metrics();

/// Σx / Σn of the recipients of each strategy, and of deceivers together less the cooperative.
void measure_strategies(std::span<const Strategy> strategies, std::span<const double> need,
                        std::span<const double> satisfied, TrustFigures& figures);

/// Variance over nodes of the mean trust each receives, NaN standing for nodes without links;
/// honest less deceptive, and the AUC, over recipients alone, of whom node `first` is the first.
void measure_received_trust(std::span<const Strategy> strategies, std::span<const double> received,
                            std::size_t first, TrustFigures& figures);

/// Precision and recall of all flags so far; `episode` from 1. flagged: in this episode.
void measure_flags(std::span<const Strategy> strategies, std::span<const std::uint8_t> flagged,
                   std::span<const std::uint8_t> ever, std::int64_t episode,
                   std::int64_t first_before, TrustFigures& figures);

}  // namespace needflow
