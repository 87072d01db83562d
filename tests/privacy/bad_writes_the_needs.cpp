// must fail: read-only | const-qualified
// A provider reads what is published and cannot change it.
#include "kernels/row_sums.hpp"

namespace needflow {

double answer(const CsrRow& /*own_row*/, double /*own_available*/,
              const PublishedNeeds<1>& ledger) {
  double seen = 0.0;
  ledger.active[0][0] = seen;
  return seen;
}

}  // namespace needflow
