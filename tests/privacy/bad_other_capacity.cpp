// must fail: no member named 'available'
// A provider cannot ask the published needs for the capacity of a competitor.
#include "kernels/row_sums.hpp"

namespace needflow {

double answer(const CsrRow& /*own_row*/, const std::array<double, 1>& own_available,
              const PublishedNeeds<1>& ledger) {
  const double asked = ledger.active[0][0];
  return asked * ledger.available[0][0];
}

}  // namespace needflow
