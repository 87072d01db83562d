// needflow_bench: Google Benchmark's own options; see bench/README.md. Exit code 1 if an answer was
// wrong.
#include "bench/workbench.hpp"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  needflow::bench::Workbench workbench;
  needflow::bench::register_machine(workbench);
  needflow::bench::register_rounds(workbench);
  needflow::bench::register_networks(workbench);
  needflow::bench::register_routing(workbench);
  needflow::bench::register_graphs(workbench);
  needflow::bench::register_sweeps(workbench);
  needflow::bench::register_trust(workbench);
  needflow::bench::register_variants(workbench);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return workbench.all_right() ? 0 : 1;
}
