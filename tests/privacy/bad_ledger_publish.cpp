// must fail: discards qualifiers | not marked const
// Whoever holds the ledger to read it cannot publish in a recipient's name.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger& ledger) { return ledger.publish(0, 0, {}, {}, {}, {}), 1.0; }

}  // namespace needflow
