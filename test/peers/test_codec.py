"""The codec against databento_dbn: each reads what the other writes, field by field."""

import json
import pathlib
import random
import shutil
import unittest

import databento
import numpy as np
import databento_dbn as dbn
from databento_dbn import Compression, DBNDecoder, Encoding, Metadata, Schema, Transcoder, VersionUpgradePolicy

import constructed_records
import node_scripts
from plain_records import by_attributes, by_bytes, by_metadata

SHARED = node_scripts.ROOT.parent / "shared/data/dbn"
AS_IS, UPGRADE = VersionUpgradePolicy.AS_IS, VersionUpgradePolicy.UPGRADE_TO_V3
UPGRADE_TO_2 = VersionUpgradePolicy.UPGRADE_TO_V2
NUMPY_TYPES = {"u8": "u1", "u16": "u2", "u32": "u4", "u64": "u8", "time": "u8"} | {
    "i8": "i1", "i16": "i2", "i32": "i4", "i64": "i8", "price": "i8", "char": "S1",
}  # fmt: skip


def setUpModule():
    global made, folder
    folder = node_scripts.FOLDER / "files"
    shutil.rmtree(folder, ignore_errors=True)
    made = json.loads(node_scripts.run("make-files.ts", folder))


class Codec(unittest.TestCase):
    def test_every_layout_has_the_official_fields_types_and_offsets(self):
        official = {layout_of(of) for version in (1, 2, 3) for of in constructed_records.classes(version)}
        ours = {
            (layout["size"], tuple((of["name"], of["offset"], numpy_type(of)) for of in layout["fields"]))
            for layout in made["layouts"].values()
        }
        self.assertEqual(ours, official)

    def test_every_enum_has_the_official_values(self):
        ours = made["enums"]
        self.assertEqual(ours["rtypes"], {str(of): of.value for of in dbn.RType.variants()})
        self.assertEqual(ours["stypes"], [str(of) for of in dbn.SType.variants()])
        self.assertEqual(ours["schemas"], [str(of) for of in Schema.variants()])
        self.assertEqual(set(ours["systemCodes"].values()), {of.value for of in dbn.SystemCode.variants()})
        self.assertEqual(set(ours["errorCodes"].values()), {of.value for of in dbn.ErrorCode.variants()})

    def test_the_official_decoder_reads_our_files_as_stored(self):
        for file in made["files"]:
            with self.subTest(pathlib.Path(file["path"]).name):
                self.check_read(Read(file["path"], AS_IS), file, "stored")

    def test_the_official_decoder_reads_our_files_upgraded(self):
        for file in made["files"]:
            with self.subTest(pathlib.Path(file["path"]).name):
                self.check_read(Read(file["path"], UPGRADE), file, "upgraded")

    def test_the_official_decoder_reads_our_files_upgraded_to_version_2(self):
        for file in made["files"]:
            stored = file["metadata"]["stored"]
            if stored["version"] == 3:
                continue
            with self.subTest(pathlib.Path(file["path"]).name):
                read = Read(file["path"], UPGRADE_TO_2)
                self.assertEqual(
                    by_metadata(read.metadata), {**metadata_of(stored), "version": 2, "symbol_cstr_len": 71}
                )
                # What version 3 changed is stored as in version 2, but for the length that follows from longer symbols.
                old = (dbn.InstrumentDefMsgV2, dbn.StatMsgV1)
                forms = ["stored" if isinstance(record, old) else "upgraded" for record in read.records]
                expected = [
                    {**of[form], "length": len(bytes(record)) // 4}
                    for record, of, form in zip(read.records, file["records"], forms)
                ]
                self.assertEqual(len(read.records), len(file["records"]))
                self.check_records(read.records, expected)

    def test_the_official_encoder_writes_our_files_again_byte_for_byte(self):
        for file in made["files"]:
            if file["path"].endswith(".zst"):
                continue
            with self.subTest(pathlib.Path(file["path"]).name):
                read = Read(file["path"], AS_IS)
                again = read.metadata.encode() + b"".join(map(bytes, read.records))
                self.assertTrue(again == pathlib.Path(file["path"]).read_bytes())

    def test_the_official_store_reads_our_files(self):
        for file in made["files"]:
            with self.subTest(pathlib.Path(file["path"]).name):
                store = databento.DBNStore.from_file(file["path"])
                self.assertEqual(by_metadata(store.metadata), metadata_of(file["metadata"]["stored"]))
                self.check_records(list(store), [of["upgraded"] for of in file["records"]])

    def test_the_official_store_makes_arrays_of_our_files(self):
        for file in made["files"]:
            with self.subTest(pathlib.Path(file["path"]).name):
                store = databento.DBNStore.from_file(file["path"])
                # It needs a schema, has no array for this one in old versions, and a wrong layout for that one.
                if store.schema not in store._schema_struct_map or store.schema == Schema.TCBBO:
                    continue
                rows = store.to_ndarray()
                self.assertEqual(len(rows), len(file["records"]))
                for row, record in zip(rows, file["records"]):
                    self.check_row(row, record["stored"])

    def test_we_read_what_the_official_constructors_and_metadata_write(self):
        for version in (1, 2, 3):
            for ts_out in (None, 1_767_225_600_000_000_000):
                with self.subTest(version=version, ts_out=ts_out):
                    self.check_ours_alike(*write_constructed(version, ts_out))

    def test_we_read_what_the_official_transcoder_writes(self):
        for version in (1, 2, 3):
            for ts_out in (None, 1_767_225_600_000_000_000):
                path, _ = write_constructed(version, ts_out)
                for policy in (AS_IS, UPGRADE):
                    with self.subTest(version=version, ts_out=ts_out, policy=policy):
                        self.check_ours_alike(transcode(path, policy), None)

    def test_we_read_what_the_official_store_writes(self):
        path, _ = write_constructed(3, None)
        for suffix, mode in ((".dbn", Compression.NONE), (".dbn.zst", Compression.ZSTD)):
            with self.subTest(suffix):
                copy = folder / f"store{suffix}"
                databento.DBNStore.from_file(path).to_file(copy, mode="w", compression=mode)
                self.check_ours_alike(copy, None)

    def test_both_take_text_as_utf_8(self):
        path = folder / "text.dbn"
        metadata = Metadata("GLBX.MDP3", 0, None, dbn.SType.INSTRUMENT_ID, None)
        path.write_bytes(metadata.encode() + bytes(dbn.SystemMsg(ts_event=1, msg="Börse geschlossen · 休場")))
        self.check_both([path])

    @unittest.skipUnless(SHARED.is_dir(), f"{SHARED} is not here")
    def test_both_read_the_shared_files_alike(self):
        paths = [path for path in sorted(SHARED.rglob("*")) if ".dbn" in path.name and path.suffix != ".json"]
        self.assertGreater(len(paths), 100)
        self.check_both(paths)

    @unittest.skipUnless(SHARED.is_dir(), f"{SHARED} is not here")
    def test_both_refuse_the_format_before_dbn(self):
        path = SHARED / "dbn/test_data.ohlcv-1m.dbz"
        self.assertIn("invalid DBN header", Read(path, AS_IS).error)
        self.assertEqual(node_scripts.decode_files([(path, True, None)])[0]["error"], "legacy-dbz")

    def check_read(self, read, file, form):
        """What the official decoder read is what our encoder was given."""
        self.assertEqual(read.error, None)
        self.assertEqual(by_metadata(read.metadata), metadata_of(file["metadata"][form]))
        self.check_records(read.records, [of[form] for of in file["records"]])

    def check_records(self, official, ours):
        self.assertEqual(len(official), len(ours))
        for record, expected in zip(official, ours):
            # The bytes are exact; the getters lose what is not in their enums.
            for values in (by_bytes(record), by_attributes(record)):
                ours = comparable(expected, values)
                differing = [name for name in {**values, **ours} if values.get(name) != ours.get(name)]
                pairs = {name: (values.get(name), ours.get(name)) for name in differing}
                self.assertEqual(pairs, {}, f"official and ours in a {type(record).__name__}")

    def check_row(self, row, expected):
        for name in row.dtype.names:
            if name in expected:
                value = row[name]
                value = value.decode() if isinstance(value, bytes) else int(value)
                self.assertEqual(value, comparable(expected, {name: value})[name], name)

    def check_ours_alike(self, path, written):
        """Both read a file alike in both forms; `written` are the records it was made of, if they are known."""
        if written is not None:
            self.check_records(written, node_scripts.decode_files([(path, False, None)])[0]["records"])
        self.check_both([path])

    def check_both(self, paths):
        jobs = [(path, upgrade, fragment_version(path)) for path in paths for upgrade in (False, True)]
        for (path, upgrade, fragment), ours in zip(jobs, node_scripts.decode_files(jobs)):
            with self.subTest(path.name, upgrade=upgrade):
                read = Read(path, UPGRADE if upgrade else AS_IS, fragment)
                if read.metadata is not None:
                    self.assertEqual(by_metadata(read.metadata), metadata_of(ours["metadata"]))
                if read.error is None:
                    self.assertEqual(read.metadata is None, fragment is not None)
                    self.assertEqual(ours["error"], "truncated" if read.left_bytes > 0 else None)
                    self.check_records(read.records, ours["records"])
                else:
                    # It gives up at a record type that it does not know, where we go on.
                    self.assertIn("couldn't convert 0xEE", read.error)
                    rtypes = [of["rtype"] for of in ours["records"]]
                    self.assertLessEqual(len(read.records), rtypes.index(0xEE))
                    self.check_records(read.records, ours["records"][: len(read.records)])


class Read:
    """What the official decoder makes of a file; in small pieces, so that it loses nothing before an error."""

    def __init__(self, path, policy, fragment=None):
        data = pathlib.Path(path).read_bytes()
        compression = Compression.ZSTD if data[:4] == b"\x28\xb5\x2f\xfd" else Compression.NONE
        given = {} if fragment is None else {"has_metadata": False, "input_version": fragment}
        decoder = DBNDecoder(upgrade_policy=policy, compression=compression, **given)
        self.error = None
        found = []
        try:
            for at in range(0, len(data), 64):
                found += decoder.write_and_decode(data[at : at + 64])
        except dbn.DBNError as error:
            self.error = str(error)
        self.left_bytes = len(decoder.buffer())
        self.metadata = next((of for of in found if isinstance(of, Metadata)), None)
        self.records = [of for of in found if not isinstance(of, Metadata)]


def fragment_version(path):
    """Version of the shared fragments, which they do not say themselves."""
    if ".frag" not in path.name:
        return None
    return next((version for version in (1, 3) if f".v{version}." in path.name), 2)


def write_constructed(version, ts_out):
    """A file made by the official package alone, and the records in it."""
    records = constructed_records.records(version, random.Random(version), ts_out)
    metadata = Metadata(
        dataset="XNAS.ITCH",
        start=1,
        stype_in=dbn.SType.RAW_SYMBOL,
        stype_out=dbn.SType.INSTRUMENT_ID,
        schema=None,
        symbols=["AAPL", "A-SYMBOL-OF-21-BYTES."],
        partial=["AAPL"],
        not_found=["ZZZZ"],
        end=2**63,
        limit=7,
        ts_out=ts_out is not None,
        version=version,
    )
    path = folder / f"constructed.v{version}{'' if ts_out is None else '.ts-out'}.dbn"
    path.write_bytes(metadata.encode() + b"".join(map(bytes, records)))
    return path, records


def transcode(path, policy):
    """A compressed copy by the official transcoder."""
    copy = path.with_suffix(f".{str(policy).lower()}.dbn.zst".replace(" ", ""))
    with copy.open("wb") as file:
        with Transcoder(file, Encoding.DBN, Compression.ZSTD, upgrade_policy=policy) as transcoder:
            transcoder.write(path.read_bytes())
            transcoder.flush()
    return copy


def comparable(ours, official):
    """Our form of a record, with the 64-bit integers that it has as text."""
    return {
        name: int(value) if isinstance(value, str) and isinstance(official.get(name), int) else value
        for name, value in ours.items()
        if not name.startswith("_") and name != "layout"
    }


def metadata_of(ours):
    """Our form of metadata, with its 64-bit integers and in the official shape of mappings."""
    mappings = {
        of["raw_symbol"]: [(by["start_date"], by["end_date"], by["symbol"]) for by in of["intervals"]]
        for of in ours["mappings"]
    }
    times = {name: None if ours[name] is None else int(ours[name]) for name in ("start", "end", "limit")}
    return {**ours, **times, "mappings": mappings}


def layout_of(record_class):
    dtype = np.dtype(record_class._dtypes)
    fields = ((name, dtype.fields[name]) for name in dtype.names if not name.startswith("_"))
    return dtype.itemsize, tuple((name, offset, kind.str.lstrip("<|")) for name, (kind, offset) in fields)


def numpy_type(field):
    return f"S{field['size']}" if field["type"] == "text" else NUMPY_TYPES[field["type"]]
