// One function a subcommand: adds itself to the program and says how it is run.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "solver/app/common.hpp"

namespace needflow::app {

/// Runs the parsed subcommand; returns its exit code, throws the types of solver/error.hpp.
using Command = std::function<int(const Context&)>;

[[nodiscard]] Command add_run(CLI::App& program);
[[nodiscard]] Command add_plan(CLI::App& program);
[[nodiscard]] Command add_sweep(CLI::App& program);
[[nodiscard]] Command add_merge(CLI::App& program);
[[nodiscard]] Command add_network(CLI::App& program);
[[nodiscard]] Command add_report(CLI::App& program);
[[nodiscard]] Command add_reproduce(CLI::App& program);
[[nodiscard]] Command add_status(CLI::App& program);
[[nodiscard]] Command add_info(CLI::App& program);

}  // namespace needflow::app
