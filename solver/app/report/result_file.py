"""A result file as the report sees it: axes, metrics over named dimensions, statuses, groups.

Works for files of `run`, `sweep`, `merge` and `network`. Fill values (NaN, −1) become NaN; words are
str. Nothing is taken from the order of dimensions but their names.
"""

import dataclasses
import os

import h5py
import numpy as np

BAD_USE, IO_ERROR = 2, 4  # exit codes of the program
MARK = "needflow_version"  # the root attribute that makes a file ours
OF_NETWORKS = "network_agents"  # what files of `network` have, and sweeps have not
DRAWS = ("network", "replicate")  # dimensions that are draws, not settings


class Trouble(Exception):
    """Something the user can mend: a sentence and the exit code."""

    def __init__(self, text, code=IO_ERROR):
        super().__init__(text)
        self.code = code


@dataclasses.dataclass(frozen=True)
class Axis:
    """A dimension or what advances with one: `values` are floats where `numeric`, else words."""

    name: str
    dimension: str
    values: list
    units: str
    long_name: str
    numeric: bool

    @property
    def labels(self):
        return [number(value) if self.numeric else value for value in self.values]


@dataclasses.dataclass(frozen=True)
class Variable:
    """A metric: floats (NaN: no value) over named dimensions."""

    name: str
    dims: tuple
    values: np.ndarray
    units: str
    long_name: str


def number(value, digits=4):
    """A number for people: 0.4167, 12, 1,234, 3.2e-05."""
    if value is None or not np.isfinite(value):
        return "–"
    if value == round(value) and abs(value) < 1e15:
        return f"{int(round(value)):,}"
    if abs(value) >= min(1000, 10**digits):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def dims_of(dataset):
    """Names of a dataset's dimensions."""
    return tuple(dataset.dims[i][0].name.rsplit("/", 1)[-1] if len(dataset.dims[i]) else f"dim_{i}"
                 for i in range(dataset.ndim))


def text(value):
    """HDF5's strings, scalar or not, as str."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray):
        return ", ".join(text(item) for item in value.ravel())
    return str(value)


def _axis(dataset, dimension):
    raw = dataset[()]
    numeric = raw.dtype.kind in "iuf"
    values = [float(v) for v in raw] if numeric else [text(v) for v in raw]
    units = text(dataset.attrs.get("units", "1"))
    return Axis(dataset.name.rsplit("/", 1)[-1], dimension, values, "" if units == "1" else units,
                text(dataset.attrs.get("long_name", "")), numeric)


def _variable(dataset):
    values = np.asarray(dataset[()], dtype=float)
    fill = dataset.attrs.get("_FillValue")
    if fill is not None and np.isfinite(fill := float(np.ravel(fill)[0])):
        values = np.where(values == fill, np.nan, values)
    units = text(dataset.attrs.get("units", "1"))
    return Variable(dataset.name.rsplit("/", 1)[-1], dims_of(dataset), values,
                    "" if units == "1" else units, text(dataset.attrs.get("long_name", "")))


class Result:
    """An open result file."""

    def __init__(self, path):
        self.path = path
        self.file = _open(path)
        self.attributes = {key: value for key, value in self.file.attrs.items()}
        self.axes = {}       # dimension's name: Axis, in file order of the main metric
        self.along = {}      # coordinate's name: Axis over another dimension
        self.variables = {}  # metric's name: Variable
        self.status = None   # integers over status_dims
        self.status_dims = ()
        self.status_names = []
        self.excluded = 0    # runs that the design leaves out
        self.absent = 0      # runs of episodes that their points do not have
        try:
            self._read_root()
        except (OSError, KeyError, ValueError, IndexError, TypeError, AttributeError) as problem:
            raise Trouble(f"{path} cannot be read as a result file of needflow: {problem}")

    def _read_root(self):
        datasets = [item for item in self.file.values() if isinstance(item, h5py.Dataset)]
        scales = {item.name[1:]: item for item in datasets if h5py.h5ds.is_scale(item.id)}
        plain = [item for item in datasets if not h5py.h5ds.is_scale(item.id)]
        main = self.file.get("status", self.file.get(OF_NETWORKS))
        if main is None:
            raise Trouble(f"{self.path} holds no results: neither `status` nor networks' metrics")
        order = list(dims_of(main)) + sorted(scales)
        self.axes = {name: _axis(scales[name], name) for name in dict.fromkeys(order)
                     if name in scales}
        for item in plain:
            name = item.name[1:]
            if "option" in item.attrs:
                self.along[name] = _axis(item, dims_of(item)[0])
            elif name == "status":
                self._read_status(item)
            elif item.dtype.kind in "iuf":
                self.variables[name] = _variable(item)

    def _read_status(self, dataset):
        self.status = np.asarray(dataset[()]).astype(int)
        self.status_dims = dims_of(dataset)
        self.status_names = text(dataset.attrs["flag_meanings"]).split()
        if self.status.size and self.status.max() >= len(self.status_names):
            raise ValueError("a status without a meaning")
        runs_of_point = int(np.prod([len(self.axes[name].values) for name in ("type", "episode")
                                     if name in self.status_dims], dtype=np.int64))
        self.excluded = int(dataset.attrs.get("excluded", 0)) * runs_of_point
        self.absent = int(dataset.attrs.get("absent", 0))

    @property
    def dims(self):
        """Dimensions of the runs, in file order."""
        if self.status is not None:
            return self.status_dims
        return dims_of(self.file[OF_NETWORKS])

    def status_code(self, name):
        return self.status_names.index(name)

    def attribute(self, name, otherwise=""):
        return text(self.attributes.get(name, otherwise))

    def group(self, *names):
        """The first of these groups that is there, or None."""
        for name in names:
            if isinstance(self.file.get(name), h5py.Group):
                return self.file[name]
        return None

    def group_attributes(self, name):
        group = self.group(name)
        return {} if group is None else {key: text(value) for key, value in group.attrs.items()}


def _open(path):
    if not os.path.exists(path):
        if os.path.exists(path + ".journal"):
            raise Trouble(f"{path} is not there yet; its journal is. Finish the sweep with --resume, or "
                          f"`needflow merge PART.h5 {path}.journal --allow-missing` and report on that")
        raise Trouble(f"cannot open {path}: no such file")
    if os.path.isdir(path):
        raise Trouble(f"{path} is a folder; expected a result file (HDF5)")
    if not os.access(path, os.R_OK):
        raise Trouble(f"cannot open {path}: permission denied")
    if not h5py.is_hdf5(path):
        raise Trouble(f"{path} is not a result file of needflow: it is no HDF5 file")
    try:
        file = h5py.File(path, "r")
    except OSError as problem:
        raise Trouble(f"{path} is damaged or cut short: {problem}")
    if MARK not in file.attrs:
        raise Trouble(f"{path} is an HDF5 file, but not a result file of needflow: it has no "
                      f"attribute {MARK}")
    if int(file.attrs.get("schema_version", 1)) != 1:
        raise Trouble(f"{path} has schema version {file.attrs['schema_version']}; this report reads 1")
    return file
