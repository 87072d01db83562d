// must compile
// compute_lane_offers takes the capacities of one provider; the block of all of them does not fit.
#include "kernels/lane_rows.hpp"

namespace needflow {

void answer(const CsrRow& own_row, LaneSpan<const double, 8> available,
            const PublishedNeeds<8>& ledger, double* denominator, double* scale) {
  using namespace HWY_NAMESPACE;
  compute_lane_offers<8, false, false>(own_row, available[0], ledger, denominator, scale);
}

}  // namespace needflow
