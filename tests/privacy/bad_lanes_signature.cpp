// must fail: converting function | cannot be initialized | does not match | no viable
// The step of a provider in lanes reads its row, its stock and the published needs, exactly.
#include "kernels/lane_rows.hpp"

namespace needflow {

using Published = const PublishedNeeds<8>&;
using Step = void (*)(const CsrRow&, const double*, Published, const double*, double*, double*);
const Step kStep = HWY_NAMESPACE::compute_lane_offers<8, false, false>;

}  // namespace needflow
