// EigenTrust of kernels/trust.hpp (M6; Kamvar, Schlosser, Garcia-Molina 2003): power iteration with
// T by target, so that a sweep gathers and nothing is atomic.
//
// Cost of a sweep and lane (modelled): 4 B column and 8 B T an edge, a gather of g_i / Σ_j T_ij,
// and 40 B an agent (48 with a start of one's own). The sums are those of kernels/allocate.hpp's
// returns pass, T in the place of W. A sweep that worked T out of α and β would read 20 B an edge
// instead of 12.
// At N = 1e4, k = 20 the gathers are four fifths of a sweep and come from the second-level cache at
// 0.36 ns each. Tried there without gain: T in eights (making them takes what they save), 16-bit
// columns (5 %), sweeps forwards and backwards in turn.
#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/allocate.hpp"
#include "kernels/reduce.hpp"
#include "kernels/sell.hpp"
#include "kernels/trust.hpp"

namespace needflow {

namespace {

/// Rows whose sums are made together: they stay in the first-level cache.
template <int L>
inline constexpr std::size_t kTileRows = L == 1 ? kRowBlock : 64;

/// The iteration for L runs side by side; a lane that has ended keeps its g.
template <int L>
class Iteration {
 public:
  Iteration(const CsrView& network, LaneSpan<const double, L> trust, std::span<const double> start,
            const PerLane<EigenTrustRule, L>& rules, const PerLane<std::uint8_t, L>& updates,
            LaneSpan<double, L> global, EigenTrustWorkspace<L>& workspace, Threads threads)
      : agents_(network.rows()),
        start_(start),
        uniform_(1.0 / static_cast<double>(network.rows())),
        rules_(rules),
        runs_(updates),
        global_(global),
        space_(workspace),
        threads_(threads),
        matrix_{network.offsets, network.columns, {}, {}, {}, {}},
        passes_(row_passes<L>()) {
    (L == 1 ? matrix_.weights : matrix_.lane_weights) = trust.values();
  }

  void begin(LaneSpan<const double, L> trust_sum);
  /// One sweep of the lanes that run; false when none is left.
  bool sweep(PerLane<EigenTrustEnd, L>& ends);
  void find_largest(PerLane<EigenTrustEnd, L>& ends) const;

 private:
  [[nodiscard]] double start_of(std::size_t j) const {
    return start_.empty() ? uniform_ : start_[j];
  }
  template <bool kUniform>
  void sweep_rows(RowRange range, const PerLane<double, L>& to_start,
                  std::array<PerLane<double, L>, 4>& changes);
  [[nodiscard]] PerLane<double, L> shares_of_start() const;
  void gather(RowRange range, LaneSpan<double, L> sums) const;

  std::size_t agents_;
  std::span<const double> start_;
  double uniform_;
  const PerLane<EigenTrustRule, L>& rules_;
  PerLane<std::uint8_t, L> runs_;
  LaneSpan<double, L> global_;
  EigenTrustWorkspace<L>& space_;
  Threads threads_;
  CsrView matrix_;
  RowPasses<L> passes_;
  SellMatrix eights_;  ///< T once more for one lane on a small network: twenty sweeps are worth it
  bool any_stray_ = false;  ///< some row is without trust
};

template <int L>
void Iteration<L>::begin(LaneSpan<const double, L> trust_sum) {
  space_.shares.resize(agents_ * L);
  space_.next_shares.resize(agents_ * L);
  space_.inverse_sum.resize(agents_ * L);
  space_.block_changes.resize(blocks_of(agents_) * L);
  if constexpr (L == 1) eights_ = sell_matrix(matrix_);
  for_row_blocks(agents_, threads_, [=, this](std::size_t begin, std::size_t end) {
    for (std::size_t j = begin; j < end; ++j) {
      const double start = start_of(j);
      for (std::size_t l = 0; l < L; ++l) {
        const double sum = trust_sum[j][l];
        const double inverse = sum > 0.0 ? 1.0 / sum : 0.0;
        space_.inverse_sum[j * L + l] = inverse;
        space_.shares[j * L + l] = start * inverse;
        if (runs_[l] != 0) global_[j][l] = start;
      }
    }
  });
  any_stray_ = std::any_of(space_.inverse_sum.begin(), space_.inverse_sum.end(),
                           [](double inverse) { return inverse == 0.0; });
}

/// The part of g that goes by u: a, and 1 − a of what those hold who trust nobody.
template <int L>
PerLane<double, L> Iteration<L>::shares_of_start() const {
  PerLane<double, L> to_start{};
  for (std::size_t l = 0; l < L; ++l) {
    double stray = 0.0;
    if (any_stray_) {
      stray = block_sum(agents_, threads_, [this, l](std::size_t j) {
        return space_.inverse_sum[j * L + l] == 0.0 ? global_[j][l] : 0.0;
      });
    }
    to_start[l] = rules_[l].restart + (1.0 - rules_[l].restart) * stray;
  }
  return to_start;
}

/// Σ_i T_ij g_i / Σ_j T_ij of a range of rows.
template <int L>
void Iteration<L>::gather(RowRange range, LaneSpan<double, L> sums) const {
  const LaneSpan<const double, L> all_alike;
  const LaneSpan<const double, L> shares(space_.shares);
  if constexpr (L == 1) {
    if (!eights_.empty()) {
      return sell_passes().returns(matrix_, eights_, all_alike, shares, range, sums);
    }
  }
  passes_.returns(matrix_, all_alike, shares, range, sums);
}

/// g and the shares of the next sweep for rows that start at a multiple of 4.
template <int L>
template <bool kUniform>
void Iteration<L>::sweep_rows(RowRange range, const PerLane<double, L>& to_start,
                              std::array<PerLane<double, L>, 4>& changes) {
  std::array<double, kTileRows<L> * L> room;
  const std::span<double> sums(room.data(), (range.end - range.begin) * L);
  gather(range, LaneSpan<double, L>(sums));
  const double* const inverse = space_.inverse_sum.data();
  const double* const start = start_.data();
  const double uniform = uniform_;
  double* const shares = space_.next_shares.data();
  double* const global = global_[0];
  const PerLane<std::uint8_t, L> runs = runs_;
  const PerLane<double, L> share_of_start = to_start;
  PerLane<double, L> kept;
  for (std::size_t l = 0; l < L; ++l) kept[l] = 1.0 - rules_[l].restart;
  const auto step = [&](std::size_t j, std::size_t l, double& change) {
    const std::size_t at = j * L + l;
    const double own_start = kUniform ? uniform : start[j];
    const double next = kept[l] * sums[at - range.begin * L] + share_of_start[l] * own_start;
    change += std::abs(next - global[at]);
    global[at] = L == 1 || runs[l] != 0 ? next : global[at];
    shares[at] = next * inverse[at];
  };
  std::size_t j = range.begin;
  if constexpr (L == 1) {  // four rows side by side, so that GCC finds vectors here as well
    std::array<double, 4> partial{changes[0][0], changes[1][0], changes[2][0], changes[3][0]};
    for (; j + 4 <= range.end; j += 4) {
      for (std::size_t k = 0; k < 4; ++k) step(j + k, 0, partial[k]);
    }
    for (std::size_t k = 0; k < 4; ++k) changes[k][0] = partial[k];
  }
  for (; j < range.end; ++j) {
    for (std::size_t l = 0; l < L; ++l) step(j, l, changes[j % 4][l]);
  }
}

template <int L>
bool Iteration<L>::sweep(PerLane<EigenTrustEnd, L>& ends) {
  const PerLane<double, L> to_start = shares_of_start();
  const auto rows = start_.empty() ? &Iteration::sweep_rows<true> : &Iteration::sweep_rows<false>;
  for_row_blocks(agents_, threads_, [&, this](std::size_t begin, std::size_t end) {
    std::array<PerLane<double, L>, 4> changes{};
    for (std::size_t first = begin; first < end; first += kTileRows<L>) {
      (this->*rows)({first, std::min(end, first + kTileRows<L>)}, to_start, changes);
    }
    double* const sums = space_.block_changes.data() + begin / kRowBlock * L;
    for (std::size_t l = 0; l < L; ++l) {
      sums[l] = (changes[0][l] + changes[1][l]) + (changes[2][l] + changes[3][l]);
    }
  });
  space_.shares.swap(space_.next_shares);
  bool any = false;
  for (std::size_t l = 0; l < L; ++l) {
    if (runs_[l] == 0) continue;
    ++ends[l].sweeps;
    ends[l].change = block_sum(blocks_of(agents_), Threads::one, [this, l](std::size_t block) {
      return space_.block_changes[block * L + l];
    });
    const bool goes_on = ends[l].change > rules_[l].tolerance && ends[l].sweeps < rules_[l].sweeps;
    runs_[l] = goes_on ? 1 : 0;
    any = any || goes_on;
  }
  return any;
}

template <int L>
void Iteration<L>::find_largest(PerLane<EigenTrustEnd, L>& ends) const {
  for (std::size_t j = 0; j < agents_; ++j) {
    for (std::size_t l = 0; l < L; ++l) {
      ends[l].largest = std::max(ends[l].largest, global_[j][l]);
    }
  }
}

}  // namespace

template <int L>
PerLane<EigenTrustEnd, L> eigentrust(const CsrView& network, LaneSpan<const double, L> trust,
                                     LaneSpan<const double, L> trust_sum,
                                     std::span<const double> start,
                                     const PerLane<EigenTrustRule, L>& rules,
                                     const PerLane<std::uint8_t, L>& updates,
                                     LaneSpan<double, L> global, EigenTrustWorkspace<L>& workspace,
                                     Threads threads) {
  PerLane<EigenTrustEnd, L> ends{};
  if (std::all_of(updates.begin(), updates.end(), [](auto runs) { return runs == 0; })) return ends;
  Iteration<L> iteration(network, trust, start, rules, updates, global, workspace, threads);
  iteration.begin(trust_sum);
  while (iteration.sweep(ends)) {
  }
  iteration.find_largest(ends);
  for (std::size_t l = 0; l < L; ++l) {
    if (updates[l] == 0) ends[l] = {};
  }
  return ends;
}

template <int L>
void scale_to_largest(const PerLane<EigenTrustEnd, L>& ends,
                      const PerLane<std::uint8_t, L>& updates, LaneSpan<double, L> global,
                      Threads threads) {
  for_row_blocks(global.rows(), threads, [=](std::size_t begin, std::size_t end) {
    for (std::size_t j = begin; j < end; ++j) {
      for (std::size_t l = 0; l < L; ++l) {
        if (updates[l] != 0) global[j][l] /= ends[l].largest;
      }
    }
  });
}

template PerLane<EigenTrustEnd, 1> eigentrust<1>(
    const CsrView& network, LaneSpan<const double, 1> trust, LaneSpan<const double, 1> trust_sum,
    std::span<const double> start, const PerLane<EigenTrustRule, 1>& rules,
    const PerLane<std::uint8_t, 1>& updates, LaneSpan<double, 1> global,
    EigenTrustWorkspace<1>& workspace, Threads threads);
template void scale_to_largest<1>(const PerLane<EigenTrustEnd, 1>& ends,
                                  const PerLane<std::uint8_t, 1>& updates,
                                  LaneSpan<double, 1> global, Threads threads);
template PerLane<EigenTrustEnd, 8> eigentrust<8>(
    const CsrView& network, LaneSpan<const double, 8> trust, LaneSpan<const double, 8> trust_sum,
    std::span<const double> start, const PerLane<EigenTrustRule, 8>& rules,
    const PerLane<std::uint8_t, 8>& updates, LaneSpan<double, 8> global,
    EigenTrustWorkspace<8>& workspace, Threads threads);
template void scale_to_largest<8>(const PerLane<EigenTrustEnd, 8>& ends,
                                  const PerLane<std::uint8_t, 8>& updates,
                                  LaneSpan<double, 8> global, Threads threads);
template PerLane<EigenTrustEnd, 16> eigentrust<16>(
    const CsrView& network, LaneSpan<const double, 16> trust, LaneSpan<const double, 16> trust_sum,
    std::span<const double> start, const PerLane<EigenTrustRule, 16>& rules,
    const PerLane<std::uint8_t, 16>& updates, LaneSpan<double, 16> global,
    EigenTrustWorkspace<16>& workspace, Threads threads);
template void scale_to_largest<16>(const PerLane<EigenTrustEnd, 16>& ends,
                                   const PerLane<std::uint8_t, 16>& updates,
                                   LaneSpan<double, 16> global, Threads threads);

}  // namespace needflow
