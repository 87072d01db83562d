#include "io/processors.hpp"

#include <doctest/doctest.h>
#include <sched.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/io/folder.hpp"

using namespace needflow;
namespace fs = std::filesystem;

namespace {

/// A made-up root folder with /proc/self and cgroup files.
class FakeRoot : public test::Folder {
 public:
  /// cgroup v2 as systemd mounts it, this process in `group`.
  void mount_v2(const std::string& group, const std::string& mount_root = "/") const {
    put("proc/self/cgroup", "0::" + group + "\n");
    put("proc/self/mountinfo",
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "30 22 0:26 " +
            mount_root + " /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n");
  }

  /// cgroup v1 with the cpu controller as most distributions mount it.
  void mount_v1(const std::string& group) const {
    put("proc/self/cgroup", "5:memory:/elsewhere\n4:cpu,cpuacct:" + group + "\n3:cpuset:/\n");
    put("proc/self/mountinfo",
        "31 22 0:27 / /sys/fs/cgroup/memory rw shared:10 - cgroup cgroup rw,memory\n"
        "32 22 0:28 / /sys/fs/cgroup/cpuset rw shared:11 - cgroup cgroup rw,cpuset\n"
        "33 22 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:12 - cgroup cgroup rw,cpu,cpuacct\n");
  }
};

/// The environment as it was is put back.
class SlurmVariable {
 public:
  explicit SlurmVariable(const char* value) {
    if (const char* const old = std::getenv(kName)) old_ = old;
    ::setenv(kName, value, 1);
  }
  ~SlurmVariable() {
    if (old_.empty()) {
      ::unsetenv(kName);
    } else {
      ::setenv(kName, old_.c_str(), 1);
    }
  }
  SlurmVariable(const SlurmVariable&) = delete;
  SlurmVariable& operator=(const SlurmVariable&) = delete;

 private:
  static constexpr const char* kName = "SLURM_CPUS_PER_TASK";
  std::string old_;
};

}  // namespace

TEST_CASE("a cpu.max quota is rounded up to whole processors, at least one") {
  CHECK(cpu_max_processors("200000 100000\n") == 2);
  CHECK(cpu_max_processors("150000 100000\n") == 2);
  CHECK(cpu_max_processors("200001 100000\n") == 3);
  CHECK(cpu_max_processors("1000 100000\n") == 1);
  CHECK(cpu_max_processors("9223372036854775807 1\n") == 2147483647);
}

TEST_CASE("a cpu.max without limit, or that is something else, is no quota") {
  CHECK_FALSE(cpu_max_processors("max 100000\n"));
  for (const char* text : {"", "\n", "max", "100000", "a b", "1 2 3", "0 100000", "-1 100000",
                           "100000 0", "100000 -5", "99999999999999999999 1"})
    CHECK_FALSE(cpu_max_processors(text));
}

TEST_CASE("a cgroup v1 quota is rounded up, and -1 is no limit") {
  CHECK(cfs_processors("250000\n", "100000\n") == 3);
  CHECK(cfs_processors("100000", "100000") == 1);
  CHECK_FALSE(cfs_processors("-1\n", "100000\n"));
  CHECK_FALSE(cfs_processors("", ""));
  CHECK_FALSE(cfs_processors("100000", "0"));
}

TEST_CASE("a cgroup v2 quota is found in this process's group") {
  const FakeRoot root;
  root.mount_v2("/system.slice/job.scope");
  root.put("sys/fs/cgroup/system.slice/cpu.max", "max 100000\n");
  root.put("sys/fs/cgroup/system.slice/job.scope/cpu.max", "350000 100000\n");
  const auto limits = cgroup_limits(root.path());
  REQUIRE(limits.size() == 1);
  CHECK(limits[0].name == "cgroup v2 quota");
  CHECK(limits[0].processors == 4);
  CHECK(limits[0].source == "/sys/fs/cgroup/system.slice/job.scope/cpu.max: 350000 100000");
}

TEST_CASE("a tighter quota on a group above binds the groups below") {
  const FakeRoot root;
  root.mount_v2("/a/b/c");
  root.put("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
  root.put("sys/fs/cgroup/a/b/cpu.max", "200000 100000\n");
  root.put("sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n");
  const auto limits = cgroup_limits(root.path());
  REQUIRE(limits.size() == 1);
  CHECK(limits[0].processors == 2);
  CHECK(limits[0].source == "/sys/fs/cgroup/a/b/cpu.max: 200000 100000");
}

TEST_CASE("in a container the mount shows the container's own group as its top") {
  const FakeRoot root;
  root.mount_v2("/docker/abc/worker", "/docker/abc");
  root.put("sys/fs/cgroup/cpu.max", "600000 100000\n");
  root.put("sys/fs/cgroup/worker/cpu.max", "500000 100000\n");
  REQUIRE(cgroup_limits(root.path()).size() == 1);
  CHECK(cgroup_limits(root.path())[0].processors == 5);
}

TEST_CASE("a group outside of what is mounted leaves the mount's own quota") {
  for (const char* group : {"/../other", "/", "/docker/xyz"}) {
    const FakeRoot root;
    root.mount_v2(group, "/docker/abc");
    root.put("sys/fs/cgroup/cpu.max", "600000 100000\n");
    for (const char* not_ours :
         {"cpu.max", "sys/cpu.max", "other/cpu.max", "sys/fs/cgroup/other/cpu.max"})
      root.put(not_ours, "100000 100000\n");
    REQUIRE(cgroup_limits(root.path()).size() == 1);
    CHECK(cgroup_limits(root.path())[0].processors == 6);
  }
}

TEST_CASE("a cgroup v1 quota is read where the cpu controller is mounted") {
  const FakeRoot root;
  root.mount_v1("/slurm/job_7");
  root.put("sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_quota_us", "400000\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_period_us", "100000\n");
  root.put("sys/fs/cgroup/cpuset/slurm/job_7/cpu.cfs_quota_us", "100000\n");
  root.put("sys/fs/cgroup/cpuset/slurm/job_7/cpu.cfs_period_us", "100000\n");
  const auto limits = cgroup_limits(root.path());
  REQUIRE(limits.size() == 1);
  CHECK(limits[0].name == "cgroup v1 quota");
  CHECK(limits[0].processors == 4);
  CHECK(limits[0].source ==
        "/sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_quota_us: 400000 of 100000");
}

TEST_CASE("a mount point with a space in its name is found") {
  const FakeRoot root;
  root.put("proc/self/cgroup", "0::/job\n");
  root.put("proc/self/mountinfo", "30 22 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw\n");
  root.put("my groups/job/cpu.max", "100000 100000\n");
  REQUIRE(cgroup_limits(root.path()).size() == 1);
  CHECK(cgroup_limits(root.path())[0].processors == 1);
}

TEST_CASE("without cgroups, or with files that make no sense, there is no cgroup limit") {
  const FakeRoot root;
  CHECK(cgroup_limits(root.path()).empty());
  root.put("proc/self/cgroup", "nonsense\n:\n::\n0::\n\n");
  root.put("proc/self/mountinfo",
           "- - -\n1 2 3 4 5 - cgroup2\n\n30 22 0:26 / /sys rw - cgroup2 x rw\n");
  root.put("sys/cpu.max", "none\n");
  CHECK(cgroup_limits(root.path()).empty());
}

TEST_CASE("memory nodes with processors count, other nodes and files do not") {
  const FakeRoot root;
  CHECK(numa_nodes(root.path()) == 1);
  const std::string node = "sys/devices/system/node/";
  root.put(node + "node0/cpulist", "0-63\n");
  root.put(node + "node1/cpulist", "64-127\n");
  root.put(node + "node2/cpulist", "\n");  // memory of a device
  root.put(node + "nodes/cpulist", "1\n");
  root.put(node + "online", "0-2\n");
  CHECK(numa_nodes(root.path()) == 2);
}

TEST_CASE("Slurm's grant is a whole number from 1 up") {
  REQUIRE(slurm_limit("8"));
  CHECK(slurm_limit("8")->processors == 8);
  CHECK(slurm_limit("8")->name == "SLURM_CPUS_PER_TASK");
  for (const char* text : {"", "0", "-4", "eight", "8x", "99999999999"})
    CHECK_FALSE(slurm_limit(text));
}

TEST_CASE("the least limit decides, the first of equals, and all are kept") {
  const UsableProcessors usable = least_limit(
      {{"affinity mask", 8, ""}, {"cgroup v2 quota", 4, ""}, {"SLURM_CPUS_PER_TASK", 4, ""}});
  CHECK(usable.count == 4);
  CHECK(usable.decided_by == "cgroup v2 quota");
  CHECK(usable.limits.size() == 3);
  CHECK(least_limit({}).count == 1);
}

TEST_CASE("a process bound to one processor may use one") {
  cpu_set_t before;
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  const UsableProcessors usable = usable_processors();
  REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
  CHECK(usable.count == 1);
  CHECK(usable.decided_by == "affinity mask");
  CHECK(affinity_limit().processors == CPU_COUNT(&before));
}

TEST_CASE("the machine's arenas hold all the threads") {
  for (const int threads : {1, 2, 7}) {
    int sum = 0;
    for (const NodeArena& arena : node_arenas(threads)) sum += arena.threads;
    CHECK(sum == threads);
  }
}

TEST_CASE("Slurm's variable is among the limits of this process") {
  const SlurmVariable variable("1");
  const UsableProcessors usable = usable_processors();
  CHECK(usable.count == 1);
  REQUIRE_FALSE(usable.limits.empty());
  CHECK(usable.limits.front().name == "affinity mask");
  CHECK(usable.limits.back().name == "SLURM_CPUS_PER_TASK");
}
