// must fail: is private | private member
// What recipients will publish is not read before they do.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger<1>& ledger) { return ledger.draft_.read()[0][0]; }

}  // namespace needflow
