// The build with MPI: every call to it that the program makes. The C interface of MPI-3, so that
// Open MPI and MPICH are the same to it.
#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <thread>

#include "solver/error.hpp"
#include "solver/ranks/communicator.hpp"

namespace needflow {

namespace {

constexpr int kTag = 1;

void check(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw std::runtime_error(fmt::format("{} failed: {}", call,
                                       std::string(text.data(), static_cast<std::size_t>(length))));
}

int narrow(std::size_t count) {
  if (count > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw std::runtime_error(fmt::format("{} values are more than MPI counts", count));
  }
  return static_cast<int>(count);
}

/// Eight bytes on rank 0. A lock for all, held from beginning to end, is what MPI calls passive
/// target: nobody waits for rank 0.
class MpiCounter final : public SharedCounter {
 public:
  explicit MpiCounter(MPI_Comm ranks) {
    int rank = 0;
    MPI_Comm_rank(ranks, &rank);
    const MPI_Aint bytes = rank == 0 ? sizeof(std::int64_t) : 0;
    check(MPI_Win_allocate(bytes, sizeof(std::int64_t), MPI_INFO_NULL, ranks, &value_, &window_),
          "MPI_Win_allocate");
    check(MPI_Win_lock_all(0, window_), "MPI_Win_lock_all");
    if (rank == 0) {
      *value_ = 0;
      MPI_Win_sync(window_);
    }
    check(MPI_Barrier(ranks), "MPI_Barrier");
  }
  MpiCounter(const MpiCounter&) = delete;
  MpiCounter& operator=(const MpiCounter&) = delete;
  ~MpiCounter() override {
    MPI_Win_unlock_all(window_);
    MPI_Win_free(&window_);
  }

  std::int64_t take(std::int64_t step) override {
    std::int64_t before = 0;
    check(MPI_Fetch_and_op(&step, &before, MPI_INT64_T, 0, 0, MPI_SUM, window_),
          "MPI_Fetch_and_op");
    check(MPI_Win_flush(0, window_), "MPI_Win_flush");
    return before;
  }

 private:
  MPI_Win window_ = MPI_WIN_NULL;
  std::int64_t* value_ = nullptr;
};

class MpiRanks final : public Communicator {
 public:
  MpiRanks(int rank, int size, int ranks_on_node) : Communicator(rank, size, ranks_on_node) {
    // Copies of their own: no other library's messages are among ours, and a goodbye finds no
    // collective of the work in its way.
    check(MPI_Comm_dup(MPI_COMM_WORLD, &work_), "MPI_Comm_dup");
    check(MPI_Comm_dup(MPI_COMM_WORLD, &goodbye_), "MPI_Comm_dup");
    MPI_Comm_set_errhandler(work_, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(goodbye_, MPI_ERRORS_RETURN);
  }
  MpiRanks(const MpiRanks&) = delete;
  MpiRanks& operator=(const MpiRanks&) = delete;
  ~MpiRanks() override {
    free_kept();  // with windows left over, MPICH's end is an abort
    if (!stopping_) {
      MPI_Comm_free(&work_);
      MPI_Comm_free(&goodbye_);
    }
    MPI_Finalize();
  }

  void barrier() override { check(MPI_Barrier(work_), "MPI_Barrier"); }

  void share(std::span<double> all, std::span<const RankPart> parts) override {
    const Layout layout(parts);
    check(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all.data(), layout.counts.data(),
                         layout.places.data(), MPI_DOUBLE, work_),
          "MPI_Allgatherv");
  }

  void collect(std::span<const double> own, std::span<double> all,
               std::span<const RankPart> parts) override {
    const Layout layout(parts);
    check(MPI_Gatherv(own.data(), narrow(own.size()), MPI_DOUBLE, all.data(), layout.counts.data(),
                      layout.places.data(), MPI_DOUBLE, 0, work_),
          "MPI_Gatherv");
  }

  std::vector<std::vector<std::byte>> collect_bytes(std::span<const std::byte> own) override {
    const auto ranks = static_cast<std::size_t>(size());
    const std::uint64_t length = own.size();
    std::vector<std::uint64_t> lengths(first() ? ranks : 0);
    check(MPI_Gather(&length, 1, MPI_UINT64_T, lengths.data(), 1, MPI_UINT64_T, 0, work_),
          "MPI_Gather");
    std::vector<std::vector<std::byte>> all(lengths.size());
    if (!first()) {
      const Outgoing mine{0, own};
      exchange(std::span(&mine, 1), {});
      return all;
    }
    all[0].assign(own.begin(), own.end());
    std::vector<Incoming> receives;
    for (std::size_t r = 1; r < ranks; ++r) {
      all[r].resize(lengths[r]);
      receives.push_back({static_cast<int>(r), all[r]});
    }
    exchange({}, receives);
    return all;
  }

  void broadcast(std::span<std::byte> bytes) override {
    while (!bytes.empty()) {
      const std::size_t piece = std::min(bytes.size(), piece_bytes());
      check(MPI_Bcast(bytes.data(), narrow(piece), MPI_BYTE, 0, work_), "MPI_Bcast");
      bytes = bytes.subspan(piece);
    }
  }

  void add(std::span<std::int64_t> values) override {
    check(MPI_Allreduce(MPI_IN_PLACE, values.data(), narrow(values.size()), MPI_INT64_T, MPI_SUM,
                        work_),
          "MPI_Allreduce");
  }

  double largest(double value) override {
    check(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, work_), "MPI_Allreduce");
    return value;
  }

  void exchange(std::span<const Outgoing> sends, std::span<const Incoming> receives) override {
    std::vector<MPI_Request> requests;
    for (const Incoming& message : receives) {
      for_pieces(message.bytes, [&](std::byte* bytes, int count) {
        check(
            MPI_Irecv(bytes, count, MPI_BYTE, message.from, kTag, work_, &requests.emplace_back()),
            "MPI_Irecv");
      });
    }
    for (const Outgoing& message : sends) {
      for_pieces(message.bytes, [&](const std::byte* bytes, int count) {
        check(MPI_Isend(bytes, count, MPI_BYTE, message.to, kTag, work_, &requests.emplace_back()),
              "MPI_Isend");
      });
    }
    check(MPI_Waitall(narrow(requests.size()), requests.data(), MPI_STATUSES_IGNORE),
          "MPI_Waitall");
  }

  std::unique_ptr<SharedCounter> counter() override { return std::make_unique<MpiCounter>(work_); }

  void progress() override {
    int found = 0;
    check(MPI_Iprobe(MPI_ANY_SOURCE, kTag, work_, &found, MPI_STATUS_IGNORE), "MPI_Iprobe");
  }

  bool all_stop_within(double seconds) override {
    using Clock = std::chrono::steady_clock;
    stopping_ = true;
    MPI_Request everybody = MPI_REQUEST_NULL;
    check(MPI_Ibarrier(goodbye_, &everybody), "MPI_Ibarrier");
    const auto until = Clock::now() + std::chrono::duration<double>(seconds);
    int done = 0;
    while (done == 0 && Clock::now() < until) {
      check(MPI_Test(&everybody, &done, MPI_STATUS_IGNORE), "MPI_Test");
      if (done == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return done != 0;
  }

  void stop_all(int code) override { MPI_Abort(MPI_COMM_WORLD, code); }

 private:
  struct Layout {
    explicit Layout(std::span<const RankPart> parts) {
      for (const RankPart& part : parts) {
        counts.push_back(narrow(part.count));
        places.push_back(narrow(part.first));
      }
    }
    std::vector<int> counts;
    std::vector<int> places;
  };

  template <class Byte, class Work>
  void for_pieces(std::span<Byte> bytes, const Work& work) const {
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes()) {
      work(bytes.data() + at, narrow(std::min(bytes.size() - at, piece_bytes())));
    }
  }

  MPI_Comm work_ = MPI_COMM_NULL;
  MPI_Comm goodbye_ = MPI_COMM_NULL;
  bool stopping_ = false;
};

int ranks_beside(int rank) {
  MPI_Comm node = MPI_COMM_NULL;
  check(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node),
        "MPI_Comm_split_type");
  int count = 1;
  MPI_Comm_size(node, &count);
  MPI_Comm_free(&node);
  return count;
}

}  // namespace

std::unique_ptr<Communicator> join_ranks(int& argc, char**& argv) {
  const Launch launch = launch_found();
  // Started by hand: MPI would take a moment, and in Open MPI a helper process, to find nobody.
  if (!launch.ranks) return rank_alone();
  int provided = MPI_THREAD_SINGLE;
  check(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  int rank = 0;
  int size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (provided < MPI_THREAD_FUNNELED || size < launch.size) {
    MPI_Finalize();
    throw ScenarioError(fmt::format(
        "started as one of {} ranks, but {} finds {}; start it with the launcher of the MPI that "
        "it was built with",
        launch.size, mpi_library(), size));
  }
  return std::make_unique<MpiRanks>(rank, size, ranks_beside(rank));
}

std::string mpi_library() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string whole(text.data());
  return whole.substr(0, whole.find_first_of("\n,"));
}

}  // namespace needflow
