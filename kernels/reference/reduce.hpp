// Plain serial twins of kernels/reduce.hpp: the same rule written out, no templates over terms.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace needflow::reference {

/// The block rule, spelled: block after block, partial sum j mod 4, then the block sums likewise.
[[nodiscard]] inline double block_sum(std::span<const double> values, std::size_t block = 512) {
  std::vector<double> sums;
  for (std::size_t begin = 0; begin == 0 || begin < values.size(); begin += block) {
    double partial[4] = {0.0, 0.0, 0.0, 0.0};
    for (std::size_t j = 0; j < block && begin + j < values.size(); ++j) {
      partial[j % 4] += values[begin + j];
    }
    sums.push_back((partial[0] + partial[1]) + (partial[2] + partial[3]));
  }
  return sums.size() == 1 ? sums[0] : block_sum(sums, block);
}

/// The mathematical sum with an error far below double rounding, to judge the rule itself.
[[nodiscard]] inline long double exact_sum(std::span<const double> values) {
  long double total = 0.0L;
  for (const double value : values) total += value;
  return total;
}

}  // namespace needflow::reference
