// How `needflow reproduce` prints and writes a table of findings.
#pragma once

#include <iosfwd>
#include <string>

#include "solver/findings.hpp"

namespace needflow::app {

void print_findings(const FindingTable& table, std::ostream& out);

/// quantity,seed,figure,mean,deviation,least,most,count,unit,verdict,reason
[[nodiscard]] std::string findings_csv(const FindingTable& table);

}  // namespace needflow::app
