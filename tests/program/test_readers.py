"""Result files open as they are in h5py, netCDF4 and both of xarray's engines, and nothing in them
goes missing: sweeps of every shape that a file can have, read by all four (M3; shared page
interface.md, "The result file").

h5py shows what is stored; the other readers must show the same. The sweeps, with the dimensions,
coordinates and groups that their files must have, are those of shapes.py.
"""

import collections
import contextlib
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import warnings

import h5py
import netCDF4
import numpy as np
import xarray

import program
from program import STATUSES
from shapes import SHAPES

INVALID = STATUSES.index("invalid")
PENDING = STATUSES.index("pending")

REALS = ("satisfied_fraction fully_met_fraction over_fraction wasted_fraction residual_l1 "
         "residual_max jain_index gini satisfaction_min satisfaction_p05 "
         "network_mean_degree max_flow efficiency").split()
INTEGERS = ("rounds cycle_period messages_published messages_read messages_allocated "
            "network_edges").split()
TRACE = ("round residual_l1 satisfied_fraction over converged denominator_change mean_damping "
         "oscillating active_providers").split()
AGENT_ROWS = "need capacity satisfied damping residual capacity_left degree".split()
RECIPIENTS = "need satisfied damping residual degree".split()
PROVIDERS = "capacity capacity_left degree".split()
RAGGED = {"trace": TRACE, "agents": AGENT_ROWS, "agent_rows": AGENT_ROWS,
          "recipients": RECIPIENTS, "providers": PROVIDERS}
ROOT_ATTRIBUTES = ("schema_version needflow_version title seed scenario plan_hash "
                   "Conventions").split()
PROVENANCE = "commit dirty compiler flags libraries simd_target host start end command_line".split()
# What HDF5's dimension scales add, and netCDF hides.
HIDDEN = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid",
          "_Netcdf4Coordinates", "_NCProperties"}

made = {}  # shape's name: its file


def setUpModule():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="needflow-test-"))
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    for number, (name, shape) in enumerate(SHAPES.items()):
        place = folder / str(number)
        program.write_files(place, {**shape.files, "scenario.toml": shape.scenario})
        result = program.run("sweep", "scenario.toml", "-o", "result.h5", *shape.arguments,
                             cwd=place)
        if result.returncode != shape.expect:
            raise AssertionError(f"{name}: exit code {result.returncode}, expected {shape.expect}\n"
                                 f"{result.stderr}")
        made[name] = place / "result.h5"


# ---- the four readers, each giving ({name: Variable}, attributes) of a group ---------------------

Variable = collections.namedtuple("Variable", "values dims attributes")


def plain(value):
    """Numbers and texts of any library as NumPy arrays or str."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, str):
        return value
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        array = np.array([plain(item) for item in array.ravel()], dtype=object).reshape(array.shape)
        return array if array.shape else array[()]
    return array


def same(a, b):
    """Equal type, shape and bits; one text equals an array of it."""
    a, b = plain(a), plain(b)
    if isinstance(a, str) or isinstance(b, str):
        return a == b if type(a) is type(b) else list(np.ravel(a)) == list(np.ravel(b))
    if a.dtype.kind == "O":
        return a.shape == b.shape and a.tolist() == b.tolist()
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def same_attributes(one, two):
    """Names and values; readers differ in whether an attribute of one number is an array."""
    if set(one) != set(two):
        return False
    return all(same(np.ravel(plain(one[name])), np.ravel(plain(two[name]))) for name in one)


def group_names(path):
    names = [""]
    with h5py.File(path) as file:
        file.visititems(lambda name, item:
                        names.append(name) if isinstance(item, h5py.Group) else None)
    return names


def stored(dataset):
    return dataset.asstr()[...] if h5py.check_string_dtype(dataset.dtype) else dataset[...]


def h5_dims(dataset):
    names = []
    for dimension in dataset.dims:
        scales = list(dimension.values())
        names.append(scales[0].name.rsplit("/", 1)[1] if scales else None)
    if h5py.h5ds.is_scale(dataset.id) and dataset.ndim == 1:
        names = [dataset.name.rsplit("/", 1)[1]]
    return tuple(names)


def visible(attributes):
    return {name: value for name, value in attributes.items() if name not in HIDDEN}


def by_h5py(path, group):
    with h5py.File(path) as file:
        node = file[group or "/"]
        variables = {name: Variable(stored(item), h5_dims(item), visible(item.attrs))
                     for name, item in node.items() if isinstance(item, h5py.Dataset)}
        return variables, visible(node.attrs)


def by_netcdf4(path, group):
    with netCDF4.Dataset(path) as file:
        node = file[group] if group else file
        node.set_auto_maskandscale(False)
        variables = {
            name: Variable(item[...], item.dimensions,
                           visible({key: item.getncattr(key) for key in item.ncattrs()}))
            for name, item in node.variables.items()}
        return variables, visible({key: node.getncattr(key) for key in node.ncattrs()})


def by_xarray(path, group, engine):
    with xarray.open_dataset(path, group=group or None, engine=engine, decode_cf=False) as file:
        variables = {name: Variable(item.values, item.dims, visible(item.attrs))
                     for name, item in file.variables.items()}
        return variables, visible(file.attrs)


READERS = {
    "netCDF4": by_netcdf4,
    "xarray netcdf4": lambda path, group: by_xarray(path, group, "netcdf4"),
    "xarray h5netcdf": lambda path, group: by_xarray(path, group, "h5netcdf"),
}


class EveryReader(program.Case):
    """One read of every group of every file by every reader, then many questions."""

    @classmethod
    def setUpClass(cls):
        cls.read = []  # (what, h5py's view, another's view)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for shape, path in made.items():
                for group in group_names(path):
                    truth = by_h5py(path, group)
                    for reader, read in READERS.items():
                        cls.read.append((f"{shape}, group /{group}, {reader}", truth,
                                         read(path, group)))

    def test_every_reader_sees_the_same_variables(self):
        for what, (truth, _), (seen, _) in self.read:
            with self.subTest(what):
                self.assertEqual(sorted(truth), sorted(seen))

    def test_every_reader_sees_the_same_values_bit_for_bit(self):
        for what, (truth, _), (seen, _) in self.read:
            for name in truth:
                with self.subTest(f"{what}, {name}"):
                    self.assertTrue(same(truth[name].values, seen[name].values),
                                    f"{truth[name].values!r}\n{seen[name].values!r}")

    def test_every_reader_sees_the_same_dimensions(self):
        for what, (truth, _), (seen, _) in self.read:
            for name in truth:
                with self.subTest(f"{what}, {name}"):
                    self.assertEqual(truth[name].dims, seen[name].dims)

    def test_every_reader_sees_the_same_attributes(self):
        for what, (truth, truth_of_group), (seen, seen_of_group) in self.read:
            with self.subTest(what):
                self.assertTrue(same_attributes(truth_of_group, seen_of_group),
                                f"{truth_of_group}\n{seen_of_group}")
            for name in truth:
                with self.subTest(f"{what}, {name}"):
                    self.assertTrue(same_attributes(truth[name].attributes, seen[name].attributes),
                                    f"{truth[name].attributes}\n{seen[name].attributes}")

    def test_xarray_shows_the_missing_as_nan_and_nothing_else(self):
        for shape, path in made.items():
            for group in group_names(path):
                truth, _ = by_h5py(path, group)
                for engine in ("netcdf4", "h5netcdf"):
                    with xarray.open_dataset(path, group=group or None, engine=engine) as file:
                        for name, (values, _, attributes) in truth.items():
                            with self.subTest(f"{shape}, /{group}, {engine}, {name}"):
                                self.check_decoded(values, attributes, file[name].values)

    def check_decoded(self, values, attributes, decoded):
        if "_FillValue" not in attributes:
            self.assertTrue(same(values, decoded), f"{values!r}\n{decoded!r}")
            return
        fill = attributes["_FillValue"]
        missing = np.isnan(values) if values.dtype.kind == "f" else values == fill
        np.testing.assert_array_equal(np.where(missing, np.nan, values.astype(float)), decoded)

    def test_netcdf4_masks_the_missing_and_nothing_else(self):
        for shape, path in made.items():
            truth, _ = by_h5py(path, "")
            with netCDF4.Dataset(path) as file:
                for name in REALS + INTEGERS + ["status"]:
                    with self.subTest(f"{shape}, {name}"):
                        raw = truth[name].values
                        missing = (np.isnan(raw) if name in REALS else
                                   raw == -1 if name in INTEGERS else np.zeros(raw.shape, bool))
                        shown = file[name][...]
                        np.testing.assert_array_equal(missing, np.ma.getmaskarray(shown))


class Layout(program.Case):
    """What the shared page promises of names, shapes and attributes."""

    @contextlib.contextmanager
    def files(self):
        """Opens every shape's file."""
        with contextlib.ExitStack() as stack:
            yield [(name, SHAPES[name], stack.enter_context(h5py.File(path)))
                   for name, path in made.items()]

    def test_every_metric_has_the_axes_as_its_dimensions(self):
        with self.files() as files:
            for name, shape, file in files:
                for metric in [*REALS, *INTEGERS, "status"]:
                    with self.subTest(f"{name}, {metric}"):
                        self.assertEqual(tuple(shape.dims), h5_dims(file[metric]))
                        self.assertEqual(shape.lengths, file[metric].shape)

    def test_every_dimension_has_a_scale_of_its_name_that_holds_its_values(self):
        with self.files() as files:
            for name, shape, file in files:
                for dimension, values in shape.dims.items():
                    with self.subTest(f"{name}, {dimension}"):
                        scale = file[dimension]
                        self.assertTrue(h5py.h5ds.is_scale(scale.id))
                        self.assertEqual(values, stored(scale).tolist())
                        kinds = {str: "O", int: "i", float: "f"}
                        self.assertEqual(kinds[type(values[0])], scale.dtype.kind)
                        self.assertIn("long_name", scale.attrs)

    def test_what_advances_with_an_axis_is_a_coordinate_over_it(self):
        with self.files() as files:
            for name, shape, file in files:
                with self.subTest(name):
                    listed = file["satisfied_fraction"].attrs.get("coordinates", "")
                    self.assertEqual(" ".join(shape.along), listed)
                    self.assertEqual(listed, file["status"].attrs.get("coordinates", ""))
                for along, (dimension, values) in shape.along.items():
                    with self.subTest(f"{name}, {along}"):
                        self.assertEqual((dimension,), h5_dims(file[along]))
                        self.assertEqual(values, stored(file[along]).tolist())
                        self.assertIn("long_name", file[along].attrs)
                        for engine in ("netcdf4", "h5netcdf"):
                            with xarray.open_dataset(made[name], engine=engine) as opened:
                                self.assertIn(along, opened.coords)
                                self.assertIn(along, opened.satisfied_fraction.coords)

    def test_status_counts_what_the_design_leaves_out(self):
        with self.files() as files:
            for name, shape, file in files:
                with self.subTest(name):
                    self.assertEqual(shape.excluded, file["status"].attrs.get("excluded", 0))
                    if shape.excluded:
                        pending = file["status"][...] == PENDING
                        self.assertEqual(shape.excluded, np.sum(pending))
                        self.assertTrue(np.all(pending[1, 0]))

    def test_metrics_have_their_types_and_attributes(self):
        with self.files() as files:
            for name, _, file in files:
                for metric in REALS + INTEGERS:
                    with self.subTest(f"{name}, {metric}"):
                        dataset = file[metric]
                        attributes = dataset.attrs
                        self.assertEqual("<f8" if metric in REALS else "<i8", dataset.dtype.str)
                        self.assertTrue(attributes["units"])
                        self.assertTrue(attributes["long_name"])
                        fill = attributes["_FillValue"]
                        self.assertEqual(dataset.dtype, fill.dtype)
                        self.assertTrue(np.isnan(fill) if metric in REALS else fill == -1)

    def test_status_is_flags_as_cf_has_them(self):
        with self.files() as files:
            for name, _, file in files:
                with self.subTest(name):
                    status = file["status"]
                    self.assertEqual("|u1", status.dtype.str)
                    self.assertEqual(list(range(7)), list(status.attrs["flag_values"]))
                    self.assertEqual(np.uint8, status.attrs["flag_values"].dtype)
                    self.assertEqual(
                        "pending needs_met stable cycle round_limit failed invalid",
                        status.attrs["flag_meanings"])
                    self.assertNotIn("_FillValue", status.attrs)

    def test_the_root_has_its_attributes(self):
        with self.files() as files:
            for name, shape, file in files:
                with self.subTest(name):
                    attributes = file.attrs
                    self.assertLessEqual(set(ROOT_ATTRIBUTES), set(attributes))
                    self.assertTrue(str(attributes["Conventions"]).startswith("CF-1."))
                    self.assertEqual(16, len(attributes["plan_hash"]))
                    int(attributes["plan_hash"], 16)
                    title = {"one value": "An axis of one", "draws": "Mean over draws"}
                    self.assertEqual(title.get(name, ""), attributes["title"])
                    seeds = shape.dims.get("seed", 5 if name == "draws" else 0)
                    self.assertTrue(np.array_equal(seeds, attributes["seed"]))

    def test_provenance_and_timing_hold_what_was_promised(self):
        with self.files() as files:
            for name, shape, file in files:
                with self.subTest(name):
                    attributes = file["provenance"].attrs
                    self.assertLessEqual(set(PROVENANCE), set(attributes))
                    self.assertIn("sweep scenario.toml", attributes["command_line"])
                    self.assertIn(str(program.binary), attributes["command_line"])
                    self.assertLessEqual(attributes["start"], attributes["end"])
                    points = tuple(length for dimension, length in zip(shape.dims, shape.lengths)
                                   if dimension not in ("type", "episode"))
                    for timing in ("seconds", "rounds_per_second"):
                        values = file["timing"][timing][...]
                        self.assertEqual(points, values.shape)
                        self.assertTrue(np.all(values >= 0))
                        # Four digits: the lower 40 bits are noise, and not kept.
                        words = np.atleast_1d(values.astype("<f8")).view(np.uint64)
                        self.assertFalse(np.any(words & np.uint64((1 << 40) - 1)))

    def test_groups_are_those_that_were_asked_for(self):
        with self.files() as files:
            for name, shape, file in files:
                with self.subTest(name):
                    found = {key for key, item in file.items() if isinstance(item, h5py.Group)}
                    self.assertEqual(shape.groups, found)

    def test_failures_name_the_invalid_points(self):
        with self.files() as files:
            for name, shape, file in files:
                if "failures" not in shape.groups:
                    continue
                with self.subTest(name):
                    status = file["status"][...]
                    if "type" in shape.dims:
                        self.assertTrue(np.all(status == status[..., :1]))
                        status = status[..., 0]
                    invalid = np.flatnonzero(status.ravel() == INVALID).tolist()
                    self.assertTrue(invalid)
                    self.assertEqual(invalid, file["failures/point"][...].tolist())
                    for message in stored(file["failures/message"]):
                        self.assertIn("hub", message)
                    np.testing.assert_array_equal(
                        (file["status"][...] == INVALID) | (file["status"][...] == PENDING),
                        np.isnan(file["satisfied_fraction"][...]))


class Questions(program.Case):
    """What people ask of a file, in xarray."""

    def each_engine(self, name, check, group=None):
        for engine in ("netcdf4", "h5netcdf"):
            with self.subTest(engine), \
                    xarray.open_dataset(made[name], engine=engine, group=group) as file:
                check(file)

    def test_a_mean_over_replicates_of_one_size_and_ratio(self):
        with h5py.File(made["draws"]) as raw:
            expected = raw["satisfied_fraction"][1, 1].mean(axis=1)

        def check(file):
            mean = file.satisfied_fraction.sel(agents=100, supply_ratio=1.0).mean("replicate")
            self.assertEqual(("network",), mean.dims)
            np.testing.assert_allclose(mean.values, expected, rtol=1e-15)
            self.assertTrue(np.all((mean > 0.5) & (mean <= 1)))
        self.each_engine("draws", check)

    def test_words_and_numbers_are_selected_as_words(self):
        def check(file):
            # M4: N k / 2 edges in a partial mesh; for N = 30, "table" is 15 and "2lnN" 7.
            for neighbors, edges in (("5", 75), ("table", 225), ("4", 60), ("2lnN", 105)):
                for damping in ("0.5", "adaptive", "0.001"):
                    found = file.network_edges.sel(neighbors=neighbors, damping=damping)
                    self.assertEqual(edges, int(found))
        self.each_engine("words and numbers", check)

    def test_a_boolean_axis_is_selected_by_its_word(self):
        def check(file):
            self.assertEqual(0, float(file.wasted_fraction.sel(return_surplus="true")))
            self.assertGreater(float(file.wasted_fraction.sel(return_surplus="false")), 0)
        self.each_engine("booleans", check)

    def test_points_of_a_status_are_found_by_its_word(self):
        def check(file):
            words = file.status.attrs["flag_meanings"].split()
            self.assertEqual([[False, True], [False, False]],
                             (file.status == words.index("invalid")).values.tolist())
        self.each_engine("some points invalid", check)

    def test_a_point_of_a_ragged_array_is_cut_out_with_row_size(self):
        def check(rows):
            ends = rows.row_size.cumsum().values
            second = rows.isel(obs=slice(ends[0], ends[1]))
            self.assertEqual([4, 8, 6], second.need.values.tolist())
            self.assertEqual("obs", rows.row_size.attrs["sample_dimension"])
        self.each_engine("bipartite", check, "recipients")

    def test_types_are_a_trailing_dimension_in_groups_too(self):
        def check(rows):
            self.assertEqual(("obs", "type"), rows.need.dims)
            self.assertEqual([1, 0, 9], rows.need.isel(type=0).values.tolist())
        self.each_engine("bipartite, two types, one point", check, "recipients")

    def dump(self, tool, *arguments, expect):
        path = shutil.which(tool)
        if path is None:
            self.skipTest(f"{tool} is not installed")
        for name, file in made.items():
            with self.subTest(name):
                done = subprocess.run([path, *arguments, file], capture_output=True, text=True,
                                      timeout=program.TIMEOUT, check=False, errors="replace")
                self.assertEqual((0, ""), (done.returncode, done.stderr[:2000]))
                self.assertIn(expect, done.stdout)

    def test_h5dump_reads_every_file(self):
        self.dump("h5dump", "-H", expect='DATASET "satisfied_fraction"')

    def test_ncdump_reads_every_file(self):
        self.dump("ncdump", "-h", expect="double satisfied_fraction")


if __name__ == "__main__":
    program.main()
