"""What result files are made of: ragged arrays whose rows fit the metrics, and types, order, chunks and
filters that every reader keeps (M3; shared page interface.md, "The result file").

The files are those of test_readers.py.
"""

import h5py
import netCDF4
import numpy as np

import program
from shapes import SHAPES
from test_readers import RAGGED, h5_dims, made, stored
from test_readers import setUpModule  # noqa: F401, unittest calls it


class RaggedArrays(program.Case):
    """CF's contiguous ragged arrays, and that their rows fit the metrics."""

    def each(self, wanted, check):
        """check(shape, file, group) for every file that has one of the wanted groups."""
        for name, path in made.items():
            for group in sorted(SHAPES[name].groups & set(wanted)):
                with self.subTest(f"{name}, {group}"), h5py.File(path) as file:
                    check(SHAPES[name], file, file[group])

    def test_row_sizes_sum_to_obs(self):
        def check(_, file, group):
            sizes = group["row_size"]
            self.assertEqual("obs", sizes.attrs["sample_dimension"])
            self.assertEqual(("point",), h5_dims(sizes))
            self.assertEqual(int(np.sum(sizes[...])), len(group["obs"]))
            for scale in ("point", "obs"):
                self.assertEqual(list(range(len(group[scale]))), group[scale][...].tolist())
            self.assertNotIn("_FillValue", sizes.attrs)
        self.each(RAGGED, check)

    def test_each_group_has_its_columns_over_obs(self):
        def check(shape, _, group):
            name = group.name[1:]
            of_runs = [dim for dim in ("type", "episode") if dim in shape.dims]
            for column in RAGGED[name]:
                dims = of_runs if name != "trace" and column != "degree" else []
                self.assertEqual(("obs", *dims), h5_dims(group[column]))
                lengths = (len(group["obs"]), *(len(shape.dims[dim]) for dim in dims))
                self.assertEqual(lengths, group[column].shape, column)
                self.assertTrue(group[column].attrs["units"], column)
                self.assertTrue(group[column].attrs["long_name"], column)
        self.each(RAGGED, check)

    def test_a_trace_has_a_row_a_round_and_ends_as_the_metrics_say(self):
        def check(shape, file, group):
            sizes = group["row_size"][...]
            solved = ~np.isnan(file["satisfied_fraction"][...].ravel())
            self.assertEqual(np.prod(shape.lengths, dtype=int), len(sizes))
            np.testing.assert_array_equal(np.where(solved, file["rounds"][...].ravel(), 0), sizes)
            expected = [list(range(1, size + 1)) for size in sizes]
            self.assertEqual(sum(expected, []), group["round"][...].tolist())
            last = np.cumsum(sizes)[solved] - 1
            for column in ("satisfied_fraction", "residual_l1"):
                np.testing.assert_allclose(group[column][...][last],
                                           file[column][...].ravel()[solved], rtol=1e-12)
        self.each(["trace"], check)

    def test_denominator_change_is_nan_in_round_one_alone(self):
        for name in ("bipartite", "agent network", "booleans", "types"):
            with h5py.File(made[name]) as file:
                trace = file["trace"]
                np.testing.assert_array_equal(trace["round"][...] == 1,
                                              np.isnan(trace["denominator_change"][...]), name)

    def test_agents_sum_to_the_metrics(self):
        def check(shape, file, group):
            types = len(shape.dims.get("type", "1")) * len(shape.dims.get("episode", "1"))
            sizes = group["row_size"][...]
            metrics = {key: file[key][...].reshape(-1, types)
                       for key in ("satisfied_fraction", "residual_l1")}
            for point, end in enumerate(np.cumsum(sizes)):
                if sizes[point] == 0:
                    continue
                need, met, rest = (group[key][end - sizes[point]:end].reshape(-1, types)
                                   for key in ("need", "satisfied", "residual"))
                total = need.sum(axis=0)
                share = np.divide(met.sum(axis=0), total, out=np.where(np.isnan(total), np.nan, 1.0),
                                  where=total > 0)
                np.testing.assert_allclose(metrics["satisfied_fraction"][point], share, rtol=1e-12)
                np.testing.assert_allclose(metrics["residual_l1"][point], rest.sum(axis=0),
                                           rtol=1e-12, atol=1e-9)
                np.testing.assert_allclose(rest, need - met, rtol=0, atol=1e-9)
                self.assertFalse(np.any(met > need))
        self.each(["agents", "agent_rows", "recipients"], check)

    def test_points_without_a_result_have_no_rows(self):
        for name in ("some points invalid", "some points pending", "all points invalid"):
            with h5py.File(made[name]) as file:
                missing = np.isnan(file["satisfied_fraction"][...]).ravel()
                self.assertTrue(missing.any())
                for group in SHAPES[name].groups & set(RAGGED):
                    np.testing.assert_array_equal(missing, file[group]["row_size"][...] == 0, name)

    def test_agents_stand_in_input_order_with_their_ids_stored_once(self):
        expected = {
            "agent network": ("agents", ["p", "q", "r", "s"], [4, 5, 6, 1]),
            "bipartite": ("recipients", ["x", "y", "z"], [4, 8, 6]),
            "bipartite, two types, one point":
                ("recipients", ["x", 'ÿ, "z"', "z"], [[1, 4], [0, 8], [9, 6]]),
        }
        for name, (group, ids, need) in expected.items():
            with h5py.File(made[name]) as file, self.subTest(name):
                node = file[group]
                self.assertEqual(ids, stored(node["id"]).tolist())
                points = len(node["row_size"])
                self.assertEqual(need * points, node["need"][...].tolist())
        with h5py.File(made["ratings"]) as file:  # all ids of the file, ascending as numbers
            self.assertEqual(["1", "2", "3", "7"], stored(file["agents/id"]).tolist())
        with h5py.File(made["a network file"]) as file:
            self.assertEqual(["Ann", "Bob", "Éva"], stored(file["agents/id"]).tolist())
            self.assertEqual([1, 2, 1], file["agents/degree"][...].tolist())
        with h5py.File(made["bipartite"]) as file:
            self.assertEqual(["a", "b"], stored(file["providers/id"]).tolist())
            self.assertEqual([10, 5] * 2, file["providers/capacity"][...].tolist())
            self.assertEqual([2, 2] * 2, file["providers/degree"][...].tolist())
            self.assertEqual([1, 2, 1] * 2, file["recipients/degree"][...].tolist())

    def test_an_agents_axis_gives_its_row_sizes(self):
        with h5py.File(made["agents axis and rows"]) as file:
            self.assertEqual([5, 5, 8, 8], file["agent_rows/row_size"][...].tolist())


class Storage(program.Case):
    """Only what every reader keeps: the rules for types, order, chunks and filters."""

    def each(self, check):
        """check(item) for every group and dataset of every file."""
        for name, path in made.items():
            with h5py.File(path) as file:
                items = [file["/"]]
                file.visititems(lambda _, item: items.append(item))
                for item in items:
                    with self.subTest(f"{name}, {item.name}"):
                        check(item)

    def assert_plain_type(self, type_id, what):
        """Little-endian numbers of whole bytes, or variable-length UTF-8."""
        if isinstance(type_id, h5py.h5t.TypeStringID):
            self.assertTrue(type_id.is_variable_str(), f"{what}: a string of fixed length")
            self.assertEqual(h5py.h5t.CSET_UTF8, type_id.get_cset(), what)
            return
        number = (h5py.h5t.TypeIntegerID, h5py.h5t.TypeFloatID)
        self.assertIsInstance(type_id, number, what)
        self.assertNotIsInstance(type_id, h5py.h5t.TypeEnumID, what)
        if type_id.get_size() > 1:
            self.assertEqual(h5py.h5t.ORDER_LE, type_id.get_order(), what)

    def test_datasets_and_attributes_have_plain_types_only(self):
        def check(item):
            if isinstance(item, h5py.Dataset):
                self.assert_plain_type(item.id.get_type(), item.name)
            for name in set(item.attrs) - {"DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME"}:
                self.assert_plain_type(h5py.h5a.open(item.id, name.encode()).get_type(),
                                       f"{item.name}@{name}")
        self.each(check)

    def test_creation_order_is_kept(self):
        tracked = h5py.h5p.CRT_ORDER_TRACKED | h5py.h5p.CRT_ORDER_INDEXED

        def check(item):
            creation = item.id.get_create_plist()
            self.assertEqual(tracked, creation.get_attr_creation_order())
            if isinstance(item, h5py.Group):
                self.assertEqual(tracked, creation.get_link_creation_order())
        self.each(check)

    def test_variables_come_in_the_order_they_were_made(self):
        """Coordinates first, as the axes stand, each with those that advance with it; then status."""
        for name, path in made.items():
            with netCDF4.Dataset(path) as file:
                along = SHAPES[name].along
                first = [coordinate for dimension in SHAPES[name].dims for coordinate in
                         [dimension, *(key for key in along if along[key][0] == dimension)]]
                self.assertEqual([*first, "status"], list(file.variables)[:len(first) + 1], name)

    def test_no_dimension_is_unlimited(self):
        def check(item):
            if isinstance(item, h5py.Dataset):
                self.assertEqual(item.shape, item.maxshape)
        self.each(check)

    def test_chunks_are_at_most_a_mebibyte_shuffled_and_deflated(self):
        def check(item):
            if not isinstance(item, h5py.Dataset) or item.size < 2:
                return
            self.assertIsNotNone(item.chunks)
            element = item.id.get_type().get_size()
            chunk = int(np.prod(item.chunks)) * element
            self.assertLessEqual(chunk, 1 << 20)
            self.assertGreaterEqual(chunk, min(1 << 16, item.size * element))
            self.assertEqual("gzip", item.compression)
            self.assertTrue(item.shuffle)
        self.each(check)

    def test_a_large_column_lies_in_several_chunks(self):
        with h5py.File(made["several chunks"]) as file:
            column = file["agents/need"]
            self.assertEqual(160000, len(column))
            self.assertLess(column.chunks[0], 160000)

    def test_a_column_of_several_chunks_reads_back_whole(self):
        with h5py.File(made["several chunks"]) as file:
            need = file["agents/need"][...].reshape(8, 20000)
            self.assertTrue(np.all(need > 0))
            self.assertEqual(8, len({row.tobytes() for row in need}))


if __name__ == "__main__":
    program.main()
