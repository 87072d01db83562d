// must fail: converting function | cannot be initialized | does not match | no viable
// A provider's computation in lanes does not change its stock; settlement does.
#include "kernels/lane_rows.hpp"

namespace needflow {

using Published = const PublishedNeeds<8>&;
using Step = void (*)(const CsrRow&, double*, Published, double*, double*);
const Step kStep = HWY_NAMESPACE::compute_lane_offers<8, false, false>;

}  // namespace needflow
