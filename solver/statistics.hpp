// M3: what a run reports, computed from the final state alone.
#pragma once

#include <span>

#include "kernels/parallel.hpp"
#include "kernels/spread.hpp"

namespace needflow {

/// The figures of one run (kernels/spread.hpp). need, satisfied, over: R each.
[[nodiscard]] Satisfaction measure_satisfaction(std::span<const double> need,
                                                std::span<const double> satisfied,
                                                std::span<const double> over, double wasted,
                                                double tolerance, Threads threads);

}  // namespace needflow
