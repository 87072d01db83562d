// must fail: read-only | const-qualified | const value
// What a recipient published cannot be rewritten through the spans.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger& ledger) {
  double seen = 0.0;
  ledger.damping()[0] = seen;
  return seen;
}

}  // namespace needflow
