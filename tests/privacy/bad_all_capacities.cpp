// must fail: cannot convert | no matching function | invalid initialization | no viable conversion
// compute_offer takes the capacity of one provider; the vector of all of them does not fit.
#include "kernels/row_sums.hpp"

namespace needflow {

double answer(const CsrRow& own_row, LaneSpan<const double, 1> available,
              const PublishedNeeds<1>& ledger) {
  return compute_offer<false>(own_row, available, ledger).scale;
}

}  // namespace needflow
