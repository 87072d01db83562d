// PETSc: MatMult on as many ranks as mpirun starts, each owning a block of rows; the ghost values
// travel inside MatMult. The element-wise phase works on the local arrays.
//   mpirun -n RANKS peer_petsc INPUT RANKS [aij | aijperm | aijsell | sell | sbaij]
#include <petscmat.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "bench/peers/contender.hpp"
#include "bench/peers/recipient_side.hpp"
#include "bench/peers/round_inputs.hpp"

namespace needflow::peers {

namespace {

void need_success(PetscErrorCode code, const char* what) {
  if (code != 0) throw std::runtime_error(std::string(what) + ": code " + std::to_string(code));
}

/// Rows [begin, end) of this rank; as even as can be.
struct Rows {
  PetscInt begin, end;
};

Rows rows_of(int rank, int ranks, PetscInt agents) {
  const auto first = [&](int r) {
    return static_cast<PetscInt>(static_cast<std::int64_t>(agents) * r / ranks);
  };
  return {first(rank), first(rank + 1)};
}

std::vector<double> part(const std::vector<double>& values, Rows rows) {
  return {values.begin() + rows.begin, values.begin() + rows.end};
}

class PetscRounds : public Contender {
 public:
  PetscRounds(const RoundInputs& inputs, const std::string& type)
      : rank_(rank_of_world()),
        ranks_(size_of_world()),
        rows_(rows_of(rank_, ranks_, inputs.agents())),
        agents_(part(inputs.need, rows_), part(inputs.capacity, rows_)) {
    if (type == MATSBAIJ) {
      create_upper_half(inputs);
    } else {
      create_rows(inputs);
      if (type != MATAIJ) {
        need_success(MatConvert(matrix_, type.c_str(), MAT_INPLACE_MATRIX, &matrix_), "MatConvert");
      }
    }
    for (Vec* vector : {&active_, &denominator_, &scale_, &gathered_}) {
      need_success(MatCreateVecs(matrix_, nullptr, vector), "MatCreateVecs");
    }
  }

  void run(int rounds) override {
    with_array(active_, [&](double* active) { agents_.reset(active); });
    for (int t = 0; t < rounds; ++t) {
      need_success(MatMult(matrix_, active_, denominator_), "MatMult");
      with_array(denominator_, [&](double* denominator) {
        with_array(scale_, [&](double* scale) { agents_.scale(denominator, scale, 1); });
      });
      need_success(MatMult(matrix_, scale_, gathered_), "MatMult");
      with_array(gathered_, [&](double* gathered) {
        with_array(active_, [&](double* active) { agents_.settle(gathered, active, 1); });
      });
    }
  }

  Answer answer() override {
    std::vector<double> denominator;
    with_array(denominator_, [&](double* d) { denominator.assign(d, d + agents_.size()); });
    return {collected(agents_.satisfied()), collected(agents_.received()), collected(denominator)};
  }

  std::string description() const override {
    MatType type = nullptr;
    MatGetType(matrix_, &type);
    char version[256] = {};
    PetscGetVersion(version, sizeof version);
    return "\"version\": \"" + std::to_string(PETSC_VERSION_MAJOR) + "." +
           std::to_string(PETSC_VERSION_MINOR) + "." + std::to_string(PETSC_VERSION_SUBMINOR) +
           "\", \"type\": \"" + (type == nullptr ? "" : type) + "\"";
  }

  void barrier() override { MPI_Barrier(PETSC_COMM_WORLD); }
  bool speaks() const override { return rank_ == 0; }

  /// Rank 0 reads. The others sleep between looks: a blocking broadcast would keep a processor busy
  /// while other contenders are timed.
  std::string next_line() override {
    std::string line = speaks() ? Contender::next_line() : std::string();
    char buffer[4096] = {};
    std::copy_n(line.begin(), std::min(line.size(), sizeof buffer - 1), buffer);
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Ibcast(buffer, sizeof buffer, MPI_CHAR, 0, PETSC_COMM_WORLD, &request);
    for (int done = 0;;) {
      MPI_Test(&request, &done, MPI_STATUS_IGNORE);
      if (done != 0) break;
      usleep(kLookEvery);
    }
    return buffer;
  }

 private:
  static constexpr unsigned kLookEvery = 2000;  // microseconds

  static int rank_of_world() {
    int rank = 0;
    MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
    return rank;
  }
  static int size_of_world() {
    int size = 1;
    MPI_Comm_size(PETSC_COMM_WORLD, &size);
    return size;
  }

  void create_rows(const RoundInputs& inputs) {
    std::vector<PetscInt> offsets(inputs.offsets.begin() + rows_.begin,
                                  inputs.offsets.begin() + rows_.end + 1);
    const PetscInt first = offsets.front();
    for (PetscInt& offset : offsets) offset -= first;
    const PetscInt count = rows_.end - rows_.begin;
    need_success(
        MatCreateMPIAIJWithArrays(PETSC_COMM_WORLD, count, count, inputs.agents(), inputs.agents(),
                                  offsets.data(), inputs.columns.data() + first,
                                  inputs.weights.data() + first, &matrix_),
        "MatCreateMPIAIJWithArrays");
  }

  /// Made directly: MatConvert takes minutes at a million agents.
  void create_upper_half(const RoundInputs& inputs) {
    std::vector<PetscInt> offsets{0};
    std::vector<PetscInt> columns;
    std::vector<double> weights;
    for (PetscInt row = rows_.begin; row < rows_.end; ++row) {
      const auto r = static_cast<std::size_t>(row);
      for (auto e = static_cast<std::size_t>(inputs.offsets[r]);
           e < static_cast<std::size_t>(inputs.offsets[r + 1]); ++e) {
        if (inputs.columns[e] < row) continue;
        columns.push_back(inputs.columns[e]);
        weights.push_back(inputs.weights[e]);
      }
      offsets.push_back(static_cast<PetscInt>(columns.size()));
    }
    const PetscInt count = rows_.end - rows_.begin;
    need_success(MatCreate(PETSC_COMM_WORLD, &matrix_), "MatCreate");
    need_success(MatSetSizes(matrix_, count, count, inputs.agents(), inputs.agents()),
                 "MatSetSizes");
    need_success(MatSetType(matrix_, MATSBAIJ), "MatSetType");
    // One of the two applies; the other does nothing.
    need_success(
        MatSeqSBAIJSetPreallocationCSR(matrix_, 1, offsets.data(), columns.data(), weights.data()),
        "MatSeqSBAIJSetPreallocationCSR");
    need_success(
        MatMPISBAIJSetPreallocationCSR(matrix_, 1, offsets.data(), columns.data(), weights.data()),
        "MatMPISBAIJSetPreallocationCSR");
  }

  template <class Work>
  static void with_array(Vec vector, const Work& work) {
    PetscScalar* values = nullptr;
    need_success(VecGetArray(vector, &values), "VecGetArray");
    work(values);
    need_success(VecRestoreArray(vector, &values), "VecRestoreArray");
  }

  /// All ranks' rows on rank 0, nothing elsewhere.
  [[nodiscard]] std::vector<double> collected(const std::vector<double>& mine) const {
    const int count = static_cast<int>(mine.size());
    std::vector<int> counts(static_cast<std::size_t>(ranks_));
    MPI_Gather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, 0, PETSC_COMM_WORLD);
    std::vector<int> starts(counts.size());
    int total = 0;
    for (std::size_t r = 0; r < counts.size(); ++r) {
      starts[r] = total;
      total += counts[r];
    }
    std::vector<double> all(rank_ == 0 ? static_cast<std::size_t>(total) : 0);
    MPI_Gatherv(mine.data(), count, MPI_DOUBLE, all.data(), counts.data(), starts.data(),
                MPI_DOUBLE, 0, PETSC_COMM_WORLD);
    return all;
  }

  int rank_, ranks_;
  Rows rows_;
  Mat matrix_ = nullptr;
  Vec active_ = nullptr, denominator_ = nullptr, scale_ = nullptr, gathered_ = nullptr;
  RecipientSide agents_;
};

}  // namespace

}  // namespace needflow::peers

int main(int argc, char** argv) {
  using namespace needflow::peers;
  if (argc < 3) {
    std::cerr << "usage: mpirun -n RANKS peer_petsc INPUT RANKS [type]\n";
    return 2;
  }
  // PETSc must not read our command line as its options.
  if (PetscInitialize(nullptr, nullptr, nullptr, nullptr) != 0) return 1;
  int code = 0;
  try {
    PetscRounds rounds(read_round_inputs(argv[1]), argc > 3 ? argv[3] : "aij");
    serve(rounds);
  } catch (const std::exception& problem) {
    std::cerr << "peer_petsc: " << problem.what() << "\n";
    code = 1;
  }
  if (code != 0) MPI_Abort(PETSC_COMM_WORLD, code);
  PetscFinalize();
  return code;
}
