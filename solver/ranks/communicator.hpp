// Several processes that work on one task: ranks of an MPI job, or one process alone.
//
// This is all of MPI that the program knows. The only file that includes mpi.h is
// communicator_mpi.cpp; a build without MPI has communicator_alone.cpp in its place and nothing
// else differs, so no other file asks which it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace needflow {

/// Where the values of one rank stand among those of all.
struct RankPart {
  std::size_t first = 0;
  std::size_t count = 0;
};

/// Bytes for another rank.
struct Outgoing {
  int to = 0;
  std::span<const std::byte> bytes;
};

/// Room for as many bytes as another rank sends.
struct Incoming {
  int from = 0;
  std::span<std::byte> bytes;
};

/// A number that all ranks count up, for handing out work: it lives on rank 0 and is reached by
/// one-sided access, so rank 0 need not answer. Made and destroyed by all ranks together.
class SharedCounter {
 public:
  virtual ~SharedCounter() = default;
  /// Adds `step` and gives the value of before; the first is 0.
  [[nodiscard]] virtual std::int64_t take(std::int64_t step = 1) = 0;

 protected:
  SharedCounter() = default;
  SharedCounter(const SharedCounter&) = default;
  SharedCounter& operator=(const SharedCounter&) = default;
};

/// The ranks of a job. Calls come from the thread that made it alone (MPI_THREAD_FUNNELED). Unless
/// said otherwise all ranks make the same calls in the same order and wait for each other. A
/// failure of the transport throws std::runtime_error with MPI's own text.
class Communicator {
 public:
  virtual ~Communicator() = default;

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return size_; }
  [[nodiscard]] bool first() const { return rank_ == 0; }
  /// Ranks that share this one's memory.
  [[nodiscard]] int ranks_on_node() const { return ranks_on_node_; }

  virtual void barrier() = 0;
  /// Everybody's part of `all` becomes known to everybody; one's own is in its place already. The
  /// counts are the same on all ranks, the places need not be.
  virtual void share(std::span<double> all, std::span<const RankPart> parts) = 0;
  /// Everybody's values to rank 0, whose `all` has room for them; elsewhere it is not looked at.
  virtual void collect(std::span<const double> own, std::span<double> all,
                       std::span<const RankPart> parts) = 0;
  /// Everybody's bytes, in order, on rank 0; elsewhere nothing.
  [[nodiscard]] virtual std::vector<std::vector<std::byte>> collect_bytes(
      std::span<const std::byte> own) = 0;
  /// What rank 0 has, to everybody; all spans are as long.
  virtual void broadcast(std::span<std::byte> bytes) = 0;
  /// values[i] = Σ over all ranks.
  virtual void add(std::span<std::int64_t> values) = 0;
  /// value = the largest of all ranks; no NaN.
  [[nodiscard]] virtual double largest(double value) = 0;
  /// Sends and receives side by side, at most one message a pair and direction; a message to
  /// oneself is not among them. Only ranks with messages for each other wait for each other.
  virtual void exchange(std::span<const Outgoing> sends, std::span<const Incoming> receives) = 0;

  [[nodiscard]] virtual std::unique_ptr<SharedCounter> counter() = 0;
  /// For one that an exception ends: destroying a counter waits for all ranks, who know nothing of
  /// it. Kept until all ranks end together.
  void keep(std::unique_ptr<SharedCounter> counter) { kept_.push_back(std::move(counter)); }
  /// Lets messages under way move on; no other rank need call it. Rank 0 does so now and then while
  /// others take from a counter: over some networks MPI serves it from within calls alone.
  virtual void progress() = 0;

  /// For one who cannot go on: true once all ranks have called this, false after so many seconds
  /// without some of them. Nothing but stop_all() or the end may follow.
  [[nodiscard]] virtual bool all_stop_within(double seconds) = 0;
  /// Ends all ranks at once with this exit code.
  virtual void stop_all(int code) = 0;

  /// MPI counts in int, so longer messages go in pieces of this many bytes. Lower for tests alone,
  /// on all ranks together.
  void set_piece_bytes(std::size_t bytes) { piece_bytes_ = bytes; }

 protected:
  Communicator(int rank, int size, int ranks_on_node)
      : rank_(rank), size_(size), ranks_on_node_(ranks_on_node) {}
  Communicator(const Communicator&) = default;
  Communicator& operator=(const Communicator&) = default;

  [[nodiscard]] std::size_t piece_bytes() const { return piece_bytes_; }
  /// Destroys what is kept, in the same order on all ranks.
  void free_kept() {
    for (std::unique_ptr<SharedCounter>& counter : kept_) counter.reset();
  }

 private:
  std::vector<std::unique_ptr<SharedCounter>> kept_;
  std::size_t piece_bytes_ = std::size_t{1} << 30;
  int rank_;
  int size_;
  int ranks_on_node_;
};

/// The ranks that this process was started among: by mpirun, mpiexec or srun, else itself alone.
/// Once, at the start of main, before there are threads; destroying it is the end of MPI. With
/// NEEDFLOW_RANKS=alone in the environment every process is on its own. Throws ScenarioError where
/// it was started among others and cannot reach them: without MPI, or by the launcher of another.
[[nodiscard]] std::unique_ptr<Communicator> join_ranks(int& argc, char**& argv);

/// One rank of one.
[[nodiscard]] std::unique_ptr<Communicator> rank_alone();

/// "Open MPI v4.1.4 …", as the library says it, or "none".
[[nodiscard]] std::string mpi_library();

/// What launchers leave in the environment.
struct Launch {
  bool ranks = false;  ///< a launcher of MPI started this process
  int size = 1;        ///< how many it started; 1 where it does not say
};
[[nodiscard]] Launch launch_found();

}  // namespace needflow
