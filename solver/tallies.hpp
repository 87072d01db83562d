// What the tallies of row blocks add up to: one number a lane from one member of each, for all
// lanes at once. With one block these are the only loops, and lane by lane they were 1 % of a
// sweep.
#pragma once

#include <cstddef>
#include <cstdint>

#include <vector>

#include "kernels/lanes.hpp"
#include "kernels/reduce.hpp"

namespace needflow {

/// Four partial sums a block by the rule of kernels/reduce.hpp.
template <int L, class Tallies, class Member>
PerLane<double, L> totals_of(const Tallies& tallies, Member member) {
  PerLane<double, L> totals{};
  if (tallies.size() == 1) {
    const auto& partial = tallies[0].*member;
    for (std::size_t l = 0; l < L; ++l) {
      totals[l] = (partial[0][l] + partial[1][l]) + (partial[2][l] + partial[3][l]);
    }
    return totals;
  }
  for (std::size_t l = 0; l < L; ++l) {
    totals[l] = block_sum(tallies.size(), Threads::one, [&](std::size_t block) {
      const auto& partial = tallies[block].*member;
      return (partial[0][l] + partial[1][l]) + (partial[2][l] + partial[3][l]);
    });
  }
  return totals;
}

/// Of the one lane of a run with peers: what totals_of() adds up.
template <class Tallies, class Member>
std::vector<double> block_totals(const Tallies& tallies, Member member) {
  std::vector<double> totals(tallies.size());
  for (std::size_t block = 0; block < totals.size(); ++block) {
    const auto& partial = tallies[block].*member;
    totals[block] = (partial[0][0] + partial[1][0]) + (partial[2][0] + partial[3][0]);
  }
  return totals;
}

template <int L, class Tallies, class Member>
PerLane<std::uint8_t, L> any_of(const Tallies& tallies, Member member) {
  PerLane<std::uint8_t, L> any{};
  for (const auto& tally : tallies) {
    for (std::size_t l = 0; l < L; ++l) {
      any[l] = static_cast<std::uint8_t>(any[l] | (tally.*member)[l]);
    }
  }
  return any;
}

/// Exact: whole numbers far below 2^53.
template <int L, class Tallies, class Member>
PerLane<double, L> counts_of(const Tallies& tallies, Member member) {
  PerLane<double, L> sums{};
  for (const auto& tally : tallies) {
    for (std::size_t l = 0; l < L; ++l) sums[l] += (tally.*member)[l];
  }
  return sums;
}

}  // namespace needflow
