// The result file: outcomes of a sweep as one HDF5 file that opens in h5py, netCDF4 and xarray.
//
// Layout (schema 1): a dataset a metric over the axes, network and replicate, plus `type` when
// there are several; a dimension scale an axis; groups trace, agents (or recipients and providers),
// settings, failures, provenance, timing. Nothing outside provenance and timing depends on threads,
// machine or time.
#pragma once

#include <cstddef>
#include <vector>

#include "io/atomic_file.hpp"
#include "io/build_info.hpp"
#include "io/scenario.hpp"
#include "solver/sweep/outcome.hpp"

namespace needflow {

/// The file's bytes. `outcomes` holds one entry a point at its own index; points that never ran are
/// `pending`. Throws IoError.
[[nodiscard]] std::vector<std::byte> result_image(const Scenario& scenario,
                                                  const std::vector<PointOutcome>& outcomes,
                                                  const Provenance& provenance);

/// Writes the image, opens it again, checks what it finds, and publishes it under its final name.
void publish_results(AtomicFile& file, const Scenario& scenario,
                     const std::vector<PointOutcome>& outcomes, const Provenance& provenance);

}  // namespace needflow
