// Reads a result file's metrics with their axes, for tables and fits (solver/cells.hpp).
#pragma once

#include <cstddef>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "io/h5.hpp"
#include "solver/cells.hpp"

namespace needflow {

/// An open result file. Metrics are read one at a time: all of a large sweep need not fit.
class ResultFields {
 public:
  /// Throws IoError where the file is no result file of needflow, or has no point that ended.
  explicit ResultFields(const std::filesystem::path& file);

  [[nodiscard]] const std::string& title() const { return title_; }
  /// Every metric over the points, in the order of the file; `status` is none.
  [[nodiscard]] const std::vector<std::string>& metrics() const { return metrics_; }
  /// Values as doubles, NaN for what the file marks as missing. The axes live as long as this.
  [[nodiscard]] Field read(const std::string& metric) const;

 private:
  std::string file_;
  H5Handle handle_;
  std::string title_;
  std::deque<FieldAxis> axes_;
  std::vector<std::string> metrics_;
};

}  // namespace needflow
