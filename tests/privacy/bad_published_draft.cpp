// must fail: no member named 'draft'
// The published needs, which a provider is given, do not lead to the drafts.
#include "solver/ledger.hpp"

namespace needflow {

double answer(const PublishedNeeds<1>& ledger) { return ledger.draft()[0][0]; }

}  // namespace needflow
