#include "io/result_shard.hpp"

#include <fmt/format.h>

#include "solver/error.hpp"

namespace needflow {

namespace {

H5Handle open_readonly(const std::string& name) {
  const H5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "make a property list");
  (void)H5Pset_file_locking(access.get(), true, true);  // NFS and Lustre may refuse locks
  const hid_t id = H5Fopen(name.c_str(), H5F_ACC_RDONLY, access.get());
  if (id < 0) throw IoError(fmt::format("{}: cannot be opened as HDF5; is it whole?", name));
  return {id, H5Fclose, "open a part"};
}

[[noreturn]] void damaged(const std::string& name, const char* what) {
  throw IoError(
      fmt::format("{}: {} of group shard cannot be read; the file is damaged", name, what));
}

H5Handle open_attribute(const H5Handle& group, const char* attribute, const std::string& name) {
  const hid_t id = H5Aopen(group.get(), attribute, H5P_DEFAULT);
  if (id < 0) damaged(name, attribute);
  return {id, H5Aclose, "open an attribute"};
}

std::int64_t whole_attribute(const H5Handle& group, const char* attribute,
                             const std::string& name) {
  std::int64_t value = 0;
  const H5Handle opened = open_attribute(group, attribute, name);
  if (H5Aread(opened.get(), H5T_NATIVE_INT64, &value) < 0) damaged(name, attribute);
  return value;
}

std::string text_attribute(const H5Handle& group, const char* attribute, const std::string& name) {
  const H5Handle opened = open_attribute(group, attribute, name);
  const H5Handle type(H5Aget_type(opened.get()), H5Tclose, "read a type");
  const H5Handle space(H5Aget_space(opened.get()), H5Sclose, "read a data space");
  char* text = nullptr;
  if (H5Tis_variable_str(type.get()) <= 0 || H5Sget_simple_extent_npoints(space.get()) != 1 ||
      H5Aread(opened.get(), type.get(), static_cast<void*>(&text)) < 0) {
    damaged(name, attribute);
  }
  std::string value(text == nullptr ? "" : text);
  H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, static_cast<void*>(&text));
  return value;
}

std::vector<std::byte> journal_bytes(const H5Handle& group, const std::string& name) {
  const hid_t id = H5Dopen2(group.get(), "journal", H5P_DEFAULT);
  if (id < 0) damaged(name, "journal");
  const H5Handle dataset(id, H5Dclose, "open a dataset");
  const H5Handle space(H5Dget_space(dataset.get()), H5Sclose, "read a data space");
  std::vector<std::byte> bytes(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space.get())));
  if (H5Dread(dataset.get(), H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) < 0) {
    damaged(name, "journal");
  }
  return bytes;
}

}  // namespace

void write_shard(const H5Builder& file, const ShardRecord& shard) {
  const H5Handle group = file.group("shard");
  write_attribute(group.get(), "index", shard.index);
  write_attribute(group.get(), "count", shard.count);
  write_attribute(group.get(), "plan_hash", shard.plan_hash);
  write_attribute(group.get(), "folder", shard.folder);
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(shard.journal.data()),
                        shard.journal.size());
  const H5Handle journal = write_dataset(
      group.get(), {"journal", "", "records of the shard's points, for merging", false},
      {bytes.size()}, bytes);
  make_scale(journal, "journal");  // its own dimension: some readers open nothing without one
}

ShardRecord read_shard(const std::filesystem::path& path) {
  const std::string name = path.string();
  const H5Handle file = open_readonly(name);
  if (H5Lexists(file.get(), "shard", H5P_DEFAULT) <= 0) {
    throw ScenarioError(
        fmt::format("{} is no part of a sweep: it has no group shard; expected files of needflow "
                    "sweep --shard i/n, or journals",
                    name));
  }
  const hid_t id = H5Gopen2(file.get(), "shard", H5P_DEFAULT);
  if (id < 0) damaged(name, "the links");
  const H5Handle group(id, H5Gclose, "open a group");
  ShardRecord shard;
  shard.index = whole_attribute(group, "index", name);
  shard.count = whole_attribute(group, "count", name);
  shard.plan_hash = text_attribute(group, "plan_hash", name);
  shard.folder = text_attribute(group, "folder", name);
  shard.journal = journal_bytes(group, name);
  return shard;
}

bool is_hdf5(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    throw IoError(fmt::format("{}: no such file", path.string()));
  }
  return H5Fis_hdf5(path.c_str()) > 0;
}

}  // namespace needflow
