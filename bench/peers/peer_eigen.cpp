// Eigen: row-major sparse matrix times vector, its own OpenMP loop over rows; MR is symmetric, so
// one matrix serves both products.
//   peer_eigen INPUT THREADS [rows | upper]     upper: half the matrix and selfadjointView
#include <omp.h>

#include <Eigen/SparseCore>
#include <iostream>

#include "bench/peers/contender.hpp"
#include "bench/peers/recipient_side.hpp"
#include "bench/peers/round_inputs.hpp"

namespace needflow::peers {

namespace {

using Rows = Eigen::SparseMatrix<double, Eigen::RowMajor, std::int32_t>;
using Vector = Eigen::VectorXd;

class EigenRounds : public Contender {
 public:
  EigenRounds(RoundInputs inputs, int threads, bool upper)
      : threads_(threads),
        upper_(upper),
        agents_(inputs.need, inputs.capacity),
        active_(inputs.agents()),
        denominator_(inputs.agents()),
        scale_(inputs.agents()),
        gathered_(inputs.agents()) {
    Eigen::setNbThreads(threads);
    const Eigen::Map<const Rows> rows(
        inputs.agents(), inputs.agents(), static_cast<Eigen::Index>(inputs.columns.size()),
        inputs.offsets.data(), inputs.columns.data(), inputs.weights.data());
    if (upper) {
      matrix_ = rows.triangularView<Eigen::Upper>();
    } else {
      matrix_ = rows;
    }
    matrix_.makeCompressed();
  }

  void run(int rounds) override {
    agents_.reset(active_.data());
    for (int t = 0; t < rounds; ++t) {
      multiply(active_, denominator_);
      agents_.scale(denominator_.data(), scale_.data(), threads_);
      multiply(scale_, gathered_);
      agents_.settle(gathered_.data(), active_.data(), threads_);
    }
  }

  Answer answer() override {
    return {agents_.satisfied(),
            agents_.received(),
            {denominator_.data(), denominator_.data() + denominator_.size()}};
  }

  std::string description() const override {
    return "\"version\": \"" + std::to_string(EIGEN_WORLD_VERSION) + "." +
           std::to_string(EIGEN_MAJOR_VERSION) + "." + std::to_string(EIGEN_MINOR_VERSION) + "\"";
  }

 private:
  void multiply(const Vector& from, Vector& to) const {
    if (upper_) {
      to.noalias() = matrix_.selfadjointView<Eigen::Upper>() * from;
    } else {
      to.noalias() = matrix_ * from;
    }
  }

  int threads_;
  bool upper_;
  Rows matrix_;
  RecipientSide agents_;
  Vector active_, denominator_, scale_, gathered_;
};

}  // namespace

}  // namespace needflow::peers

int main(int argc, char** argv) {
  using namespace needflow::peers;
  if (argc < 3) {
    std::cerr << "usage: peer_eigen INPUT THREADS [rows | upper]\n";
    return 2;
  }
  try {
    const bool upper = argc > 3 && std::string(argv[3]) == "upper";
    EigenRounds rounds(read_round_inputs(argv[1]), std::stoi(argv[2]), upper);
    serve(rounds);
  } catch (const std::exception& problem) {
    std::cerr << "peer_eigen: " << problem.what() << "\n";
    return 1;
  }
}
