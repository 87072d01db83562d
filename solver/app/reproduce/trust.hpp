// Seed 000's statements about trust, each with the experiment that tests it (M6).
#pragma once

#include <cstdint>
#include <string>

#include "solver/findings.hpp"

namespace needflow::app {

/// How much is measured.
struct TrustStudy {
  std::int64_t networks = 20;  ///< independent networks a figure, at most
  std::uint64_t seed = 1;
  bool large = true;          ///< also full meshes beyond 300 agents, and N = 1e4 and 1e5
  std::string data = "data";  ///< folder of the real instances; left out where it is not there
  int threads = 1;
};

// Each runs its own sweeps, on the threads of the caller's arena.
[[nodiscard]] FindingTable trust_variance(const TrustStudy& study);
[[nodiscard]] FindingTable trust_relationships(const TrustStudy& study);
[[nodiscard]] FindingTable signal_by_size(const TrustStudy& study);
/// Each agent audits 25 others a round, however many there are.
[[nodiscard]] FindingTable bounded_attention(const TrustStudy& study);
/// Noise of an audit against the number of audits.
[[nodiscard]] FindingTable what_blurs(const TrustStudy& study);
[[nodiscard]] FindingTable trust_at_scale(const TrustStudy& study);
[[nodiscard]] FindingTable trust_tiers(const TrustStudy& study);
/// Aggressive and strategic deceivers, without trust and with it.
[[nodiscard]] FindingTable whom_strategy_pays(const TrustStudy& study);
/// Real ratings, and deceivers planted among those who gave them.
[[nodiscard]] FindingTable ratings_as_trust(const TrustStudy& study);

/// A statement that something falls: agrees where the interval of the change lies below 0.
[[nodiscard]] Finding falls(std::string quantity, const NestedValues& from, const NestedValues& to);

/// Three of ten agents publish half as much again, eight episodes, supply 0.7; `network` and
/// `trust` are lines of those sections.
[[nodiscard]] std::string trust_scenario(const TrustStudy& study, const std::string& network,
                                         std::int64_t networks, const std::string& trust);

}  // namespace needflow::app
