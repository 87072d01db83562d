// How `needflow reproduce` prints and writes a table of findings.
#pragma once

#include <iosfwd>
#include <string>

#include "solver/findings.hpp"

namespace needflow::app {

/// Measured: the mean, ± half its 95 % interval, and in brackets the least and most value.
void print_findings(const FindingTable& table, std::ostream& out);

/// quantity,seed,figure,mean,deviation,least,most,count,error,low,high,reach,unit,verdict,reason
[[nodiscard]] std::string findings_csv(const FindingTable& table);

}  // namespace needflow::app
