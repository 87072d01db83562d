#include "io/result_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "io/h5.hpp"
#include "solver/error.hpp"

namespace needflow {

namespace {

constexpr const char* kReading = "read a result file";

std::string text_attribute(hid_t where, const char* name) {
  const H5Handle attribute(H5Aopen(where, name, H5P_DEFAULT), H5Aclose, kReading);
  const H5Handle type(H5Aget_type(attribute.get()), H5Tclose, kReading);
  char* text = nullptr;
  if (H5Tis_variable_str(type.get()) <= 0 || H5Aread(attribute.get(), type.get(), &text) < 0) {
    throw IoError(kReading);
  }
  std::string result = text == nullptr ? "" : text;
  H5free_memory(text);
  return result;
}

std::int64_t whole_attribute(hid_t where, const char* name) {
  if (H5Aexists(where, name) <= 0) return 0;
  const H5Handle attribute(H5Aopen(where, name, H5P_DEFAULT), H5Aclose, kReading);
  std::int64_t value = 0;
  if (H5Aread(attribute.get(), H5T_NATIVE_INT64, &value) < 0) throw IoError(kReading);
  return value;
}

/// The length of a dimension that not every file has.
std::int64_t length_of(hid_t file, const char* dimension) {
  if (H5Lexists(file, dimension, H5P_DEFAULT) <= 0) return 1;
  const H5Handle dataset(H5Dopen2(file, dimension, H5P_DEFAULT), H5Dclose, kReading);
  const H5Handle space(H5Dget_space(dataset.get()), H5Sclose, kReading);
  return std::max<hssize_t>(1, H5Sget_simple_extent_npoints(space.get()));
}

/// Runs that the design leaves out, and of episodes that their points do not have: pending for
/// ever, and not waited for.
std::size_t runs_left_out(hid_t file, hid_t status) {
  const std::int64_t excluded =
      whole_attribute(status, "excluded") * length_of(file, "type") * length_of(file, "episode");
  return static_cast<std::size_t>(excluded + whole_attribute(status, "absent"));
}

ResultFacts read_facts(const std::filesystem::path& file) {
  const H5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, kReading);
  H5Pset_file_locking(access.get(), true, true);  // NFS and Lustre may refuse locks
  const H5Handle opened(H5Fopen(file.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose, kReading);
  ResultFacts facts;
  facts.plan_hash = text_attribute(opened.get(), "plan_hash");
  facts.scenario = text_attribute(opened.get(), "scenario");
  facts.title = text_attribute(opened.get(), "title");
  facts.needflow_version = text_attribute(opened.get(), "needflow_version");
  const H5Handle version(H5Aopen(opened.get(), "schema_version", H5P_DEFAULT), H5Aclose, kReading);
  if (H5Aread(version.get(), H5T_NATIVE_INT64, &facts.schema_version) < 0) throw IoError(kReading);
  const H5Handle status(H5Dopen2(opened.get(), "status", H5P_DEFAULT), H5Dclose, kReading);
  const H5Handle space(H5Dget_space(status.get()), H5Sclose, kReading);
  std::vector<std::uint8_t> codes(
      static_cast<std::size_t>(std::max<hssize_t>(0, H5Sget_simple_extent_npoints(space.get()))));
  if (H5Dread(status.get(), H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, codes.data()) < 0) {
    throw IoError(kReading);
  }
  for (const std::uint8_t code : codes) {
    if (code < facts.by_status.size()) ++facts.by_status[code];
  }
  const std::size_t left_out = runs_left_out(opened.get(), status.get());
  facts.runs = codes.size() - left_out;
  facts.by_status[static_cast<std::size_t>(Status::pending)] -= left_out;
  return facts;
}

}  // namespace

ResultFacts read_result_facts(const std::filesystem::path& file) {
  try {
    return read_facts(file);
  } catch (const IoError&) {
    throw IoError(fmt::format("{} is not a result file of needflow", file.string()));
  }
}

}  // namespace needflow
