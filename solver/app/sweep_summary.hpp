// A sweep's results in a screenful: how points ended, and means along each axis.
#pragma once

#include <iosfwd>

#include "solver/sweep/outcome.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow::app {

void print_sweep_summary(const Sweep& sweep, const Outcomes& outcomes, std::ostream& out);

}  // namespace needflow::app
