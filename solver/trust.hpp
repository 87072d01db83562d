// M6: the trust of one run, from episode to episode: evidence, trust, reputation, and the weights W
// that they make of MR.
//
// An episode's rounds run on weights(); what its audits could see is handed to update(), which is
// the one trust round. T lives in two copies, by source and by target (kernels/trust.hpp); W lies
// in rows of its own, on the very pattern that MR has, so that γ = 0 gives the bits of a run
// without trust.
// Memory: 72 B a link and direction, 12 of them (24 with D) the pattern's copy; 60 B an agent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/trust.hpp"
#include "solver/settings.hpp"
#include "solver/strategies.hpp"
#include "solver/trust_network.hpp"

namespace needflow {

/// What an episode's audits could see, a node each and for every need type.
struct EpisodeEvidence {
  /// δ_j of what j received; NaN where it cannot be seen: no need, or nobody serves it.
  std::vector<std::vector<double>> exaggeration;
  /// 1 where the node has capacity.
  std::vector<std::vector<std::uint8_t>> capacity;
};

/// Which draws are a point's own.
struct TrustDraws {
  std::uint64_t seed = 0;
  std::uint32_t network = 0;
  std::uint32_t replicate = 0;
};

class Trust {
 public:
  /// Keeps references to all but the settings. `ratings` is null unless trust starts from them;
  /// `strategies` (a recipient each) say who may be pre-trusted.
  Trust(const TrustNetwork& network, const Recognition& recognition, const TrustSettings& settings,
        const LinkRatings* ratings, std::span<const Strategy> strategies, const TrustDraws& draws,
        Threads threads);

  /// W as it now is, and who recognises whom with it: two matrices, for W is not symmetric.
  [[nodiscard]] const Recognition& weights() const { return weights_; }
  /// Whether W_·j is 0 for want of any reputation: μ = 1, γ > 0, G_j = 0 and no tiers.
  [[nodiscard]] bool has_no_weight(std::size_t node) const;

  /// The trust round at the end of an episode (from 0): evidence, trust, reputation, W.
  void update(std::size_t episode, const EpisodeEvidence& evidence);

  // After the last update, a node each.
  /// Mean trust that a node's neighbours put into it; NaN without any.
  [[nodiscard]] std::span<const double> received() const { return received_; }
  /// G: what the next episode's W takes.
  [[nodiscard]] std::span<const double> reputation() const { return reputation_; }
  /// Mean exaggeration that the node's auditors saw; NaN where there were none.
  [[nodiscard]] std::span<const double> observed() const { return observed_; }
  /// Of T over all directed links.
  [[nodiscard]] double mean() const;
  [[nodiscard]] std::int64_t eigentrust_sweeps() const { return end_.sweeps; }
  /// 1 where EigenTrust restarts from; empty: everywhere.
  [[nodiscard]] std::span<const std::uint8_t> pretrusted() const { return pretrusted_; }

  [[nodiscard]] std::size_t bytes() const;

 private:
  /// One of the two copies.
  struct Copy {
    LaneVector<double> good, bad;  ///< α, β
    LaneVector<double> values;     ///< T, then W
    LaneVector<double> sums;       ///< Σ T of each row
  };

  void draw_pretrusted(std::span<const Strategy> strategies, const TrustDraws& draws);
  [[nodiscard]] EvidenceCounts<1> counts(Copy& copy) const;
  [[nodiscard]] TrustRows<1> rows(Copy& copy) const;
  void take_in_evidence(std::size_t episode, const EpisodeEvidence& evidence);
  void take_in_trust();
  void find_reputation();
  void find_tiers();
  void weigh();

  const TrustNetwork& network_;
  TrustSettings settings_;
  TrustDraws draws_;
  Threads threads_;
  Copy by_source_;
  Copy by_target_;
  Recognition weights_;
  std::vector<std::uint8_t> pretrusted_;
  std::vector<double> start_;  ///< u; empty: uniform
  LaneVector<double> reputation_;
  LaneVector<double> tier_trust_;  ///< a node: the mean of its tier; empty without tiers
  std::vector<double> received_;
  LaneVector<double> observed_, auditors_;
  EigenTrustWorkspace<1> workspace_;
  EigenTrustEnd end_;
};

/// What a Trust and its network will hold, for planning.
[[nodiscard]] std::int64_t trust_bytes(std::int64_t providers, std::int64_t recipients,
                                       std::int64_t entries, bool agent_network);

}  // namespace needflow
