// must fail: no member named 'need'
// The ledger does not hold stated needs.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger& ledger) { return ledger.need()[0]; }

}  // namespace needflow
