// M6 over the directed edges of a network: evidence and its decay, trust, EigenTrust, effective
// weights.
//
// A network here has a symmetric pattern and an empty diagonal; a bipartite instance is one of
// P + R nodes, providers first. All that belongs to edges exists in two copies of the same offsets
// and columns. By source, row i holds what i thinks of each neighbour j, by target, row j what each
// neighbour i thinks of j. Each copy is updated by the same rule and gives the same bits an edge;
// an index of reverse edges instead of the second copy is 11 times slower.
//
// An episode ends with update_trust() on both copies, which leaves T; then eigentrust() on T by
// target; then weigh_trust() on both copies, which turns T into W in the same memory.
//
// With L lanes all of it is entries × L or N × L; lanes whose `updates` is 0 keep their numbers.
// Results are bitwise the same for any thread count, lane width and SIMD target;
// kernels/reference/trust.hpp holds the plain twins. No function here throws but std::bad_alloc.
//
// A round on W: pass 1 (denominators) and pass 3 read W by source, pass 2 (deliveries) reads W by
// target. CsrView{network.offsets, network.columns, weights by source} is what RowPasses take as
// provider rows, and the same with the weights by target as recipient rows (of L > 1 lanes both go
// in CsrView::lane_weights and the same passes read them); so an agent network with trust is, for
// the engine, what a bipartite instance with P = R = N is (Recognition::agent_network false and
// both matrices there). Of P + R nodes, rows 0 … P − 1 by source are the provider rows (columns
// less P) and rows P … P + R − 1 by target the recipient rows: both a contiguous part of the
// arrays. Three things to see to: copies of the weights (kernels/sell.hpp, RowGatherer) are stale
// once an episode ends; messages are counted by stored entries, so entries of W = 0 (no
// recognition, a closed column) must be counted by weight; a closed column may as well be a
// recipient whose published claim is 0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/csr.hpp"
#include "kernels/lanes.hpp"
#include "kernels/large_pages.hpp"
#include "kernels/parallel.hpp"
#include "kernels/random.hpp"

namespace needflow {

/// Which end of its edges a row belongs to.
enum class TrustRow { source, target };

/// α and β of one copy, entries × L, both ≥ 0.
template <int L>
struct EvidenceCounts {
  LaneSpan<double, L> good;  ///< α
  LaneSpan<double, L> bad;   ///< β
};

/// How one run remembers and audits.
struct AuditRule {
  double decay = 0.95;  ///< λ in [0, 1]
  double noise = 0.0;   ///< σ ≥ 0
  double audit = 1.0;   ///< the probability that an auditor looks
  /// Of audit_stream(); read where σ > 0 or audit < 1.
  std::array<std::uint32_t, 2> stream_key{};
  std::uint32_t replicate = 0;  ///< below kReplicateLimit
};

/// The draws of one episode. Of edge (i, j) they are those of DrawKey{network, replicate, i, j}:
/// the first word gives z, the second whether i audits. Agents of a bipartite instance go by node.
[[nodiscard]] inline RandomStream audit_stream(std::uint64_t seed, std::uint64_t episode) {
  return RandomStream(seed, "trust audit", episode);
}

/// What an episode showed.
template <int L>
struct Audits {
  std::uint32_t network = 0;  ///< its index, for the draws
  PerLane<AuditRule, L> rules{};
  PerLane<std::uint8_t, L> updates{};  ///< 0: the lane is left alone
  /// Need types, whose N rows lie one after the other in what follows. e is the mean over those
  /// that i could see of j; an edge's draws are the same for all of them.
  std::size_t types = 1;
  /// δ_j, types·N × L; NaN where nobody audits j: n_j = 0, or its column is closed (or W_·j = 0 for
  /// want of reputation: μ = 1, G_j = 0, γ > 0). Empty: nobody is audited.
  LaneSpan<const double, L> exaggeration;
  /// types·N × L, 1 where C_i > 0, else 0; empty where everybody has some.
  LaneSpan<const std::uint8_t, L> auditors;
};

/// What an update leaves of each row besides its counts.
template <int L>
struct TrustRows {
  LaneSpan<double, L> trust;      ///< T, entries × L
  LaneSpan<double, L> trust_sum;  ///< Σ T of a row, N × L; by target over the degree: mean received
};

/// What the auditors of j saw, by target alone. N × L each, or both empty.
template <int L>
struct AuditFindings {
  LaneSpan<double, L>
      observed;  ///< mean of 1 − e over the auditors; δ_j clamped where σ = 0, of one type; or NaN
  LaneSpan<double, L> auditors;  ///< how many audited j
};

/// One update of one copy: α ← λα + e, β ← λβ + (1 − e) where there is evidence, else both ← λ
/// times; T = (α + 1)/(α + β + 2); Σ T of every row by the rule of kernels/row_sums.hpp.
/// `network`: weights are MR; without weights all are > 0. `findings` are empty by source.
template <int L>
void update_trust(const CsrView& network, TrustRow rows, const Audits<L>& audits,
                  const EvidenceCounts<L>& counts, const TrustRows<L>& made,
                  const AuditFindings<L>& findings, Threads threads);

/// T and its sums of counts as they are: before the first episode.
template <int L>
void trust_of_counts(const CsrView& network, const PerLane<std::uint8_t, L>& updates,
                     const EvidenceCounts<L>& counts, const TrustRows<L>& made, Threads threads);

/// γ.
enum class TrustPower : std::uint8_t { zero, half, one, two, three, four };

struct WeightRule {
  double global_share = 0.3;  ///< μ in [0, 1]
  TrustPower power = TrustPower::two;
};

/// What weights are made of besides T.
template <int L>
struct Weighting {
  PerLane<WeightRule, L> rules{};
  PerLane<std::uint8_t, L> updates{};      ///< 0: the lane is left alone
  LaneSpan<const double, L> reputation;    ///< G, N × L; empty: 1
  LaneSpan<const std::uint8_t, L> open{};  ///< N × L, 1, or 0: W_·j = 0; empty: all are open
};

/// In place, one copy: W_ij = MR_ij ((1 − μ) T_ij + μ G_j)^γ, 0 where column j is closed.
/// `network`: weights are MR, in doubles or floats; values: T in, W out, entries × L.
template <int L>
void weigh_trust(const CsrView& network, TrustRow rows, const Weighting<L>& weighting,
                 LaneSpan<double, L> values, Threads threads);

/// update_trust() and weigh_trust() in one pass where W needs nothing that T must give first: μ = 0
/// or G as it was before this episode. made.trust takes W.
template <int L>
void update_and_weigh(const CsrView& network, TrustRow rows, const Audits<L>& audits,
                      const Weighting<L>& weighting, const EvidenceCounts<L>& counts,
                      const TrustRows<L>& made, const AuditFindings<L>& findings, Threads threads);

struct EigenTrustRule {
  double restart = 0.15;      ///< a in [0, 1]
  double tolerance = 1e-10;   ///< ‖Δg‖₁ that ends it
  std::int64_t sweeps = 200;  ///< at most
};

/// How EigenTrust ended in one lane.
struct EigenTrustEnd {
  std::int64_t sweeps = 0;
  double change = 0.0;   ///< the last ‖Δg‖₁
  double largest = 0.0;  ///< max g
};

/// Vectors kept from call to call.
template <int L>
struct EigenTrustWorkspace {
  GatheredVector<double> shares;       ///< g_i / Σ_j T_ij
  GatheredVector<double> next_shares;  ///< those of the sweep to come
  LaneVector<double> inverse_sum;      ///< 1 / Σ_j T_ij, 0 for a row without trust
  LaneVector<double> block_changes;    ///< Σ |Δg| of every block of rows
};

/// g ← (1 − a) Cᵀ g + a u from g = u, C_ij = T_ij / Σ_j T_ij, rows without trust standing for u.
/// `trust`: T by target; `trust_sum`: Σ_j T_ij by source, N × L. `start`: u, N numbers that add up
/// to 1; empty: 1/N each. global: g out, N × L. Lanes whose `updates` is 0 are left alone.
template <int L>
PerLane<EigenTrustEnd, L> eigentrust(const CsrView& network, LaneSpan<const double, L> trust,
                                     LaneSpan<const double, L> trust_sum,
                                     std::span<const double> start,
                                     const PerLane<EigenTrustRule, L>& rules,
                                     const PerLane<std::uint8_t, L>& updates,
                                     LaneSpan<double, L> global, EigenTrustWorkspace<L>& workspace,
                                     Threads threads);

/// G_j = g_j / max g, in place.
template <int L>
void scale_to_largest(const PerLane<EigenTrustEnd, L>& ends,
                      const PerLane<std::uint8_t, L>& updates, LaneSpan<double, L> global,
                      Threads threads);

/// One lane's counts at the start: 0 where nobody rated, else from ratings by edge of this copy,
/// α = s (w − w_min)/(w_max − w_min), β = s − α; a NaN rating is none. `ratings` may be empty.
template <int L>
void start_counts(std::size_t lane, std::span<const double> ratings, double lowest, double highest,
                  double prior_strength, const EvidenceCounts<L>& counts);

}  // namespace needflow
