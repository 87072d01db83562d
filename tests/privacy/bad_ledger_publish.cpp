// must fail: discards qualifiers | not marked const
// Whoever holds the ledger to read it cannot publish in a recipient's name.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger<1>& ledger) { return ledger.publish(), 1.0; }

}  // namespace needflow
