// Anderson acceleration of `reallocate`: the rounds as a fixed-point iteration y ← G(y).
//
// G(y) is what recipients receive when everybody publishes what y leaves unmet; a fixed point is an
// allocation that repeats itself. Plain rounds take y ← y + ω r with the residual r = G(y) − y.
// Anderson mixing (D. G. Anderson, J. ACM 12 (1965) 547; H. F. Walker, P. Ni, SIAM J. Numer. Anal.
// 49 (2011) 1715) also uses the last m changes Δy_j, Δr_j:
//   y ← y + ω r − Σ_j γ_j (Δy_j + ω Δr_j),   γ least squares of r ≈ Σ_j γ_j Δr_j,
// the step that would end at once if G were linear. Where |r| has grown since the round before,
// the history is forgotten and the step is the plain one. An amount below 0 becomes 0.
//
// What this means for the model. It changes what the ledger publishes next and nothing else:
// providers allocate exactly their capacities in every round, so that conservation holds, and Σ y
// is that of the allocations until an amount is cut off at 0. Until it rests, x is a mixture of
// rounds, as under ω < 1. And it is not local: γ comes from m sums over all recipients a round,
// which somebody has to add up and publish (m (m + 1)/2 + m numbers, none of them anybody's need).
// It is there to ask whether a fixed point exists and can be reached, not as a rule for agents.
//
// Damping factors f are part of the map: under `adaptive` G changes while f does.
//
// Cost a round: 2 m + 6 streams of 8 B a recipient, about 16 m + 48 B; with m = 3 and k = 20, by
// bytes, a fifth of the two passes over the matrix.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/parallel.hpp"
#include "solver/peers.hpp"

namespace needflow {

inline constexpr std::int64_t kMostDepth = 20;

/// One run's history. All peers of a run that is split call it together.
class Accelerator {
 public:
  /// recipients: held here. Throws nothing but std::bad_alloc.
  Accelerator(std::size_t recipients, std::int64_t depth);

  /// A new run.
  void restart();

  /// values[i * stride]: G(y) of recipient i, which becomes the next y. The first call after a
  /// restart leaves it as it is.
  void advance(std::span<double> values, std::size_t stride, double relaxation, Threads threads,
               Peers* peers);

  /// Rounds in which the residual had grown and the plain step was taken.
  [[nodiscard]] std::int64_t fallbacks() const { return fallbacks_; }
  [[nodiscard]] std::size_t bytes() const;

 private:
  using Row = std::vector<double>;
  [[nodiscard]] double dot(const Row& a, const Row& b, Threads threads, Peers* peers) const;
  void remember(std::span<const double> values, std::size_t stride, bool steps);
  [[nodiscard]] std::vector<double> weights(Threads threads, Peers* peers);

  std::size_t depth_;
  std::size_t count_ = 0;   ///< columns in use
  std::size_t newest_ = 0;  ///< place of the newest column
  std::int64_t round_ = 0;
  std::int64_t fallbacks_ = 0;
  double last_squares_ = 0.0;
  Row y_, y_before_, residual_;
  std::vector<Row> y_steps_, residual_steps_;  ///< Δy_j and Δr_j, a ring
  std::vector<double> gram_;                   ///< Δr_i · Δr_j, places of the ring
};

/// γ with the least |r − Σ γ_j Δr_j|, from the products Δr_i · Δr_j (row-major) and Δr_j · r.
/// Columns come in order of preference; one that the others make up to rounding gets 0. Exposed
/// for tests.
[[nodiscard]] std::vector<double> mixing_weights(std::span<const double> gram,
                                                 std::span<const double> products);

}  // namespace needflow
