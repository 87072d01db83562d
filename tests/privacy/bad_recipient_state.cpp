// must fail: RecipientState
// The state of recipients is not even a name where providers compute.
#include "kernels/row_sums.hpp"

namespace needflow {

using Sees = RecipientState<1>;

}  // namespace needflow
