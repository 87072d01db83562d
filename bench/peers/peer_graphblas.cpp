// SuiteSparse:GraphBLAS: products over PLUS_TIMES with full vectors. The element-wise phase works
// on the vectors' own memory, which pack and unpack hand over without copying.
//   peer_graphblas INPUT THREADS [accumulate | assign | vxm | vxm-accumulate]
//     accumulate  w += A u into a full vector of zeros, which SuiteSparse does in place
//     assign      w = A u
//     vxm…        the same as w' = u' A (A is symmetric)

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

#include <cstring>
#include <iostream>
#include <stdexcept>

#include "bench/peers/contender.hpp"
#include "bench/peers/recipient_side.hpp"
#include "bench/peers/round_inputs.hpp"

namespace needflow::peers {

namespace {

void need_success(GrB_Info info, const char* what) {
  if (info != GrB_SUCCESS) {
    throw std::runtime_error(std::string(what) + ": GrB_Info " + std::to_string(info));
  }
}

/// A full vector whose memory we hold between the library's calls.
class FullVector {
 public:
  explicit FullVector(std::size_t size)
      : bytes_(size * sizeof(double)), values_(static_cast<double*>(std::malloc(bytes_))) {
    if (values_ == nullptr) throw std::bad_alloc();
    std::memset(values_, 0, bytes_);
    need_success(GrB_Vector_new(&vector_, GrB_FP64, size), "GrB_Vector_new");
  }
  ~FullVector() {
    GrB_Vector_free(&vector_);
    std::free(values_);
  }
  FullVector(const FullVector&) = delete;
  FullVector& operator=(const FullVector&) = delete;

  [[nodiscard]] double* values() { return values_; }
  void clear() { std::memset(values_, 0, bytes_); }

  /// Lends the memory to the library, O(1).
  GrB_Vector lend() {
    void* memory = values_;
    need_success(GxB_Vector_pack_Full(vector_, &memory, bytes_, false, nullptr), "pack");
    values_ = nullptr;
    return vector_;
  }
  /// Takes it back, O(1); the library may have put it elsewhere.
  void take_back() {
    void* memory = nullptr;
    bool iso = false;
    GrB_Index bytes = 0;
    need_success(GxB_Vector_unpack_Full(vector_, &memory, &bytes, &iso, nullptr), "unpack");
    if (iso) throw std::runtime_error("GraphBLAS made a vector of one value");
    values_ = static_cast<double*>(memory);
  }

 private:
  std::size_t bytes_;
  double* values_;
  GrB_Vector vector_ = nullptr;
};

enum class Product { accumulate, assign, vxm, vxm_accumulate };

class GraphblasRounds : public Contender {
 public:
  GraphblasRounds(const RoundInputs& inputs, int threads, Product product)
      : threads_(threads),
        product_(product),
        agents_(inputs.need, inputs.capacity),
        active_(inputs.need.size()),
        denominator_(inputs.need.size()),
        scale_(inputs.need.size()),
        gathered_(inputs.need.size()) {
    need_success(GxB_Global_Option_set_INT32(GxB_GLOBAL_NTHREADS, threads), "GxB_NTHREADS");
    need_success(GxB_Global_Option_set_INT32(GxB_BURBLE, 0), "GxB_BURBLE");
    need_success(GxB_Global_Option_set_INT32(GxB_FORMAT, GxB_BY_ROW), "GxB_FORMAT");
    const std::vector<GrB_Index> offsets(inputs.offsets.begin(), inputs.offsets.end());
    const std::vector<GrB_Index> columns(inputs.columns.begin(), inputs.columns.end());
    need_success(
        GrB_Matrix_import_FP64(&matrix_, GrB_FP64, inputs.need.size(), inputs.need.size(),
                               offsets.data(), columns.data(), inputs.weights.data(),
                               offsets.size(), columns.size(), columns.size(), GrB_CSR_FORMAT),
        "GrB_Matrix_import");
    need_success(GxB_Matrix_Option_set_INT32(matrix_, GxB_FORMAT, GxB_BY_ROW), "GxB_FORMAT");
    need_success(GxB_Matrix_Option_set_INT32(matrix_, GxB_SPARSITY_CONTROL, GxB_SPARSE), "sparse");
    need_success(GrB_Matrix_wait(matrix_, GrB_MATERIALIZE), "GrB_Matrix_wait");
  }
  ~GraphblasRounds() override { GrB_Matrix_free(&matrix_); }

  void run(int rounds) override {
    agents_.reset(active_.values());
    for (int t = 0; t < rounds; ++t) {
      multiply(active_, denominator_);
      agents_.scale(denominator_.values(), scale_.values(), threads_);
      multiply(scale_, gathered_);
      agents_.settle(gathered_.values(), active_.values(), threads_);
    }
  }

  Answer answer() override {
    const double* d = denominator_.values();
    return {agents_.satisfied(), agents_.received(), {d, d + agents_.size()}};
  }

  std::string description() const override {
    int version[3] = {};
    GxB_Global_Option_get_INT32(GxB_LIBRARY_VERSION, version);
    return "\"version\": \"" + std::to_string(version[0]) + "." + std::to_string(version[1]) + "." +
           std::to_string(version[2]) + "\"";
  }

 private:
  void multiply(FullVector& from, FullVector& to) {
    const bool adds = product_ == Product::accumulate || product_ == Product::vxm_accumulate;
    if (adds) to.clear();
    const GrB_Vector u = from.lend();
    const GrB_Vector w = to.lend();
    const GrB_BinaryOp accumulator = adds ? GrB_PLUS_FP64 : nullptr;
    const bool by_columns = product_ == Product::vxm || product_ == Product::vxm_accumulate;
    const GrB_Info info =
        by_columns
            ? GrB_vxm(w, nullptr, accumulator, GrB_PLUS_TIMES_SEMIRING_FP64, u, matrix_, nullptr)
            : GrB_mxv(w, nullptr, accumulator, GrB_PLUS_TIMES_SEMIRING_FP64, matrix_, u, nullptr);
    need_success(info, "product");
    from.take_back();
    to.take_back();
  }

  int threads_;
  Product product_;
  GrB_Matrix matrix_ = nullptr;
  RecipientSide agents_;
  FullVector active_, denominator_, scale_, gathered_;
};

Product product_named(const std::string& name) {
  if (name == "accumulate") return Product::accumulate;
  if (name == "assign") return Product::assign;
  if (name == "vxm") return Product::vxm;
  if (name == "vxm-accumulate") return Product::vxm_accumulate;
  throw std::runtime_error(name + ": expected accumulate, assign, vxm or vxm-accumulate");
}

}  // namespace

}  // namespace needflow::peers

int main(int argc, char** argv) {
  using namespace needflow::peers;
  if (argc < 3) {
    std::cerr << "usage: peer_graphblas INPUT THREADS [variant]\n";
    return 2;
  }
  if (GrB_init(GrB_NONBLOCKING) != GrB_SUCCESS) return 1;
  int code = 0;
  try {
    GraphblasRounds rounds(read_round_inputs(argv[1]), std::stoi(argv[2]),
                           product_named(argc > 3 ? argv[3] : "accumulate"));
    serve(rounds);
  } catch (const std::exception& problem) {
    std::cerr << "peer_graphblas: " << problem.what() << "\n";
    code = 1;
  }
  GrB_finalize();
  return code;
}
