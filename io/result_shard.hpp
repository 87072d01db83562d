// What makes a result file a part of a whole: group `shard` with the number of the shard and the
// journal of its points, byte for byte. Merging reads that journal and nothing else of the numbers,
// so nothing can be lost on the way: traces, rows of agents and metrics of networks are in it as
// they were computed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "io/h5.hpp"

namespace needflow {

/// Attributes index, count, plan_hash, folder; dataset journal.
struct ShardRecord {
  std::int64_t index = 1;  ///< 1 … count
  std::int64_t count = 1;
  std::string plan_hash;  ///< 16 hexadecimal digits, as at the file's root
  std::string folder;     ///< of the scenario, where its data files are
  std::vector<std::byte> journal;
};

void write_shard(const H5Builder& file, const ShardRecord& shard);

/// Throws IoError for a file that cannot be read or is damaged, ScenarioError for an HDF5 file that
/// is no part.
[[nodiscard]] ShardRecord read_shard(const std::filesystem::path& path);

/// Whether the file begins as HDF5 files do. Throws IoError where there is none.
[[nodiscard]] bool is_hdf5(const std::filesystem::path& path);

}  // namespace needflow
