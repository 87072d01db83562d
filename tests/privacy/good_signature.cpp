// must compile
// The step of a provider is given its row, its stock and the published needs, exactly.
#include "kernels/row_sums.hpp"

namespace needflow {

using Published = const PublishedNeeds<1>&;
using Step = Offer (*)(const CsrRow&, double, Published);
const Step kStep = compute_offer<false>;

}  // namespace needflow
