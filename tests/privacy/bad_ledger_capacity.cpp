// must fail: no member named 'capacity'
// The ledger does not hold capacities.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger& ledger) { return ledger.capacity()[0]; }

}  // namespace needflow
