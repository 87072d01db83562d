// must fail: no member named 'satisfied'
// The ledger does not hold what recipients have.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger& ledger) { return ledger.satisfied()[0]; }

}  // namespace needflow
