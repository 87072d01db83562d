// must fail: no member named 'satisfied'
// The ledger does not hold what recipients have.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger<1>& ledger) { return ledger.satisfied().active[0][0]; }

}  // namespace needflow
