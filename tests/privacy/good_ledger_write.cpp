// must compile
// What a recipient published cannot be rewritten through the spans.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const Ledger& ledger) {
  double seen = 0.0;
  seen = ledger.damping()[0];
  return seen;
}

}  // namespace needflow
