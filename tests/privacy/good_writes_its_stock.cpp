// must compile
// A provider's computation is told its stock and not where it is kept: settlement changes it.
#include "kernels/row_sums.hpp"

namespace needflow {

using Step = Offer (*)(const CsrRow&, double, const PublishedNeeds<1>&);
const Step kStep = compute_offer<false>;

}  // namespace needflow
