// needflow itself: RoundSolver through its public interface, on the file that the peers read.
//   peer_needflow INPUT THREADS [plain | desire]
// desire gives every pair a finite D. Beside check and time it knows
//   build AGENTS NEIGHBORS    seconds for a network of that size and its recognition
#include <algorithm>
#include <iomanip>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "bench/peers/contender.hpp"
#include "bench/peers/mesh.hpp"
#include "bench/peers/round_inputs.hpp"
#include "kernels/random.hpp"
#include "solver/network.hpp"
#include "solver/recognition.hpp"
#include "solver/rounds.hpp"
#include "solver/sweep/plan.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::peers {

namespace {

/// `reallocate` that goes on to its limit: four units of capacity for five of need never meet all.
RoundSettings endless_rounds(int rounds) {
  RoundSettings settings;
  settings.settlement = SettlementKind::reallocate;
  settings.stop = StopRule::needs;
  settings.max_rounds = rounds;
  return settings;
}

/// A symmetric D, uniform on (0, mean need): some pairs are bounded by it and some are not.
std::vector<double> drawn_desire(const RoundInputs& inputs) {
  const RandomStream stream(0, "desire");
  double total = 0.0;
  for (const double need : inputs.need) total += need;
  const double mean = total / static_cast<double>(inputs.need.size());
  std::vector<double> desire(inputs.columns.size());
  std::size_t entry = 0;
  for (std::int32_t i = 0; i < inputs.agents(); ++i) {
    const auto end = static_cast<std::size_t>(inputs.offsets[static_cast<std::size_t>(i) + 1]);
    for (; entry < end; ++entry) {
      const std::int32_t j = inputs.columns[entry];
      const DrawKey pair{0, 0, static_cast<std::uint32_t>(std::min(i, j)),
                         static_cast<std::uint32_t>(std::max(i, j))};
      desire[entry] = mean * uniform01(stream, pair);
    }
  }
  return desire;
}

Recognition recognition_from(RoundInputs& inputs, bool with_desire) {
  CsrMatrix rows;
  rows.column_count = inputs.need.size();
  if (with_desire) rows.desire = drawn_desire(inputs);
  rows.offsets.assign(inputs.offsets.begin(), inputs.offsets.end());
  rows.columns = std::move(inputs.columns);
  rows.weights = std::move(inputs.weights);
  return symmetric_recognition(std::move(rows));
}

class NeedflowRounds : public Contender {
 public:
  NeedflowRounds(RoundInputs inputs, int threads, bool with_desire)
      : recognition_(recognition_from(inputs, with_desire)),
        need_(std::move(inputs.need)),
        capacity_(std::move(inputs.capacity)),
        // As the program chooses for a single point.
        threads_(threads > 1 && recognition_.provider_rows.entries() >= kEntriesForThreads
                     ? Threads::all
                     : Threads::one) {}

  void run(int rounds) override {
    if (solver_ == nullptr || rounds_ != rounds) {
      solver_ = std::make_unique<RoundSolver>(recognition_, endless_rounds(rounds), threads_);
      rounds_ = rounds;
    }
    if (solver_->run(need_, capacity_).rounds != rounds) {
      throw std::runtime_error("the run ended before its limit");
    }
  }

  Answer answer() override {
    const auto copy = [](std::span<const double> values) {
      return std::vector<double>(values.begin(), values.end());
    };
    // What recipients received is kept for observers alone; a solver of its own, so that the timed
    // one does not go on keeping it.
    RoundSolver watched(recognition_, endless_rounds(rounds_), threads_);
    (void)watched.run(need_, capacity_, [](const RoundSolver&) {});
    return {copy(watched.satisfied()), copy(watched.received()), copy(watched.denominator())};
  }

  std::string description() const override { return "\"version\": \"this commit\""; }

  std::string other_command(std::istream& words, const std::string& name) override {
    if (name != "build") return {};
    std::int64_t agents = 0;
    std::int64_t neighbors = 0;
    words >> agents >> neighbors;
    const Settings mesh = mesh_settings(agents, neighbors);
    std::int64_t pairs = 0;
    const double seconds = seconds_of([&] {
      pairs = recognise(build_network(mesh.network, mesh.seed, 0), mesh.recognition, mesh.seed, 0,
                        threads_)
                  .recognised_pairs;
    });
    std::ostringstream text;
    text << std::setprecision(9) << "{\"seconds\": " << seconds << ", \"pairs\": " << pairs << "}";
    return text.str();
  }

 private:
  Recognition recognition_;
  std::vector<double> need_, capacity_;
  Threads threads_;
  std::unique_ptr<RoundSolver> solver_;
  int rounds_ = 0;
};

}  // namespace

}  // namespace needflow::peers

int main(int argc, char** argv) {
  using namespace needflow::peers;
  if (argc < 3) {
    std::cerr << "usage: peer_needflow INPUT THREADS [plain | desire]\n";
    return 2;
  }
  try {
    const int threads = std::stoi(argv[2]);
    const bool with_desire = argc > 3 && std::string(argv[3]) == "desire";
    NeedflowRounds rounds(read_round_inputs(argv[1]), threads, with_desire);
    needflow::run_in_arena(threads, [&rounds] { serve(rounds); });
  } catch (const std::exception& problem) {
    std::cerr << "peer_needflow: " << problem.what() << "\n";
    return 1;
  }
}
