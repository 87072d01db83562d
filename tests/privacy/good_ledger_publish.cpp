// must compile
// Whoever holds the ledger to read it cannot publish in a recipient's name.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger<1>& ledger) { return ledger.active_needs().active[0][0]; }

}  // namespace needflow
