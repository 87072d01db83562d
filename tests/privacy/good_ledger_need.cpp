// must compile
// The ledger does not hold stated needs.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger& ledger) { return ledger.residual()[0]; }

}  // namespace needflow
