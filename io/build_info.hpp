// What this program was built from and where it runs: for `info` and for the provenance of a file.
#pragma once

#include <string>
#include <vector>

namespace needflow {

struct Library {
  std::string name;
  std::string version;
};

struct BuildInfo {
  std::string version;  ///< of needflow
  std::string commit;   ///< git's, or "unknown" outside a checkout
  bool dirty = false;   ///< tracked files differed from the commit
  std::string compiler;
  std::string flags;
  std::vector<Library> libraries;
};

[[nodiscard]] BuildInfo build_info();

/// "oneTBB 2021.8, HDF5 1.10.8, …"
[[nodiscard]] std::string libraries_text(const BuildInfo& info);

/// Where and when a run took place; none of it may reach results.
struct Provenance {
  std::string host;
  std::string start;  ///< ISO 8601, UTC
  std::string end;
  std::string command_line;
  std::string simd_target;
  int threads = 1;
  int ranks = 1;
  int numa_nodes = 1;
  int arenas = 1;          ///< that threads were divided into, each on a node
  std::string processors;  ///< how many are usable, and what decides it
};

/// This host, the time now, and the command as it was typed.
[[nodiscard]] Provenance begin_provenance(const std::vector<std::string>& command, int threads);

/// The time now as "2026-01-31T12:00:00Z".
[[nodiscard]] std::string utc_now();

}  // namespace needflow
