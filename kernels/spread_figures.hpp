// Inside of kernels/spread.cpp: from the sums of blocks to M3's figures.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "kernels/reduce.hpp"
#include "kernels/spread.hpp"
#include "kernels/spread_parts.hpp"

namespace needflow {

inline constexpr std::size_t kFigures = kSpreadSums + 1;  // and the largest lack

/// What the blocks of all lanes added up to: block after block, then figure, then lane.
class BlockSums {
 public:
  BlockSums(std::span<double> values, std::size_t blocks) : values_(values), blocks_(blocks) {}

  /// Puts figures [first, last) of `lanes` lanes from lane `lane` on.
  void put(const SpreadTotals& totals, std::size_t lane, std::size_t lanes, std::size_t block,
           std::size_t first, std::size_t last) const {
    for (std::size_t l = 0; l < lanes; ++l) {
      for (std::size_t figure = first; figure < last; ++figure) {
        *at(lane + l, figure, block) = totals.sum[figure][l];
      }
    }
  }
  void put_largest(const SpreadTotals& totals, std::size_t lane, std::size_t lanes,
                   std::size_t block) const {
    for (std::size_t l = 0; l < lanes; ++l) {
      *at(lane + l, kSpreadSums, block) = totals.largest_lack[l];
    }
  }

  [[nodiscard]] double total(std::size_t lane, SpreadSum figure) const {
    if (blocks_ == 1) return *at(lane, figure, 0);
    return block_sum(std::span<const double>(at(lane, figure, 0), blocks_));
  }
  [[nodiscard]] double largest_lack(std::size_t lane) const {
    const double* lacks = at(lane, kSpreadSums, 0);
    return block_max(blocks_, 0.0, [lacks](std::size_t block) { return lacks[block]; });
  }

 private:
  [[nodiscard]] double* at(std::size_t lane, std::size_t figure, std::size_t block) const {
    return values_.data() + (lane * kFigures + figure) * blocks_ + block;
  }
  std::span<double> values_;
  std::size_t blocks_;
};

inline double fraction_of(double amount, double total, double if_nothing) {
  return total > 0.0 ? amount / total : if_nothing;
}

/// M3 from the sums; the least share and P5 are as good as any if nobody has need.
inline Satisfaction figures_of(const BlockSums& sums, std::size_t lane, double wasted, double least,
                               double p05) {
  const double need = sums.total(lane, kNeed);
  const double m = sums.total(lane, kCount);
  Satisfaction result;
  result.satisfied_fraction = fraction_of(sums.total(lane, kSatisfied), need, 1.0);
  result.over_fraction = fraction_of(sums.total(lane, kOver), need, 0.0);
  result.wasted_fraction = fraction_of(wasted, need, 0.0);
  result.residual_l1 = sums.total(lane, kLack);
  result.residual_max = sums.largest_lack(lane);
  result.fully_met_fraction = fraction_of(sums.total(lane, kMet), m, 1.0);
  result.satisfaction_min = m == 0.0 ? 1.0 : least;
  result.satisfaction_p05 = m == 0.0 ? 1.0 : p05;
  const double share = sums.total(lane, kShare);
  const bool any = share > 0.0;
  result.jain_index = any ? share * share / (m * sums.total(lane, kSquare)) : 1.0;
  result.gini = any ? sums.total(lane, kRanked) / (m * share) : 0.0;
  return result;
}

/// The same of `shares`, one lane's, sorted, at a stride.
inline Satisfaction figures_of(const BlockSums& sums, std::size_t lane, double wasted,
                               const double* shares, std::size_t stride) {
  const auto count = static_cast<std::size_t>(sums.total(lane, kCount));
  const std::size_t twentieth = count == 0 ? 0 : (count - 1) / 20;
  return figures_of(sums, lane, wasted, shares[0], shares[twentieth * stride]);
}

}  // namespace needflow
