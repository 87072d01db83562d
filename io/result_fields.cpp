#include "io/result_fields.hpp"

#include <fmt/format.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>

#include "io/design.hpp"
#include "io/result_facts.hpp"
#include "solver/error.hpp"

namespace needflow {

namespace {

constexpr const char* kReading = "read a result file";
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

H5Handle open_file(const std::filesystem::path& file) {
  H5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, kReading);
  H5Pset_file_locking(access.get(), true, true);  // NFS and Lustre may refuse locks
  return {H5Fopen(file.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose, kReading};
}

H5Handle open_dataset(hid_t file, const std::string& name) {
  return {H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose, kReading};
}

Shape shape_of(hid_t dataset) {
  const H5Handle space(H5Dget_space(dataset), H5Sclose, kReading);
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 0) throw IoError(kReading);
  Shape shape(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr);
  return shape;
}

std::size_t elements(const Shape& shape) {
  std::size_t count = 1;
  for (const hsize_t length : shape) count *= static_cast<std::size_t>(length);
  return count;
}

bool is_text(hid_t dataset) {
  const H5Handle type(H5Dget_type(dataset), H5Tclose, kReading);
  return H5Tget_class(type.get()) == H5T_STRING;
}

std::vector<std::string> read_texts(hid_t dataset) {
  const H5Handle type(H5Dget_type(dataset), H5Tclose, kReading);
  const H5Handle space(H5Dget_space(dataset), H5Sclose, kReading);
  std::vector<char*> pointers(elements(shape_of(dataset)), nullptr);
  if (H5Tis_variable_str(type.get()) <= 0 ||
      H5Dread(dataset, type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()) < 0) {
    throw IoError(kReading);
  }
  std::vector<std::string> texts;
  for (const char* pointer : pointers) texts.emplace_back(pointer == nullptr ? "" : pointer);
  H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, pointers.data());
  return texts;
}

/// Numbers as doubles, those that equal the dataset's _FillValue as NaN.
std::vector<double> read_numbers(hid_t dataset) {
  std::vector<double> values(elements(shape_of(dataset)));
  if (H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    throw IoError(kReading);
  }
  if (H5Aexists(dataset, "_FillValue") > 0) {
    const H5Handle attribute(H5Aopen(dataset, "_FillValue", H5P_DEFAULT), H5Aclose, kReading);
    double fill = kNaN;
    if (H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, &fill) < 0) throw IoError(kReading);
    for (double& value : values) value = value == fill ? kNaN : value;
  }
  return values;
}

double number_in(const std::string& text) {
  double number = kNaN;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  return problem == std::errc() && rest == end ? number : kNaN;
}

CellColumn read_column(hid_t file, const std::string& name) {
  const H5Handle dataset = open_dataset(file, name);
  CellColumn column{name, {}, {}};
  if (is_text(dataset.get())) {
    column.labels = read_texts(dataset.get());
    for (const std::string& label : column.labels) column.numbers.push_back(number_in(label));
    return column;
  }
  column.numbers = read_numbers(dataset.get());
  for (const double number : column.numbers) column.labels.push_back(fmt::format("{}", number));
  return column;
}

herr_t note_name(hid_t, const char* name, const H5L_info_t*, void* names) noexcept {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

/// Links of the root in the order they were made in.
std::vector<std::string> names_in(hid_t file) {
  std::vector<std::string> names;
  if (H5Literate(file, H5_INDEX_CRT_ORDER, H5_ITER_INC, nullptr, note_name, &names) < 0) {
    throw IoError(kReading);
  }
  return names;
}

bool is_dataset(hid_t file, const std::string& name) {
  const H5Handle object(H5Oopen(file, name.c_str(), H5P_DEFAULT), H5Oclose, kReading);
  return H5Iget_type(object.get()) == H5I_DATASET;
}

herr_t note_scale(hid_t, unsigned, hid_t scale, void* name) noexcept {
  char text[256] = {};
  if (H5DSget_scale_name(scale, text, sizeof(text)) < 0) return -1;
  *static_cast<std::string*>(name) = text;
  return 1;  // the first is enough
}

/// The names of a dataset's dimensions.
std::vector<std::string> dimensions_of(hid_t dataset) {
  std::vector<std::string> names(shape_of(dataset).size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    int from = 0;
    if (H5DSiterate_scales(dataset, static_cast<unsigned>(i), &from, note_scale, &names[i]) < 0) {
      throw IoError(kReading);
    }
  }
  return names;
}

FieldAxis axis_named(hid_t file, const std::string& name) {
  CellColumn column = read_column(file, name);
  if (name == "network") return FieldAxis::of_networks(column.labels.size());
  if (name == "replicate") return FieldAxis::of_draws(column.labels.size());
  FieldAxis axis = FieldAxis::of(std::move(column));
  axis.ordered = name != kSampleAxis;
  return axis;
}

std::vector<std::size_t> indices(const CellColumn& column) {
  std::vector<std::size_t> result;
  for (const double number : column.numbers) {
    result.push_back(static_cast<std::size_t>(std::max(0.0, number)));
  }
  return result;
}

/// Samples that differ in network and draw alone are one cell: its columns keep the first's labels.
void join_samples(FieldAxis& axis) {
  if (axis.network.empty() && axis.draw.empty()) return;
  std::map<std::vector<std::string>, std::size_t> cells;
  std::vector<CellColumn> kept;
  for (const CellColumn& column : axis.columns) kept.push_back({column.name, {}, {}});
  for (std::size_t i = 0; i < axis.length; ++i) {
    std::vector<std::string> key;
    for (std::size_t c = 1; c < axis.columns.size(); ++c) key.push_back(axis.columns[c].labels[i]);
    const auto [place, is_new] = cells.emplace(key, cells.size());
    axis.cell[i] = place->second;
    for (std::size_t c = 0; c < kept.size() && is_new; ++c) {
      kept[c].labels.push_back(axis.columns[c].labels[i]);
      kept[c].numbers.push_back(axis.columns[c].numbers[i]);
    }
  }
  axis.columns = std::move(kept);
  axis.cells = cells.size();
}

}  // namespace

ResultFields::ResultFields(const std::filesystem::path& file)
    : file_(file.string()), handle_([&] {
        const ResultFacts facts = read_result_facts(file);  // refuses what is no result file
        if (facts.runs == facts.count(Status::pending)) {
          throw IoError(fmt::format("{} has no point that was computed", file.string()));
        }
        return open_file(file);
      }()) {
  title_ = read_result_facts(file).title;
  const hid_t root = handle_.get();
  std::map<std::string, FieldAxis*> by_name;
  std::vector<std::pair<std::string, std::string>> along;  // column, its dimension
  for (const std::string& name : names_in(root)) {
    if (!is_dataset(root, name)) continue;
    const H5Handle dataset = open_dataset(root, name);
    if (H5DSis_scale(dataset.get()) > 0) {
      by_name[name] = &axes_.emplace_back(axis_named(root, name));
    } else if (H5Aexists(dataset.get(), "option") > 0) {
      along.emplace_back(name, dimensions_of(dataset.get()).at(0));
    } else if (name != "status") {
      metrics_.push_back(name);
    }
  }
  for (const auto& [name, dimension] : along) {
    FieldAxis& axis = *by_name.at(dimension);
    CellColumn column = read_column(root, name);
    if (name == "network") {
      axis.network = indices(column);
    } else if (name == "replicate") {
      axis.draw = indices(column);
    } else {
      axis.columns.push_back(std::move(column));
    }
  }
  for (FieldAxis& axis : axes_) {
    if (!axis.ordered) join_samples(axis);
  }
}

Field ResultFields::read(const std::string& metric) const {
  const H5Handle dataset = open_dataset(handle_.get(), metric);
  Field field{metric, {}, read_numbers(dataset.get())};
  for (const std::string& name : dimensions_of(dataset.get())) {
    const auto found = std::find_if(axes_.begin(), axes_.end(),
                                    [&](const FieldAxis& axis) { return axis.name == name; });
    if (found == axes_.end()) {
      throw IoError(fmt::format("{}: {} has a dimension without a name", file_, metric));
    }
    field.axes.push_back(&*found);
  }
  return field;
}

}  // namespace needflow
