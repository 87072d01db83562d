// must fail: discards qualifiers | not marked const
// Whoever holds the ledger to read it does not reach the drafts of the round to come.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger<8>& ledger) { return ledger.draft()[0][0]; }

}  // namespace needflow
