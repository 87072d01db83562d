// A doctest program that every rank runs: started by mpirun, or alone.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "tests/ranks/ranks.hpp"

int main(int argc, char** argv) {
  const std::unique_ptr<needflow::Communicator> joined = needflow::join_ranks(argc, argv);
  needflow::ranks(joined.get());
  doctest::Context context(argc, argv);
  return context.run();
}
