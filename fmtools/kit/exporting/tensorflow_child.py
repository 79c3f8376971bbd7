"""A script for a Python that has TensorFlow; nothing of fmtools is imported, since it may not be there.

`tensorflow_child.py convert MODEL.onnx FOLDER` writes a SavedModel; `tensorflow_child.py serve FOLDER` answers JSON lines,
see kit/exporting/line_runner.py.
"""

import base64
import json
import os
import sys
from typing import Any


def convert(path: str, folder: str) -> None:
    """Write a SavedModel with named inputs."""
    import onnx2tf

    onnx2tf.convert(
        input_onnx_file_path=path,
        output_folder_path=folder,
        output_signaturedefs=True,
        not_use_onnxsim=True,
        non_verbose=True,
    )


def serve(folder: str) -> None:
    """Answer with the serving signature; outputs are output_0, output_1 ... in the order of the model's."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what TensorFlow prints
    import numpy as np
    import tensorflow as tf

    signature = tf.saved_model.load(folder).signatures["serving_default"]
    print(json.dumps({"ready": tf.__version__}), file=replies, flush=True)
    for line in sys.stdin:
        try:
            given = {
                name: tf.constant(np.frombuffer(base64.b64decode(v["data"]), v["type"]).reshape(v["dims"]))
                for name, v in json.loads(line).items()
            }
            found = {name: value.numpy() for name, value in signature(**given).items()}
            said: dict[str, Any] = {
                name: {
                    "type": str(v.dtype), "dims": list(v.shape),
                    "data": base64.b64encode(np.ascontiguousarray(v).tobytes()).decode(),
                }
                for name, v in found.items()
            }  # fmt: skip
        except Exception as error:
            said = {"error": str(error).splitlines()[0]}
        print(json.dumps(said), file=replies, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if sys.argv[1] == "convert":
        convert(*sys.argv[2:])
    else:
        serve(*sys.argv[2:])
