// The result file: outcomes of a sweep as one HDF5 file that opens in h5py, netCDF4 and xarray.
//
// Layout (schema 1): a dataset a metric over the axes, network and replicate, plus `type` when
// there are several; a dimension scale an axis; groups trace, agents (or recipients and providers),
// settings, failures, provenance, timing. Nothing outside provenance and timing depends on threads,
// machine or time.
#pragma once

#include "io/atomic_file.hpp"
#include "io/build_info.hpp"
#include "io/result_shard.hpp"
#include "io/scenario.hpp"
#include "solver/sweep/network_table.hpp"
#include "solver/sweep/outcome.hpp"

namespace needflow {

/// Writes the file's bytes, opens it again, checks what it finds, and publishes it under its final
/// name. Points that never ran are `pending`. Network metrics are written where some were measured.
/// Columns are packed on the threads of the caller's arena; the bytes do not depend on how many
/// there are. Throws IoError.
/// With `shard` the file is a part for merging (io/result_shard.hpp).
void publish_results(AtomicFile& file, const Scenario& scenario, const Outcomes& outcomes,
                     const NetworkTable& networks, const Provenance& provenance,
                     const ShardRecord* shard = nullptr);

/// The file of `needflow network`: the grid of networks with their metrics, degrees and loads; the
/// network itself (group `network`, which kind = "file" reads) where there is one alone.
void publish_networks(AtomicFile& file, const Scenario& scenario, const NetworkTable& networks,
                      const Network* alone, const Provenance& provenance);

}  // namespace needflow
