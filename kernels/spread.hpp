// M3's figures of the recipients at the end of a run – sums, fully met, Jain, Gini, minimum, P5 –
// for L runs side by side.
//
// Sorting the shares q = x / n is nearly all of it. Up to kNetworkRows recipients the lanes of a
// vector are sorted together by a sorting network, which has no branch to mispredict; beyond, lane
// by lane with Highway's VQSort. Sums follow kernels/reduce.hpp lane by lane, so a lane's figures
// are the same to the bit for every L, lane, thread count and SIMD target.
// kernels/reference/spread.hpp is the twin.
#pragma once

#include <hwy/contrib/sort/vqsort.h>

#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "kernels/lanes.hpp"
#include "kernels/parallel.hpp"

namespace needflow {

/// Metrics of the recipients at the end of a run. Fractions of Σn are 0 (satisfied: 1) when Σn = 0;
/// over the m recipients with n_r > 0 and q = x_r / n_r: m = 0 gives min = P5 = fully met = 1,
/// Σq = 0 or m = 0 gives Jain 1 and Gini 0.
struct Satisfaction {
  double satisfied_fraction = std::numeric_limits<double>::quiet_NaN();  ///< Σx / Σn
  double fully_met_fraction = satisfied_fraction;  ///< share of m with x_r ≥ (1−ε) n_r
  double over_fraction = satisfied_fraction;       ///< Σ over_r of the last round / Σn
  double wasted_fraction = satisfied_fraction;     ///< wasted amount / Σn
  double residual_l1 = satisfied_fraction;         ///< Σ max(0, n−x), in the amounts' unit
  double residual_max = satisfied_fraction;        ///< the largest of them
  double jain_index = satisfied_fraction;          ///< (Σq)² / (m Σq²)
  double gini = satisfied_fraction;                ///< Σ_i (2i − m − 1) q_(i) / (m Σq)
  double satisfaction_min = satisfied_fraction;    ///< smallest q
  double satisfaction_p05 = satisfied_fraction;    ///< sorted q, element (m−1)/20 in integers
};

/// Final states of L runs: need, satisfied, over R × L, finite and ≥ 0, q below the largest finite
/// double; a lane that is not in use has no need. wasted, and the tolerance ε, one a lane.
template <int L>
struct FinalStates {
  LaneSpan<const double, L> need;
  LaneSpan<const double, L> satisfied;
  LaneSpan<const double, L> over;
  std::array<double, L> wasted{};
  std::array<double, L> tolerance{};
};

/// The longest runs that the sorting network sorts: lanes in a batch, and a run on its own. Whole
/// measure, L = 16 on AVX-512 and AVX2, in times of std::sort's: N = 100 0.05 and 0.12, 1000 0.08
/// and 0.13, then VQSort 0.10 and 0.15. On its own VQSort is the faster from 64 (AVX-512) or 128
/// (AVX2).
inline constexpr std::size_t kNetworkRows = 1000;
inline constexpr std::size_t kNetworkRowsAlone = 64;

/// Memory that measure_spread() works in, kept from call to call: after the first call of a size
/// there is no allocation up to kNetworkRows. One a thread.
class SpreadWorkspace {
 public:
  /// `count` doubles from an address that is a multiple of 64; what was in them is gone.
  [[nodiscard]] double* shares(std::size_t count);
  /// `count` doubles for the sums of blocks.
  [[nodiscard]] std::span<double> sums(std::size_t count);
  [[nodiscard]] const hwy::Sorter& sorter() const { return sorter_; }

 private:
  std::vector<double> shares_;
  std::vector<double> sums_;
  hwy::Sorter sorter_;
};

/// result[l] = the figures of lane l. Compiled for L = 1, 8 and 16.
template <int L>
void measure_spread(const FinalStates<L>& states, SpreadWorkspace& workspace,
                    std::span<Satisfaction, L> result, Threads threads);

/// measure_spread<1>() of recipients that are in several memories, whole blocks of kRowBlock in
/// each: its steps, between which sums of blocks and shares change hands
/// (solver/ranks/rank_spread.hpp). The figures are its figures to the bit.
class SpreadParts {
 public:
  /// `rows`: recipients of all parts.
  explicit SpreadParts(std::size_t rows);

  /// Takes the amounts of recipients `first` (a multiple of kRowBlock) and on and writes their
  /// shares; those of recipients without need come last when sorted. shares: three more than rows.
  void put_amounts(const FinalStates<1>& states, std::size_t first, std::span<double> shares,
                   Threads threads);
  /// What put_amounts() left: a few arrays of a value a block, to be filled by who has the blocks.
  [[nodiscard]] std::vector<std::span<double>> amounts();
  /// Recipients with need, once all amounts are there.
  [[nodiscard]] double count();

  static void sort(std::span<double> shares);
  /// Takes a part of all shares sorted, from rank `first` (a multiple of kRowBlock) on, once all
  /// amounts are there. Shapes: sorted three more than rows, which do not count.
  void put_sorted(std::span<const double> sorted, std::size_t rows, std::size_t first,
                  Threads threads);
  /// What put_sorted() left, like amounts().
  [[nodiscard]] std::vector<std::span<double>> sorted();

  /// M3, once everything is there. `least` and `p05`: ranks 0 and (count() − 1) / 20 of all shares
  /// sorted; not looked at if count() is 0.
  [[nodiscard]] Satisfaction figures(double wasted, double least, double p05);

 private:
  [[nodiscard]] std::vector<std::span<double>> figures_from(std::size_t first, std::size_t last);
  std::size_t blocks_;
  std::vector<double> values_;  ///< figure after figure, a value a block each
};

}  // namespace needflow
