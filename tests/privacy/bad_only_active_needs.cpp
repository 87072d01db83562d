// must fail: 2 names provided for structured binding | decomposes into 1 element
// The published needs hold the active needs and nothing beside them.
#include "kernels/row_sums.hpp"

namespace needflow {

double answer(const PublishedNeeds<1>& ledger) {
  const auto& [active, anything] = ledger;
  return active[0][0];
}

}  // namespace needflow
