// must fail: no member named 'need'
// The ledger does not hold stated needs.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger<1>& ledger) { return ledger.need().active[0][0]; }

}  // namespace needflow
