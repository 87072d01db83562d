#include "io/h5.hpp"

#include <fmt/format.h>
#include <hdf5_hl.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <optional>
#include <type_traits>

#include "io/chunks.hpp"
#include "kernels/parallel.hpp"
#include "solver/error.hpp"

namespace needflow {

namespace {

void check(herr_t result, const char* what) {
  if (result < 0) throw IoError(fmt::format("HDF5: cannot {}", what));
}

H5Handle property_list(hid_t kind) { return {H5Pcreate(kind), H5Pclose, "make a property list"}; }

H5Handle text_type() {
  H5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "make a string type");
  check(H5Tset_size(type.get(), H5T_VARIABLE), "make a string type");
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "make a string type");
  return type;
}

H5Handle space_of(const Shape& shape) {
  if (shape.empty()) return {H5Screate(H5S_SCALAR), H5Sclose, "make a scalar space"};
  return {H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), H5Sclose,
          "make a data space"};
}

/// How a C++ type is stored: in the file, in memory.
struct Stored {
  hid_t file;
  hid_t memory;
};
Stored stored(double) { return {H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE}; }
Stored stored(std::int64_t) { return {H5T_STD_I64LE, H5T_NATIVE_INT64}; }
Stored stored(std::uint8_t) { return {H5T_STD_U8LE, H5T_NATIVE_UINT8}; }

double fill_of(double) { return std::numeric_limits<double>::quiet_NaN(); }
std::int64_t fill_of(std::int64_t) { return -1; }
std::uint8_t fill_of(std::uint8_t) { return 0; }

void write_raw_attribute(hid_t where, const std::string& name, const Shape& shape, hid_t file_type,
                         hid_t memory_type, const void* data) {
  const H5Handle space = space_of(shape);
  const H5Handle attribute(
      H5Acreate2(where, name.c_str(), file_type, space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
      "create an attribute");
  check(H5Awrite(attribute.get(), memory_type, data), "write an attribute");
}

template <class T>
void write_numbers(hid_t where, const std::string& name, const Shape& shape, const T* data) {
  const Stored type = stored(T{});
  write_raw_attribute(where, name, shape, type.file, type.memory, data);
}

std::vector<const char*> pointers_to(std::span<const std::string> texts) {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

/// The whole shape halved along its longest dimension until a chunk holds at most 1 MiB.
Shape chunk_shape(const Shape& shape, std::size_t element_bytes) {
  constexpr hsize_t kLargestChunk = hsize_t{1} << 20U;
  Shape chunk = shape;
  const auto bytes = [&] {
    hsize_t total = element_bytes;
    for (const hsize_t length : chunk) total *= length;
    return total;
  };
  while (bytes() > kLargestChunk) {
    hsize_t& longest = *std::max_element(chunk.begin(), chunk.end());
    longest = (longest + 1) / 2;
  }
  return chunk;
}

hsize_t element_count(const Shape& shape) {
  hsize_t count = 1;
  for (const hsize_t length : shape) count *= length;
  return count;
}

bool is_chunked(const Shape& shape) { return !shape.empty() && element_count(shape) > 1; }

H5Handle create_dataset(hid_t where, const Described& what, const Shape& shape, hid_t file_type,
                        std::size_t element_bytes, const void* fill, hid_t memory_type) {
  const H5Handle creation = property_list(H5P_DATASET_CREATE);
  check(H5Pset_obj_track_times(creation.get(), false), "switch off time stamps");
  check(H5Pset_attr_creation_order(creation.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
        "track the attributes' order");
  if (fill != nullptr) check(H5Pset_fill_value(creation.get(), memory_type, fill), "set a fill");
  if (is_chunked(shape)) {
    const Shape chunk = chunk_shape(shape, element_bytes);
    check(H5Pset_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data()), "set chunks");
    check(H5Pset_shuffle(creation.get()), "set the shuffle filter");
    check(H5Pset_deflate(creation.get(), 4), "set the deflate filter");
  }
  const H5Handle space = space_of(shape);
  H5Handle dataset(H5Dcreate2(where, what.name.c_str(), file_type, space.get(), H5P_DEFAULT,
                              creation.get(), H5P_DEFAULT),
                   H5Dclose, "create a dataset");
  if (!what.units.empty()) write_attribute(dataset.get(), "units", what.units);
  if (!what.long_name.empty()) write_attribute(dataset.get(), "long_name", what.long_name);
  return dataset;
}

/// A dataset whose numbers are still to be written.
struct Pending {
  H5Handle dataset;
  const void* values;
  std::size_t element_bytes;
  const void* fill;  ///< null: none
  hid_t memory_type;
  std::optional<ChunkGrid> chunks;  ///< none where the dataset is not chunked
};

/// One chunk of a pending dataset.
struct ChunkJob {
  const Pending* of;
  std::size_t chunk;
};

template <class T>
Pending create_number_dataset(hid_t where, const Described& what, const Shape& shape,
                              std::span<const T> values) {
  static const T kFill = fill_of(T{});
  const Stored type = stored(T{});
  const T* fill = what.may_be_missing && !std::is_same_v<T, std::uint8_t> ? &kFill : nullptr;
  Pending pending{create_dataset(where, what, shape, type.file, sizeof(T), fill, type.memory),
                  values.data(),
                  sizeof(T),
                  fill,
                  type.memory,
                  {}};
  if (fill != nullptr) write_numbers(pending.dataset.get(), "_FillValue", {}, fill);
  if (is_chunked(shape)) {
    const Shape chunk = chunk_shape(shape, sizeof(T));
    pending.chunks.emplace(std::vector<std::size_t>(shape.begin(), shape.end()),
                           std::vector<std::size_t>(chunk.begin(), chunk.end()));
  } else if (element_count(shape) > 0) {
    check(
        H5Dwrite(pending.dataset.get(), type.memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
        "write a dataset");
  }
  return pending;
}

std::span<const std::uint8_t> pack_chunk(const ChunkJob& job, ChunkPacker& packer) {
  const Pending& of = *job.of;
  return packer.pack(
      of.chunks->gather(job.chunk, of.values, of.element_bytes, of.fill, packer.room),
      of.element_bytes);
}

void write_chunk(const ChunkJob& job, std::span<const std::uint8_t> packed) {
  const std::vector<std::size_t> origin = job.of->chunks->origin(job.chunk);
  const Shape offset(origin.begin(), origin.end());
  check(H5Dwrite_chunk(job.of->dataset.get(), H5P_DEFAULT, 0, offset.data(), packed.size(),
                       packed.data()),
        "write a chunk");
}

/// Packs chunks on the threads of the caller's arena: each takes the next that nobody has.
void pack_side_by_side(std::span<const ChunkJob> jobs, std::span<ChunkPacker> packers,
                       std::span<std::vector<std::uint8_t>> packed) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&](std::size_t worker) {
    ChunkPacker& packer = packers[worker];
    for (std::size_t i = next++; i < jobs.size(); i = next++) {
      const auto bytes = pack_chunk(jobs[i], packer);
      packed[i].assign(bytes.begin(), bytes.end());
    }
  };
  parallel_indices(packers.size(), work, oneapi::tbb::simple_partitioner());
}

/// How many threads are worth it: one for every 128 KiB.
std::size_t packers_for(std::span<const ChunkJob> jobs) {
  constexpr std::size_t kBytesAThread = std::size_t{1} << 17U;
  std::size_t bytes = 0;
  for (const ChunkJob& job : jobs) {
    bytes += job.of->chunks->chunk_elements() * job.of->element_bytes;
  }
  const auto threads = static_cast<std::size_t>(oneapi::tbb::this_task_arena::max_concurrency());
  return std::clamp<std::size_t>(std::min(jobs.size(), bytes / kBytesAThread), 1, threads);
}

/// Packs and writes chunks: one by one, or, by several threads, wave by wave, so that few packed
/// ones wait in memory.
void write_chunks(std::span<const ChunkJob> jobs) {
  constexpr std::size_t kWave = 32;
  std::vector<ChunkPacker> packers(packers_for(jobs));
  if (packers.size() == 1) {
    for (const ChunkJob& job : jobs) write_chunk(job, pack_chunk(job, packers[0]));
    return;
  }
  std::vector<std::vector<std::uint8_t>> packed(std::min(kWave, jobs.size()));
  for (std::size_t first = 0; first < jobs.size(); first += kWave) {
    const auto wave = jobs.subspan(first, std::min(kWave, jobs.size() - first));
    pack_side_by_side(wave, packers, packed);
    for (std::size_t i = 0; i < wave.size(); ++i) write_chunk(wave[i], packed[i]);
  }
}

template <class T>
H5Handle write_number_dataset(hid_t where, const Described& what, const Shape& shape,
                              std::span<const T> values) {
  return std::move(write_datasets(where, std::array{Numbers{what, shape, values}}).front());
}

H5Handle memory_file() {
  const H5Handle access = property_list(H5P_FILE_ACCESS);
  constexpr std::size_t kGrowth = std::size_t{1} << 20U;  // cleared page by page as it grows
  check(H5Pset_fapl_core(access.get(), kGrowth, false), "use memory for a file");
  const H5Handle creation = property_list(H5P_FILE_CREATE);
  constexpr unsigned kOrder = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
  check(H5Pset_link_creation_order(creation.get(), kOrder), "track the links' order");
  check(H5Pset_attr_creation_order(creation.get(), kOrder), "track the attributes' order");
  check(H5Pset_obj_track_times(creation.get(), false), "switch off the root's time stamps");
  return {H5Fcreate("in-memory.h5", H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose,
          "make a file in memory"};
}

}  // namespace

H5Handle::H5Handle(hid_t id, herr_t (*close)(hid_t), const char* what) : id_(id), close_(close) {
  if (id < 0) throw IoError(fmt::format("HDF5: cannot {}", what));
}

void write_attribute(hid_t where, const std::string& name, std::string_view text) {
  const std::string copy(text);
  const char* pointer = copy.c_str();
  const H5Handle type = text_type();
  write_raw_attribute(where, name, {}, type.get(), type.get(), &pointer);
}
void write_attribute(hid_t where, const std::string& name, std::int64_t value) {
  write_numbers(where, name, {}, &value);
}
void write_attribute(hid_t where, const std::string& name, double value) {
  write_numbers(where, name, {}, &value);
}
void write_attribute(hid_t where, const std::string& name, std::uint8_t value) {
  write_numbers(where, name, {}, &value);
}
void write_attribute(hid_t where, const std::string& name, std::span<const std::string> texts) {
  const H5Handle type = text_type();
  const std::vector<const char*> pointers = pointers_to(texts);
  write_raw_attribute(where, name, {texts.size()}, type.get(), type.get(), pointers.data());
}
void write_attribute(hid_t where, const std::string& name, std::span<const std::int64_t> values) {
  write_numbers(where, name, {values.size()}, values.data());
}
void write_attribute(hid_t where, const std::string& name, std::span<const double> values) {
  write_numbers(where, name, {values.size()}, values.data());
}
void write_attribute(hid_t where, const std::string& name, std::span<const std::uint8_t> values) {
  write_numbers(where, name, {values.size()}, values.data());
}

H5Handle write_dataset(hid_t where, const Described& what, const Shape& shape,
                       std::span<const double> values) {
  return write_number_dataset(where, what, shape, values);
}

H5Handle write_dataset(hid_t where, const Described& what, const Shape& shape,
                       std::span<const std::int64_t> values) {
  return write_number_dataset(where, what, shape, values);
}

H5Handle write_dataset(hid_t where, const Described& what, const Shape& shape,
                       std::span<const std::uint8_t> values) {
  return write_number_dataset(where, what, shape, values);
}

std::vector<H5Handle> write_datasets(hid_t where, std::span<const Numbers> datasets) {
  std::vector<Pending> pending;
  for (const Numbers& numbers : datasets) {
    pending.push_back(std::visit(
        [&](auto values) {
          return create_number_dataset(where, numbers.what, numbers.shape, values);
        },
        numbers.values));
  }
  std::vector<ChunkJob> jobs;
  for (const Pending& of : pending) {
    for (std::size_t i = 0; of.chunks && i < of.chunks->count(); ++i) jobs.push_back({&of, i});
  }
  write_chunks(jobs);
  std::vector<H5Handle> handles;
  for (Pending& of : pending) handles.push_back(std::move(of.dataset));
  return handles;
}

H5Handle write_dataset(hid_t where, const Described& what, const Shape& shape,
                       std::span<const std::string> values) {
  const H5Handle type = text_type();
  H5Handle dataset =
      create_dataset(where, what, shape, type.get(), sizeof(hvl_t), nullptr, type.get());
  if (values.empty()) return dataset;
  const std::vector<const char*> pointers = pointers_to(values);
  check(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()),
        "write a dataset of strings");
  return dataset;
}

void make_scale(const H5Handle& dataset, const std::string& name) {
  check(H5DSset_scale(dataset.get(), name.c_str()), "make a dimension scale");
}

void attach_scales(const H5Handle& dataset, std::span<const H5Handle* const> scales) {
  for (std::size_t i = 0; i < scales.size(); ++i) {
    check(H5DSattach_scale(dataset.get(), scales[i]->get(), static_cast<unsigned>(i)),
          "attach a dimension scale");
  }
}

H5Builder::H5Builder() : file_(memory_file()) {}

H5Handle H5Builder::group(const std::string& name) const {
  const H5Handle creation = property_list(H5P_GROUP_CREATE);
  constexpr unsigned kOrder = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
  check(H5Pset_link_creation_order(creation.get(), kOrder), "track the links' order");
  check(H5Pset_attr_creation_order(creation.get(), kOrder), "track the attributes' order");
  check(H5Pset_obj_track_times(creation.get(), false), "switch off time stamps");
  return {H5Gcreate2(root(), name.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), H5Gclose,
          "create a group"};
}

std::span<const std::byte> H5Builder::image() const {
  check(H5Fflush(root(), H5F_SCOPE_GLOBAL), "flush a file in memory");
  // The core driver's handle is a pointer to its buffer. H5Fget_file_image would copy it, and more
  // than double what a sweep holds at its end.
  const ssize_t size = H5Fget_file_image(root(), nullptr, 0);
  if (size < 0) throw IoError("HDF5: cannot size a file in memory");
  void* handle = nullptr;
  check(H5Fget_vfd_handle(root(), H5P_DEFAULT, &handle), "find a file in memory");
  return {*static_cast<const std::byte* const*>(handle), static_cast<std::size_t>(size)};
}

Shape dataset_shape(const std::filesystem::path& file, const std::string& dataset) {
  const H5Handle access = property_list(H5P_FILE_ACCESS);
  // NFS and Lustre may refuse locks; a file of our own that nobody else knows needs none.
  check(H5Pset_file_locking(access.get(), true, true), "relax file locking");
  const H5Handle opened(H5Fopen(file.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose,
                        "reopen what was written");
  const H5Handle found(H5Dopen2(opened.get(), dataset.c_str(), H5P_DEFAULT), H5Dclose,
                       "find a dataset in what was written");
  const H5Handle space(H5Dget_space(found.get()), H5Sclose, "read a data space");
  Shape shape(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space.get())));
  if (!shape.empty()) {
    check(H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr), "read a data space");
  }
  return shape;
}

std::string h5_version() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  check(H5get_libversion(&major, &minor, &release), "read its version");
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace needflow
