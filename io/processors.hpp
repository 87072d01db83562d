// How many processors this process may use at once: the least of what the affinity mask, the
// cgroup's CPU quota and Slurm grant. oneTBB sees the mask alone; in a container with a quota of
// two processors on a node of 128 it would start 128 threads that throttle each other.
//
// The functions that read cgroup files take a root folder, so that tests can give them a made-up
// /proc and /sys.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "solver/sweep/arenas.hpp"

namespace needflow {

struct ProcessorLimit {
  std::string name;  // "affinity mask", "cgroup v2 quota", "cgroup v1 quota", "SLURM_CPUS_PER_TASK"
  int processors = 1;  // 1 or more
  std::string source;  // where it was found: "/sys/fs/cgroup/job/cpu.max: 150000 100000"
};

struct UsableProcessors {
  int count = 1;
  std::string decided_by;              // the name of the least limit
  std::vector<ProcessorLimit> limits;  // all that were found, the affinity mask first
};

/// For this process, now. A limit that cannot be read is left out; there is always one processor.
UsableProcessors usable_processors();

/// The least of the limits, the first of equals; one processor, decided by "default", if there are
/// none.
UsableProcessors least_limit(std::vector<ProcessorLimit> limits);

/// Most bytes of memory this process has had at once, as the kernel counts its resident pages.
std::size_t peak_memory();

/// The processors the kernel may place this process on (taskset, cpusets, Slurm's binding).
ProcessorLimit affinity_limit();

/// What a job variable's text such as "8" grants; nothing if it is no number from 1 up.
std::optional<ProcessorLimit> slurm_limit(std::string_view cpus_per_task);

/// The tightest quota on this process's group and the groups above it, for each cgroup version that
/// is mounted. `root` is "/" but in tests; below it, proc/self/cgroup and proc/self/mountinfo are
/// read, and the groups' folders.
std::vector<ProcessorLimit> cgroup_limits(const std::filesystem::path& root);

/// Memory nodes with processors of their own, at least one; below `root`, sys/devices/system/node
/// is read.
int numa_nodes(const std::filesystem::path& root);

/// The memory nodes that the process may use, with their shares of the threads. One node, or a
/// oneTBB that cannot tell them apart (no libtbbbind): one arena with all of them.
std::vector<NodeArena> node_arenas(int threads);

/// Processors of a cgroup v2 file cpu.max, "150000 100000": 2, as a quota of one and a half keeps
/// two busy part of the time. Nothing for "max 100000" or text that is something else.
std::optional<int> cpu_max_processors(std::string_view cpu_max);

/// The same of cgroup v1's cpu.cfs_quota_us, where -1 is no limit, and cpu.cfs_period_us.
std::optional<int> cfs_processors(std::string_view quota_us, std::string_view period_us);

}  // namespace needflow
