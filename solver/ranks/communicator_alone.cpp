// The build without MPI.
#include <fmt/format.h>

#include "solver/error.hpp"
#include "solver/ranks/communicator.hpp"

namespace needflow {

std::unique_ptr<Communicator> join_ranks(int& /*argc*/, char**& /*argv*/) {
  const Launch launch = launch_found();
  if (launch.size > 1) {
    throw ScenarioError(fmt::format(
        "started as one of {} ranks, but this needflow was built without MPI; build it with "
        "-DNEEDFLOW_MPI=ON, or set NEEDFLOW_RANKS=alone if each is to work on its own",
        launch.size));
  }
  return rank_alone();
}

std::string mpi_library() { return "none"; }

}  // namespace needflow
