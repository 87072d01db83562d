// The formats are those of cgroups(7), proc(5) and the kernel's admin-guide/cgroup-v2.
#include "io/processors.hpp"

#include <fmt/format.h>
#include <oneapi/tbb/info.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <sstream>
#include <thread>
#include <utility>

namespace needflow {
namespace {

namespace fs = std::filesystem;

struct FreeCpuSet {
  void operator()(cpu_set_t* set) const { CPU_FREE(set); }
};

std::string_view without_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  text = without_space(text);
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

/// A quota's processors, rounded up.
std::optional<int> rounded_up(std::optional<std::int64_t> quota,
                              std::optional<std::int64_t> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  const std::int64_t processors = (*quota - 1) / *period + 1;
  return static_cast<int>(std::min<std::int64_t>(processors, std::numeric_limits<int>::max()));
}

/// A file under /proc or /sys, "" if it is not there: these say 0 bytes long and must be streamed.
std::string small_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), std::istream_iterator<std::string>()};
}

bool has_item(std::string_view list, std::string_view item) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == item) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

/// mountinfo writes a space in a path as \040.
std::string without_escapes(std::string_view text) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
        octal(text[i + 3])) {
      path +=
          static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + text[i + 3] - '0');
      i += 3;
    } else {
      path += text[i];
    }
  }
  return path;
}

enum class Version { kV1, kV2 };

/// This process's group in the hierarchy that governs processors, from proc/self/cgroup: lines such
/// as "4:cpu,cpuacct:/job" (v1) and "0::/job" (v2).
std::optional<std::string> group_of(const std::string& membership, Version version) {
  std::istringstream lines(membership);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers =
        std::string_view(line).substr(first + 1, second - first - 1);
    const bool is_v2 = controllers.empty() && line.starts_with("0:");
    if (version == Version::kV2 ? is_v2 : has_item(controllers, "cpu"))
      return line.substr(second + 1);
  }
  return std::nullopt;
}

struct Mount {
  std::string group;   // the group that is seen at the mount point
  std::string folder;  // the mount point
};

/// Where that hierarchy is mounted, from proc/self/mountinfo, whose lines are "id parent dev root
/// folder options [tags] - type source super-options".
std::optional<Mount> mount_of(const std::string& mountinfo, Version version) {
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> word = words(line);
    const auto dash = std::find(word.begin(), word.end(), "-");
    if (word.size() < 6 || std::distance(dash, word.end()) < 4) continue;
    const bool fits = version == Version::kV2 ? dash[1] == "cgroup2"
                                              : dash[1] == "cgroup" && has_item(dash[3], "cpu");
    if (fits) return Mount{without_escapes(word[3]), without_escapes(word[4])};
  }
  return std::nullopt;
}

/// A group's path below the mount point. In a container the mount shows a part of the hierarchy, or
/// /proc names a group outside of it ("/../job"): then the mount point itself is what binds us.
fs::path below_mount(const std::string& group, const Mount& mount) {
  fs::path relative = fs::path(group).lexically_relative(mount.group);
  if (relative.empty() || *relative.begin() == ".." || relative == ".") return {};
  return relative;
}

std::optional<ProcessorLimit> quota_in(const fs::path& root, const fs::path& folder,
                                       Version version) {
  const fs::path there = root / folder.relative_path();
  if (version == Version::kV2) {
    const std::string text = small_file(there / "cpu.max");
    const auto processors = cpu_max_processors(text);
    if (!processors) return std::nullopt;
    return ProcessorLimit{
        "cgroup v2 quota", *processors,
        fmt::format("{}: {}", (folder / "cpu.max").string(), without_space(text))};
  }
  const std::string quota = small_file(there / "cpu.cfs_quota_us");
  const std::string period = small_file(there / "cpu.cfs_period_us");
  const auto processors = cfs_processors(quota, period);
  if (!processors) return std::nullopt;
  return ProcessorLimit{"cgroup v1 quota", *processors,
                        fmt::format("{}: {} of {}", (folder / "cpu.cfs_quota_us").string(),
                                    without_space(quota), without_space(period))};
}

/// A quota binds all groups below it, so each folder up to the mount point counts.
std::optional<ProcessorLimit> tightest_quota(const fs::path& root, Version version) {
  const auto group = group_of(small_file(root / "proc/self/cgroup"), version);
  const auto mount = mount_of(small_file(root / "proc/self/mountinfo"), version);
  if (!group || !mount) return std::nullopt;
  std::optional<ProcessorLimit> tightest;
  for (fs::path below = below_mount(*group, *mount);; below = below.parent_path()) {
    const fs::path folder = below.empty() ? fs::path(mount->folder) : mount->folder / below;
    const auto limit = quota_in(root, folder, version);
    if (limit && (!tightest || limit->processors < tightest->processors)) tightest = limit;
    if (below.empty()) return tightest;
  }
}

}  // namespace

std::optional<int> cpu_max_processors(std::string_view cpu_max) {
  cpu_max = without_space(cpu_max);
  const std::size_t space = cpu_max.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  return rounded_up(whole_number(cpu_max.substr(0, space)), whole_number(cpu_max.substr(space)));
}

std::optional<int> cfs_processors(std::string_view quota_us, std::string_view period_us) {
  return rounded_up(whole_number(quota_us), whole_number(period_us));
}

std::vector<ProcessorLimit> cgroup_limits(const fs::path& root) {
  std::vector<ProcessorLimit> limits;
  for (const Version version : {Version::kV2, Version::kV1})
    if (auto limit = tightest_quota(root, version)) limits.push_back(std::move(*limit));
  return limits;
}

int numa_nodes(const fs::path& root) {
  int nodes = 0;
  std::error_code unreadable;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(root / "sys/devices/system/node", unreadable)) {
    const std::string name = entry.path().filename().string();
    const bool is_node = name.starts_with("node") && whole_number(name.substr(4)).has_value();
    // Nodes of memory alone (device memory, persistent memory) have an empty list.
    if (is_node && !without_space(small_file(entry.path() / "cpulist")).empty()) ++nodes;
  }
  return std::max(1, nodes);
}

std::vector<NodeArena> node_arenas(int threads) {
  const std::vector<NodeArena> one{{-1, threads}};
  // Asking oneTBB loads libtbbbind and hwloc, in a way that AddressSanitizer ends the process for.
#if defined(__SANITIZE_ADDRESS__)
  return one;
#else
  if (numa_nodes("/") < 2) return one;
  std::vector<int> processors;
  const auto nodes = oneapi::tbb::info::numa_nodes();
  for (const auto node : nodes) {
    processors.push_back(oneapi::tbb::info::default_concurrency(node));
  }
  if (nodes.size() < 2) return one;
  const std::vector<int> shares = share_threads(threads, processors);
  std::vector<NodeArena> arenas;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (shares[i] > 0) arenas.push_back({nodes[i], shares[i]});
  }
  return arenas;
#endif
}

std::optional<ProcessorLimit> slurm_limit(std::string_view cpus_per_task) {
  const auto processors = whole_number(cpus_per_task);
  if (!processors || *processors < 1 || *processors > std::numeric_limits<int>::max())
    return std::nullopt;
  return ProcessorLimit{"SLURM_CPUS_PER_TASK", static_cast<int>(*processors), "environment"};
}

std::size_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;  // Linux counts in KiB
}

ProcessorLimit affinity_limit() {
  // The kernel refuses a set smaller than its own, whose size it does not tell.
  for (int size = 1024; size <= (1 << 22); size *= 2) {
    const std::unique_ptr<cpu_set_t, FreeCpuSet> set(CPU_ALLOC(static_cast<std::size_t>(size)));
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(size));
    if (set == nullptr) break;
    if (::sched_getaffinity(0, bytes, set.get()) == 0)
      return {"affinity mask", std::max(1, CPU_COUNT_S(bytes, set.get())), "sched_getaffinity"};
    if (errno != EINVAL) break;
  }
  const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
  return {"affinity mask", static_cast<int>(processors), "hardware_concurrency"};
}

UsableProcessors least_limit(std::vector<ProcessorLimit> limits) {
  const auto least = std::ranges::min_element(limits, {}, &ProcessorLimit::processors);
  if (least == limits.end()) return {1, "default", {}};
  UsableProcessors usable{least->processors, least->name, {}};
  usable.limits = std::move(limits);
  return usable;
}

UsableProcessors usable_processors() {
  std::vector<ProcessorLimit> limits = {affinity_limit()};
  for (ProcessorLimit& limit : cgroup_limits("/")) limits.push_back(std::move(limit));
  if (const char* const granted = std::getenv("SLURM_CPUS_PER_TASK"))
    if (auto limit = slurm_limit(granted)) limits.push_back(std::move(*limit));
  return least_limit(std::move(limits));
}

}  // namespace needflow
