"""Fits the sample forest that ships with the project and writes it as a model folder.

Reads `rows.csv` (trade date, one column per feature, label 0 or 1) and `dataset.json` (what the columns are), both
written by TypeScript, and writes `model.onnx`, `manifest.json` and `golden.json`. It knows columns, not markets: the
same rows always give the same three files.

    python training/sample_forest.py ROWS_FOLDER MODEL_FOLDER --model-id ID
"""

import argparse
import csv
import hashlib
import json
import platform
from pathlib import Path

import numpy as np
import onnx
import skl2onnx
import sklearn
from onnx.reference import ReferenceEvaluator
from sklearn.ensemble import RandomForestClassifier
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType

SEED = 20260101
TREES = 20
DEPTH = 4
ROWS_PER_LEAF = 10
OPSET = 17
VETOED_FRACTION = 0.2
GOLDEN_ROWS = 16
TOLERANCE = 1e-6


def read_rows(folder: Path) -> tuple[dict, list[str], np.ndarray, np.ndarray]:
    """The description, the trade dates, the features as float32 and the labels, in file order."""
    dataset = json.loads((folder / "dataset.json").read_text())
    with (folder / "rows.csv").open(newline="") as file:
        header, *rows = list(csv.reader(file))
    expected = ["tradeDate", *(feature["id"] for feature in dataset["features"]), "label"]
    if header != expected:
        raise SystemExit(f"{folder / 'rows.csv'}: columns are {header} but dataset.json describes {expected}")
    labels = np.array([int(row[-1]) for row in rows])
    if set(labels) != {0, 1}:
        raise SystemExit(f"{folder / 'rows.csv'}: expected labels 0 and 1, found {sorted(set(labels))}")
    values = np.array([[float(value) for value in row[1:-1]] for row in rows]).astype(np.float32)
    return dataset, [row[0] for row in rows], values, labels


def fit(values: np.ndarray, labels: np.ndarray) -> RandomForestClassifier:
    """A small forest whose leaves are wide, because it is looked at more than it is believed."""
    forest = RandomForestClassifier(
        n_estimators=TREES, max_depth=DEPTH, min_samples_leaf=ROWS_PER_LEAF, oob_score=True, random_state=SEED, n_jobs=1
    )
    return forest.fit(values, labels)


def threshold_of(forest: RandomForestClassifier) -> float:
    """The probability below which the stated fraction of the rows lies, each judged by the trees that never saw it."""
    out_of_bag = forest.oob_decision_function_[:, 1]
    return round(float(np.nanquantile(out_of_bag, VETOED_FRACTION)), 4)


def export(forest: RandomForestClassifier, width: int, name: str) -> bytes:
    """The forest as ONNX: one float32 input, tensor outputs, nothing in it that changes between runs."""
    model = to_onnx(
        forest,
        initial_types=[("features", FloatTensorType([None, width]))],
        options={"zipmap": False},
        target_opset=OPSET,
        name=name,
    )
    # The converter imports the default operators twice, which a strict reader need not accept.
    domains = {one.domain: one.version for one in model.opset_import}
    del model.opset_import[:]
    model.opset_import.extend(onnx.helper.make_opsetid(domain, version) for domain, version in sorted(domains.items()))
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def check_export(model: bytes, values: np.ndarray, expected: np.ndarray) -> None:
    """Refuses an export that an independent evaluator does not read as the forest that was fitted."""
    outputs = ReferenceEvaluator(onnx.load_from_string(model)).run(["probabilities"], {"features": values})
    worst = float(np.abs(outputs[0][:, 1] - expected).max())
    if worst > TOLERANCE:
        raise SystemExit(f"the exported model differs from the forest by {worst}")


def golden_of(values: np.ndarray, probabilities: np.ndarray) -> dict:
    """Rows spread evenly over the order of their probability, the lowest and the highest included."""
    order = np.argsort(probabilities, kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, GOLDEN_ROWS).astype(int)]
    rows = [{"inputs": [float(value) for value in values[i]], "probability": float(probabilities[i])} for i in chosen]
    return {"schemaVersion": 1, "rows": rows}


def write_json(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path, metavar="ROWS_FOLDER")
    parser.add_argument("out", type=Path, metavar="MODEL_FOLDER")
    parser.add_argument("--model-id", required=True)
    wanted = parser.parse_args()

    dataset, trade_dates, values, labels = read_rows(wanted.rows)
    forest = fit(values, labels)
    probabilities = forest.predict_proba(values)[:, 1]
    threshold = threshold_of(forest)
    model = export(forest, values.shape[1], wanted.model_id)
    check_export(model, values, probabilities)

    wanted.out.mkdir(parents=True, exist_ok=True)
    (wanted.out / "model.onnx").write_bytes(model)
    write_json(wanted.out / "golden.json", golden_of(values, probabilities))
    manifest = {
        "schemaVersion": 1,
        "modelId": wanted.model_id,
        "sha256": hashlib.sha256(model).hexdigest(),
        "features": [{**feature, "nullPolicy": "veto"} for feature in dataset["features"]],
        "registryHash": dataset["registryHash"],
        "threshold": threshold,
        "spans": {
            "train": {"from": min(trade_dates), "to": max(trade_dates)},
            "generatorSeed": dataset["generatorSeed"],
        },
        "metrics": {
            "rows": len(labels),
            "positiveFraction": round(float(labels.mean()), 4),
            "outOfBagAccuracy": round(float(forest.oob_score_), 4),
            "vetoedFraction": round(float((probabilities < threshold).mean()), 4),
        },
        "libraries": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
            "skl2onnx": skl2onnx.__version__,
            "onnx": onnx.__version__,
        },
        "provenance": dataset["provenance"],
        "sample": True,
    }
    write_json(wanted.out / "manifest.json", manifest)
    print(json.dumps({"modelId": wanted.model_id, "threshold": threshold, **manifest["metrics"]}))


if __name__ == "__main__":
    main()
