"""Records of every class of the official package, made by its constructors with random values of every field."""

import ast
import pathlib

import numpy as np
import databento_dbn as dbn
from databento_dbn import v1, v2, v3

MODULES = {1: v1, 2: v2, 3: v3}
RTYPES = {
    "OHLCVMsg": ("ohlcv-1s", "ohlcv-1m", "ohlcv-1h", "ohlcv-1d", "ohlcv-eod", "ohlcv-deprecated"),
    "BBOMsg": ("bbo-1s", "bbo-1m"),
    "CMBP1Msg": ("cmbp-1", "tcbbo"),
    "CBBOMsg": ("cbbo-1s", "cbbo-1m"),
}
RECORDS_OF_EACH = 5


def records(version, random, ts_out):
    """Records of all classes of a DBN version; `ts_out` is their send time or None."""
    parameters = constructor_parameters()
    return [
        sent(construct(record_class, parameters, random), ts_out, index)
        for record_class in classes(version)
        for index in range(RECORDS_OF_EACH)
    ]


def classes(version):
    """The classes of a version's records, each once, in a fixed order."""
    of = {value.__name__: value for value in vars(MODULES[version]).values() if hasattr(value, "_dtypes")}
    return [of[name] for name in sorted(of)]


def constructor_parameters():
    """Name and annotation of the parameters of each class, from the package's own type stubs."""
    stubs = ast.parse(pathlib.Path(dbn.__file__).with_name("_lib.pyi").read_text())
    return {
        of.name: [(argument.arg, ast.unparse(argument.annotation)) for argument in method.args.args[1:]]
        for of in stubs.body
        if isinstance(of, ast.ClassDef)
        for method in of.body
        if isinstance(method, ast.FunctionDef) and method.name == "__init__"
    }


def sent(record, ts_out, index):
    # Two constructors do not take it, although their stubs say so; the attribute can be set in every class.
    if ts_out is not None:
        record.ts_out = ts_out + index
    return record


def construct(record_class, parameters, random):
    dtypes = dict(getattr(record_class, "_dtypes", ()))
    values = {}
    for name, annotation in parameters[record_class.__name__]:
        kind = annotation.removesuffix(" | None")
        if name == "rtype":
            values[name] = dbn.RType.from_str(random.choice(RTYPES[record_class.__name__]))
        elif kind.startswith("list["):
            level_class = getattr(dbn, kind[5:-1])
            levels = [construct(level_class, parameters, random) for _ in range(10)]
            # The stubs say a list; where there is one level, the constructor wants that.
            values[name] = levels if record_class is dbn.MBP10Msg else levels[0]
        elif name != "ts_out":
            values[name] = value_of(kind, dtypes.get(name) or level_dtype(name), random)
    return record_class(**values)


def level_dtype(name):
    return {"px": "i8", "sz": "u4", "ct": "u4", "pb": "u2"}[name[-2:]]


def value_of(kind, dtype, random):
    if kind == "bool":
        return random.random() < 0.5
    if kind == "str":
        # Text ends with a NUL inside its field; a single character fills it.
        length = 1 if dtype == "S1" else random.randrange(int(dtype[1:]))
        return "".join(random.choice("ABCXYZ0189.-: ") for _ in range(length))
    if kind == "int":
        bounds = np.iinfo(dtype)
        return random.choice((int(bounds.min), int(bounds.max), random.randint(int(bounds.min), int(bounds.max))))
    return random.choice(list(getattr(dbn, kind).variants()))
