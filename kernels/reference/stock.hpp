// Plain serial twins of kernels/stock.hpp: one provider after the other, M2 line by line.
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/stock.hpp"

namespace needflow::reference {

template <int L>
void note_offers(const PerLane<StockRule, L>& rules, const ProviderState<L>& state,
                 std::size_t begin, std::size_t end, LaneSpan<const double, L> denominator,
                 StockTally<L>& tally) {
  for (std::size_t p = begin; p < end; ++p) {
    for (std::size_t l = 0; l < L; ++l) {
      const double now = denominator[p - begin][l];
      const double before = state.denominator[p][l];
      if (rules[l].round == 1) state.first[p][l] = now;
      const bool rested = std::fabs(now - before) <= rules[l].tolerance * state.first[p][l];
      if (state.capacity[p][l] > 0.0 && !rested) tally.moved[l] = 1;
      state.denominator[p][l] = now;
      if (rules[l].saves && !state.saved_available.values().empty()) {
        state.saved_available[p][l] = state.available[p][l];
      }
      if (!state.degrees.empty() && state.scale.at(p, l) > 0.0) {
        tally.offered[l] += state.degrees[p];
      }
    }
  }
}

template <int L>
void keep_stock(const PerLane<StockRule, L>& rules, const ProviderState<L>& state,
                std::size_t begin, std::size_t end, LaneSpan<const double, L> delivered,
                LaneSpan<const double, L> returned, StockTally<L>& tally) {
  for (std::size_t p = begin; p < end; ++p) {
    for (std::size_t l = 0; l < L; ++l) {
      if (!rules[l].stock) continue;
      double rest = state.available[p][l];
      if (!delivered.values().empty()) {
        rest = std::fmax(0.0, rest - delivered[p - begin][l]);
      } else if (state.denominator[p][l] > 0.0) {
        rest = 0.0;
      }
      if (!returned.values().empty()) rest += returned[p - begin][l];
      if (rest <= kDust * state.capacity[p][l]) {
        tally.dust[p % 4][l] += rest;
        rest = 0.0;
      }
      state.available[p][l] = rest;
    }
  }
}

}  // namespace needflow::reference
