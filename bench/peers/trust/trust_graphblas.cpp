// SuiteSparse:GraphBLAS as a contender: a product with C stored by target, as LAGraph's PageRank
// has it, and the element-wise steps in its own operations. usage: trust_graphblas GRAPH THREADS

// The header of version 7.4 declares its functions with C++ linkage; what it includes comes first.
#include <cmath>
#include <complex>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
extern "C" {
#include <GraphBLAS.h>
}

#include <stdexcept>

#include "bench/peers/trust/trust_case.hpp"

namespace needflow::peers {

namespace {

void need_success(GrB_Info info, const char* what) {
  if (info != GrB_SUCCESS) {
    throw std::runtime_error(std::string(what) + ": GrB_Info " + std::to_string(info));
  }
}

/// Cᵀ by rows: row j, column i holds T_ij / Σ_j T_ij.
GrB_Matrix shares_by_target(const GraphFile& file) {
  const std::size_t agents = file.nodes();
  std::vector<double> sums(agents, 0.0);
  for (std::size_t i = 0; i < agents; ++i) {
    for (auto e = file.offsets[i]; e < file.offsets[i + 1]; ++e) {
      sums[i] += trust_between(i, static_cast<std::size_t>(file.columns[std::size_t(e)]));
    }
  }
  const std::vector<GrB_Index> offsets(file.offsets.begin(), file.offsets.end());
  const std::vector<GrB_Index> columns(file.columns.begin(), file.columns.end());
  std::vector<double> values(columns.size());
  for (std::size_t j = 0; j < agents; ++j) {
    for (GrB_Index e = offsets[j]; e < offsets[j + 1]; ++e) {
      values[e] = trust_between(columns[e], j) / sums[columns[e]];
    }
  }
  GrB_Matrix matrix = nullptr;
  need_success(GrB_Matrix_import_FP64(&matrix, GrB_FP64, agents, agents, offsets.data(),
                                      columns.data(), values.data(), offsets.size(), columns.size(),
                                      columns.size(), GrB_CSR_FORMAT),
               "import");
  need_success(GxB_Matrix_Option_set_INT32(matrix, GxB_FORMAT, GxB_BY_ROW), "format");
  need_success(GrB_Matrix_wait(matrix, GrB_MATERIALIZE), "wait");
  return matrix;
}

std::vector<double> iterate(GrB_Matrix shares, std::size_t agents) {
  GrB_Vector global = nullptr;
  GrB_Vector next = nullptr;
  need_success(GrB_Vector_new(&global, GrB_FP64, agents), "new");
  need_success(GrB_Vector_new(&next, GrB_FP64, agents), "new");
  const double start = 1.0 / static_cast<double>(agents);
  GrB_Vector_assign_FP64(global, nullptr, nullptr, start, GrB_ALL, agents, nullptr);
  double change = 1.0;
  int sweeps = 0;
  while (change > kTolerance && sweeps < kMostSweeps) {
    // g ← a u, then g += Cᵀ (1 − a) g: SuiteSparse accumulates into a full vector in place.
    GrB_Vector_apply_BinaryOp1st_FP64(global, nullptr, nullptr, GrB_TIMES_FP64, 1.0 - kRestart,
                                      global, nullptr);
    GrB_Vector_assign_FP64(next, nullptr, nullptr, kRestart * start, GrB_ALL, agents, nullptr);
    need_success(GrB_mxv(next, nullptr, GrB_PLUS_FP64, GrB_PLUS_TIMES_SEMIRING_FP64, shares, global,
                         nullptr),
                 "mxv");
    // |Δg| from (1 − a) g, as LAGraph does it in the memory of the old vector.
    GrB_Vector_apply_BinaryOp1st_FP64(global, nullptr, nullptr, GrB_TIMES_FP64,
                                      1.0 / (1.0 - kRestart), global, nullptr);
    GrB_Vector_assign(global, nullptr, GrB_MINUS_FP64, next, GrB_ALL, agents, nullptr);
    GrB_Vector_apply(global, nullptr, nullptr, GrB_ABS_FP64, global, nullptr);
    GrB_Vector_reduce_FP64(&change, nullptr, GrB_PLUS_MONOID_FP64, global, nullptr);
    std::swap(global, next);
    ++sweeps;
  }
  std::vector<double> values(agents);
  for (std::size_t k = 0; k < 16; ++k) {
    const std::size_t j = k * (agents - 1) / 15;
    need_success(GrB_Vector_extractElement_FP64(&values[j], global, j), "element");
  }
  GrB_Vector_free(&global);
  GrB_Vector_free(&next);
  return trust_answer(sweeps, values.data(), agents);
}

}  // namespace

}  // namespace needflow::peers

int main(int argc, char** argv) {
  using namespace needflow::peers;
  if (argc != 3 || GrB_init(GrB_NONBLOCKING) != GrB_SUCCESS) return 2;
  GxB_Global_Option_set_INT32(GxB_GLOBAL_NTHREADS, std::stoi(argv[2]));
  GxB_Global_Option_set_INT32(GxB_BURBLE, 0);
  const GraphFile file(argv[1]);
  GrB_Matrix shares = shares_by_target(file);
  serve_graph({{"eigentrust", [&](std::size_t) { return iterate(shares, file.nodes()); }}}, "");
  GrB_Matrix_free(&shares);
  GrB_finalize();
  return 0;
}
