// M10 for a run over many ranks. A maximum flow is one search over the whole network, so the first
// rank does it alone: it collects who recognises whom, 8 bytes an entry, and the others wait. Only
// where an optimum is wanted, which a network too large for one rank would not be by itself.
#pragma once

#include <span>

#include "solver/optimum.hpp"
#include "solver/ranks/rank_rows.hpp"

namespace needflow {

class RankOptimum {
 public:
  /// Called by all. Keeps references to all of them.
  RankOptimum(Communicator& ranks, RankRows& rows, const Sweep& sweep);

  [[nodiscard]] bool wanted() const { return sweep_.optimum || sweep_.fairest; }

  /// The optimum of all agents' amounts, which the first rank has; elsewhere nothing. Called by
  /// all; what is thrown, all throw.
  [[nodiscard]] Optimum of(std::span<const double> need, std::span<const double> capacity);

 private:
  Communicator& ranks_;
  const Sweep& sweep_;
  CsrMatrix whole_;  ///< the pattern, on the first rank
};

}  // namespace needflow
