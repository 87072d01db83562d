// must fail: no matching function | cannot convert | invalid initialization | no viable conversion
// compute_offer takes one provider's row; the recognition of everybody does not fit.
#include "kernels/row_sums.hpp"

namespace needflow {

double answer(const CsrView& rows, double own_available, const PublishedNeeds<1>& ledger) {
  return compute_offer<false>(rows, own_available, ledger).scale;
}

}  // namespace needflow
