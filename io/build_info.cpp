#include "io/build_info.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hwy/highway.h>
#include <oneapi/tbb/version.h>
#include <unistd.h>
#include <zlib.h>
#include <boost/version.hpp>

#include <array>
#include <chrono>

#include "commit.inc"
#include "io/h5.hpp"
#include "io/processors.hpp"
#include "kernels/allocate.hpp"
#include "solver/sweep/arenas.hpp"

namespace needflow {

BuildInfo build_info() {
  BuildInfo info;
  info.version = NEEDFLOW_VERSION;
  info.commit = kCommit;
  info.dirty = kDirty;
  info.compiler = fmt::format("GCC-compatible {}", __VERSION__);
  info.flags = NEEDFLOW_FLAGS;
  info.libraries = {
      {"oneTBB", TBB_runtime_version()},
      {"HDF5", h5_version()},
      {"Highway", fmt::format("{}.{}.{}", HWY_MAJOR, HWY_MINOR, HWY_PATCH)},
      {"zlib", zlibVersion()},
      {"fmt",
       fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
      {"Boost", fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
                            BOOST_VERSION % 100)},
  };
  return info;
}

std::string libraries_text(const BuildInfo& info) {
  std::vector<std::string> texts;
  for (const Library& library : info.libraries) {
    texts.push_back(fmt::format("{} {}", library.name, library.version));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string utc_now() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

Provenance begin_provenance(const std::vector<std::string>& command, int threads) {
  Provenance provenance;
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) provenance.host = host.data();
  provenance.start = utc_now();
  provenance.command_line = fmt::format("{}", fmt::join(command, " "));
  provenance.simd_target = chosen_simd_target();
  provenance.threads = threads;
  provenance.numa_nodes = numa_nodes("/");
  provenance.arenas = static_cast<int>(node_arenas(threads).size());
  const UsableProcessors usable = usable_processors();
  provenance.processors =
      fmt::format("{} usable, decided by the {}", usable.count, usable.decided_by);
  return provenance;
}

}  // namespace needflow
