// must fail: no member named 'capacity'
// The ledger does not hold capacities.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger<1>& ledger) { return ledger.capacity().active[0][0]; }

}  // namespace needflow
