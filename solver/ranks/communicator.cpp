// What does not need MPI: one rank alone, and what launchers leave in the environment.
#include "solver/ranks/communicator.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace needflow {

namespace {

class AloneCounter final : public SharedCounter {
 public:
  std::int64_t take(std::int64_t step) override {
    const std::int64_t before = value_;
    value_ += step;
    return before;
  }

 private:
  std::int64_t value_ = 0;
};

/// Every collective is done as soon as it is called.
class RankAlone final : public Communicator {
 public:
  RankAlone() : Communicator(0, 1, 1) {}

  void barrier() override {}
  void share(std::span<double> /*all*/, std::span<const RankPart> /*parts*/) override {}
  void collect(std::span<const double> own, std::span<double> all,
               std::span<const RankPart> parts) override {
    std::copy(own.begin(), own.end(),
              all.begin() + static_cast<std::ptrdiff_t>(parts.front().first));
  }
  std::vector<std::vector<std::byte>> collect_bytes(std::span<const std::byte> own) override {
    return {{own.begin(), own.end()}};
  }
  void broadcast(std::span<std::byte> /*bytes*/) override {}
  void add(std::span<std::int64_t> /*values*/) override {}
  double largest(double value) override { return value; }
  void exchange(std::span<const Outgoing> sends, std::span<const Incoming> receives) override {
    if (!sends.empty() || !receives.empty()) throw std::logic_error("there is no other rank");
  }
  std::unique_ptr<SharedCounter> counter() override { return std::make_unique<AloneCounter>(); }
  void progress() override {}
  bool all_stop_within(double /*seconds*/) override { return true; }
  void stop_all(int /*code*/) override {}
};

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

int number_in(const char* name) {
  const std::string_view text = environment(name);
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::unique_ptr<Communicator> rank_alone() { return std::make_unique<RankAlone>(); }

Launch launch_found() {
  Launch launch;
  if (environment("NEEDFLOW_RANKS") == "alone") return launch;
  // Open MPI's mpirun; Hydra and srun --mpi=pmi2.
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    launch.size = std::max(launch.size, number_in(name));
    launch.ranks = launch.ranks || number_in(name) > 0;
  }
  // srun --mpi=pmix says how many by Slurm's own variable, which tells nothing inside mpirun.
  if (!launch.ranks && !environment("PMIX_RANK").empty()) {
    launch.ranks = true;
    launch.size = std::max(1, number_in("SLURM_STEP_NUM_TASKS"));
  }
  return launch;
}

}  // namespace needflow
