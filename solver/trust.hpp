// M6: the trust of L runs on one network, from episode to episode: evidence, trust, reputation, and
// the weights W that they make of MR (L = 1 is a run alone).
//
// An episode's rounds run on weights() or, side by side, on lane_weights(); what its audits could
// see is handed to update(), which is the one trust round. T lives in two copies, by source and by
// target (kernels/trust.hpp); W lies on the very pattern that MR has, so that γ = 0 gives the bits
// of a run without trust. A lane's numbers depend neither on L nor on its neighbours.
// Memory: 48 B a link, direction and lane; for a run alone 24 more (36 with D) for rows of its own;
// 60 B an agent and lane.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/trust.hpp"
#include "solver/row_gatherer.hpp"
#include "solver/settings.hpp"
#include "solver/strategies.hpp"
#include "solver/trust_network.hpp"

namespace needflow {

/// What an episode's audits could see, a node each: N × L numbers a need type, one type after the
/// other.
template <int L>
struct EpisodeEvidence {
  std::size_t types = 1;
  /// δ_j of what j received; NaN where it cannot be seen: no need, or nobody serves it.
  LaneVector<double> exaggeration;
  LaneVector<std::uint8_t> capacity;  ///< 1 where the node has some
};

/// Which draws are a point's own.
struct TrustDraws {
  std::uint64_t seed = 0;
  std::uint32_t network = 0;
  std::uint32_t replicate = 0;
};

/// A run whose trust begins. The strategies, a recipient each, say who may be pre-trusted.
struct TrustRun {
  TrustSettings settings;
  std::span<const Strategy> strategies;
  TrustDraws draws;
};

template <int L>
class Trust {
 public:
  /// One run a lane, from lane 0 on; at least one and at most L, all with the same index of the
  /// network. Keeps a reference to `network`. `ratings` may be null unless some run starts from
  /// them.
  Trust(const TrustNetwork& network, const Recognition& recognition, std::span<const TrustRun> runs,
        const LinkRatings* ratings, Threads threads);

  /// W as it now is, and who recognises whom with it: two matrices, for W is not symmetric.
  [[nodiscard]] const Recognition& weights() const requires(L == 1) { return weights_; }
  /// The same of all lanes, on the patterns of the recognition. Read by rounds until the next
  /// update, which writes it anew in the same place.
  [[nodiscard]] LaneWeights lane_weights() const requires(L > 1);
  /// Whether W_·j is 0 for want of any reputation: μ = 1, γ > 0, G_j = 0 and no tiers.
  [[nodiscard]] bool has_no_weight(std::size_t node, std::size_t lane = 0) const;

  /// The trust round at the end of an episode (from 0): evidence, trust, reputation, W.
  void update(std::size_t episode, const EpisodeEvidence<L>& evidence);
  /// The run in this lane has ended; its numbers stay as they are.
  void leave(std::size_t lane) { updates_[lane] = 0; }

  // After the last update, nodes × L.
  /// Mean trust that a node's neighbours put into it; NaN without any.
  [[nodiscard]] LaneSpan<const double, L> received() const { return read(received_); }
  /// G: what the next episode's W takes.
  [[nodiscard]] LaneSpan<const double, L> reputation() const { return read(reputation_); }
  /// Mean exaggeration that the node's auditors saw; NaN where there were none.
  [[nodiscard]] LaneSpan<const double, L> observed() const { return read(observed_); }
  /// Of T over all directed links.
  [[nodiscard]] double mean(std::size_t lane = 0) const;
  [[nodiscard]] std::int64_t eigentrust_sweeps(std::size_t lane = 0) const {
    return ends_[lane].sweeps;
  }
  /// 1 where EigenTrust restarts from; empty: everywhere.
  [[nodiscard]] std::span<const std::uint8_t> pretrusted(std::size_t lane = 0) const {
    return pretrusted_[lane];
  }

  [[nodiscard]] std::size_t bytes() const;

 private:
  /// One of the two copies, entries × L and nodes × L.
  struct Copy {
    LaneVector<double> good, bad;  ///< α, β
    LaneVector<double> values;     ///< T, then W
    LaneVector<double> sums;       ///< Σ T of each row
  };

  [[nodiscard]] static LaneSpan<const double, L> read(const LaneVector<double>& values) {
    return LaneSpan<const double, L>(values);
  }
  void start_copy(Copy& copy, const LinkRatings* ratings);
  void draw_pretrusted(std::size_t lane, std::span<const Strategy> strategies);
  [[nodiscard]] EvidenceCounts<L> counts(Copy& copy) const;
  [[nodiscard]] TrustRows<L> rows(Copy& copy) const;
  void take_in_evidence(std::size_t episode, const EpisodeEvidence<L>& evidence);
  void take_in_trust();
  void find_reputation();
  [[nodiscard]] EigenTrustEnd reputation_alone(std::size_t lane);
  void find_tiers(std::size_t lane);
  void weigh();
  void take_weights();

  const TrustNetwork& network_;
  Threads threads_;
  std::size_t entries_;  ///< of the recognition's rows
  PerLane<TrustSettings, L> settings_{};
  PerLane<TrustDraws, L> draws_{};
  PerLane<std::uint8_t, L> updates_{};  ///< 1: a run goes on in the lane
  Copy by_source_;
  Copy by_target_;
  Recognition weights_;  ///< of a run alone
  /// Of lanes on a network where some links have MR = 0, entries × L: W without those.
  LaneVector<double> provider_weights_, recipient_weights_;
  PerLane<std::vector<std::uint8_t>, L> pretrusted_;
  PerLane<std::vector<double>, L> start_;  ///< u; empty: uniform
  LaneVector<double> reputation_;
  LaneVector<double> tier_trust_;  ///< a node: the mean of its tier; empty without tiers
  LaneVector<double> received_;
  LaneVector<double> observed_, auditors_;
  EigenTrustWorkspace<L> workspace_;
  PerLane<EigenTrustEnd, L> ends_{};
};

/// What a Trust of so many lanes and its network will hold, for planning.
[[nodiscard]] std::int64_t trust_bytes(std::int64_t providers, std::int64_t recipients,
                                       std::int64_t entries, bool agent_network, int lanes = 1);

}  // namespace needflow
