// must compile
// compute_lane_offers takes one provider's row; the recognition of everybody does not fit.
#include "kernels/lane_rows.hpp"

namespace needflow {

void answer(const CsrView& rows, const double* own_available, const PublishedNeeds<8>& ledger,
            double* denominator, double* scale) {
  using namespace HWY_NAMESPACE;
  compute_lane_offers<8, false, false>(rows.row(0), own_available, ledger, denominator, scale);
}

}  // namespace needflow
